import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { DEFAULT_MAX_DEPTH, parseJson } from '../../formats/json.ts';
import { Fault } from '../../model/fault.ts';
import type { Delivery, Message } from '../../model/message.ts';
import type { TraceContext } from '../../model/trace.ts';

/** Messages of the hub <-> the JSON form that JSON-RPC carries. */

const NAMES = new Set([
  'subject',
  'payload',
  'text',
  'base64',
  'contentType',
  'key',
  'headers',
  'id',
]);

/**
 * A message to publish from its JSON form.
 * @throws Fault INVALID_ARGUMENT with what is wrong.
 */
export function messageOf(
  value: unknown,
  source: string,
  trace: TraceContext | undefined,
): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong('', 'an object with subject and payload, text or base64', value);
  }
  const json = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(json)) {
    if (!NAMES.has(name))
      throw wrong(`/${name}`, `no such member; known: ${[...NAMES].join(', ')}`, name);
  }
  const subject = text(json, 'subject');
  if (subject === undefined || subject === '') throw wrong('/subject', 'a subject', json.subject);
  const [payload, contentType] = payloadOf(json);
  return {
    subject,
    key: text(json, 'key'),
    headers: headersOf(json.headers),
    payload,
    contentType: text(json, 'contentType') ?? contentType,
    timeMs: Date.now(),
    id: text(json, 'id') ?? randomUUID(),
    source,
    trace,
  };
}

function payloadOf(json: Readonly<Record<string, unknown>>): [Buffer, string | undefined] {
  const given = Number('payload' in json) + Number('text' in json) + Number('base64' in json);
  if (given !== 1) throw wrong('/payload', 'one of payload, text and base64', given);
  if ('payload' in json) return [Buffer.from(JSON.stringify(json.payload)), 'application/json'];
  const plain = text(json, 'text');
  if (plain !== undefined) return [Buffer.from(plain), 'text/plain; charset=utf-8'];
  const base64 = text(json, 'base64')!;
  const bytes = Buffer.from(base64, 'base64');
  // Buffer skips what is no base64; a message must not lose bytes silently.
  if (bytes.toString('base64') !== base64) {
    throw wrong('/base64', 'base64 with padding (RFC 4648 section 4)', base64);
  }
  return [bytes, 'application/octet-stream'];
}

function text(json: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = json[name];
  if (value !== undefined && typeof value !== 'string') throw wrong(`/${name}`, 'a string', value);
  return value;
}

function headersOf(value: unknown): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  const pairs = Array.isArray(value)
    ? value
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : undefined;
  for (const pair of pairs ?? [undefined]) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string' || typeof pair[1] !== 'string') {
      throw wrong('/headers', 'an object of strings, or pairs of a name and a value', value);
    }
  }
  return pairs as [string, string][];
}

function wrong(path: string, expected: string, received: unknown): Fault {
  const shown = (JSON.stringify(received) ?? 'nothing').slice(0, 80);
  return new Fault(
    'INVALID_ARGUMENT',
    `This message is not valid at ${path || 'its root'}: expected ${expected}.`,
    {
      violations: [{ path, expected, received: shown }],
    },
  );
}

const JSON_TYPE = /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i;
const TEXT_TYPE = /^text\/[^;]+(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

/** One message often goes to many subscribers: its text is made once. */
const texts = new WeakMap<Message, string>();

/** JSON text of a delivery, without a line break. */
export function deliveryText(delivery: Delivery): string {
  let rest = texts.get(delivery.message);
  if (rest === undefined) {
    rest = messageText(delivery.message);
    texts.set(delivery.message, rest);
  }
  return `{"position":${JSON.stringify(delivery.position)},${rest}}`;
}

function messageText(message: Message): string {
  const { subject, key, headers, contentType, timeMs, id, source, trace } = message;
  const members = JSON.stringify({
    subject,
    id,
    key,
    timeMs,
    source,
    contentType,
    headers: headers.length === 0 ? undefined : headers,
    traceparent: trace?.traceparent,
  });
  return `${members.slice(1, -1)},${payloadText(message.payload, contentType)}`;
}

/** A payload in the plainest form that loses nothing, as a member of a JSON object: `payload` (JSON),
 * `text` or `base64`. */
export function payloadText(payload: Uint8Array, contentType: string | undefined): string {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (contentType !== undefined && isUtf8(bytes)) {
    if (JSON_TYPE.test(contentType)) {
      const json = jsonText(bytes.toString('utf8'));
      if (json !== undefined) return `"payload":${json}`;
    } else if (TEXT_TYPE.test(contentType)) {
      return `"text":${JSON.stringify(bytes.toString('utf8'))}`;
    }
  }
  return `"base64":"${bytes.toString('base64')}"`;
}

/** Leaves room for the levels of the delivery around it below a receiver's default limit. */
const MAX_PAYLOAD_DEPTH = DEFAULT_MAX_DEPTH - 8;

/** The JSON as it came (numbers keep their digits), on one line; undefined for what is no JSON, or
 * JSON that a careful receiver would refuse together with the deliveries around it. */
function jsonText(source: string): string | undefined {
  try {
    const value = parseJson(source, MAX_PAYLOAD_DEPTH);
    return /[\r\n]/.test(source) ? JSON.stringify(value) : source;
  } catch {
    // Its sender named it JSON and it is none: it goes out as bytes.
    return undefined;
  }
}
