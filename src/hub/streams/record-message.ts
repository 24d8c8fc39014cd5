import type { Message } from '../../model/message.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import type { StreamRecord } from '../engine.ts';
import type { RecordHeaders } from './record-headers.ts';
import { bytesOf, keyBytesOf, keyTextOf, textOf, utf8 } from './record-text.ts';

/**
 * Messages of the hub <-> records of a stream (CloudEvents 1.0.2, Kafka protocol binding, binary
 * mode). A record that the hub made has the message's own headers first, and then the hub's:
 *
 *     ce_source        urn:polywire:<source>; polywire-source where the publisher gave a ce-source
 *     content-type     where there is one
 *     ce_specversion   1.0; unless the publisher gave it
 *     ce_id
 *     ce_type          the subject; unless the publisher gave it
 *     ce_subject
 *     ce_traceparent   where there is one, and ce_tracestate
 *
 * Names that begin with `ce-` in a message begin with `ce_` in a record, and the reverse. A record
 * of another maker keeps all its headers, but for those that a message has a place for
 * (content-type, ce_id, ce_subject where the stream captures it, a valid traceparent). A record
 * without a value is a message without payload that has the header `polywire-tombstone: true`.
 */

type Header = readonly [name: string, value: Uint8Array | null];

const SOURCE = 'ce_source';
const SOURCE_URN = 'urn:polywire:';
/** Where `ce_source` is the publisher's. */
const OWN_SOURCE = 'polywire-source';
const CONTENT_TYPE = 'content-type';
const SPEC_VERSION = 'ce_specversion';
const ID = 'ce_id';
const TYPE = 'ce_type';
const SUBJECT = 'ce_subject';
const TRACE_PARENT = 'ce_traceparent';
const TRACE_STATE = 'ce_tracestate';

/** Header of a message that stands for a record without a value; its value is `true`. */
export const TOMBSTONE = 'polywire-tombstone';

const VERSION_1 = Buffer.from('1.0');

/** The record of a message. `key` is the message's, or what its subject says.
 * @throws Fault INVALID_ARGUMENT for text that is no Unicode */
export function recordOf(message: Message, key: string | undefined): StreamRecord {
  const headers: Header[] = [];
  let value: Uint8Array | null = message.payload;
  let source = false;
  let version = false;
  let type = false;
  for (const [name, text] of message.headers) {
    if (name === TOMBSTONE && text === 'true' && value?.byteLength === 0) {
      value = null;
      continue;
    }
    const recordName = swapped(name);
    if (recordName === SOURCE) source = true;
    else if (recordName === SPEC_VERSION) version = true;
    else if (recordName === TYPE) type = true;
    headers.push([wellFormed(recordName), bytesOf(text)]);
  }
  const subject = repeated(message.subject);
  if (source) headers.push([OWN_SOURCE, repeated(message.source)]);
  else headers.push([SOURCE, repeated(SOURCE_URN + message.source)]);
  if (message.contentType !== undefined) {
    headers.push([CONTENT_TYPE, repeated(message.contentType)]);
  }
  if (!version) headers.push([SPEC_VERSION, VERSION_1]);
  headers.push([ID, utf8(message.id)]);
  if (!type) headers.push([TYPE, subject]);
  headers.push([SUBJECT, subject]);
  if (message.trace !== undefined) {
    headers.push([TRACE_PARENT, utf8(message.trace.traceparent)]);
    const { tracestate } = message.trace;
    if (tracestate !== undefined) headers.push([TRACE_STATE, utf8(tracestate)]);
  }
  const timeMs = Number.isFinite(message.timeMs) ? Math.trunc(message.timeMs) : Date.now();
  return { key: key === undefined ? null : keyBytesOf(key), value, headers, timeMs };
}

/** Texts that come with nearly every message. */
const known = new Map<string, Buffer>();
const KNOWN = 1024;
const LONGEST_KNOWN = 128;

/** UTF-8 of a text that comes again and again. Do not change the bytes. */
function repeated(text: string): Buffer {
  const there = known.get(text);
  if (there !== undefined) return there;
  const bytes = utf8(text);
  if (known.size >= KNOWN) known.clear();
  if (text.length <= LONGEST_KNOWN) known.set(text, bytes);
  return bytes;
}

/** A record as it is stored. */
export interface StoredRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  readonly timeMs: number;
}

export interface RecordPlace {
  readonly subject: string;
  /** Whether the subject is that of the record's own header. */
  readonly named: boolean;
  /** Source of a record that the hub did not make. */
  readonly source: string;
  /** Id of a record that has none. */
  readonly id: string;
}

/** The subject that a record names itself; undefined for none. Whether the stream captures it is
 * for the caller to see. */
export function namedSubject(headers: RecordHeaders): string | undefined {
  const index = headers.lastOf(NAME.subject);
  return index < 0 ? undefined : headers.text(index);
}

/** The message of a record. */
export function messageOf(record: StoredRecord, place: RecordPlace): Message {
  const own = place.named ? ownPart(record.headers) : undefined;
  const parts = own ?? foreignPart(record.headers, place);
  return {
    subject: place.subject,
    key: record.key === null ? undefined : keyTextOf(record.key),
    headers: record.value === null ? [[TOMBSTONE, 'true'], ...parts.headers] : parts.headers,
    payload: record.value ?? NOTHING,
    contentType: parts.contentType,
    timeMs: record.timeMs,
    id: parts.id,
    source: parts.source,
    trace: parts.trace,
  };
}

const NOTHING = new Uint8Array(0);

type MessageHeader = readonly [name: string, value: string];

interface Parts {
  /** Those of the message itself. */
  readonly headers: readonly MessageHeader[];
  readonly source: string;
  readonly contentType: string | undefined;
  readonly id: string;
  readonly trace: TraceContext | undefined;
}

const NAME = {
  source: Buffer.from(SOURCE),
  ownSource: Buffer.from(OWN_SOURCE),
  contentType: Buffer.from(CONTENT_TYPE),
  specVersion: Buffer.from(SPEC_VERSION),
  id: Buffer.from(ID),
  type: Buffer.from(TYPE),
  subject: Buffer.from(SUBJECT),
  traceParent: Buffer.from(TRACE_PARENT),
  traceState: Buffer.from(TRACE_STATE),
} as const;
const URN = Buffer.from(SOURCE_URN);
const NO_HEADERS: readonly MessageHeader[] = Object.freeze([]);

/** Takes the hub's headers off the end; undefined where they are not exactly there. */
function ownPart(headers: RecordHeaders): Parts | undefined {
  const start = lastMark(headers);
  if (start < 0) return undefined;
  const { count } = headers;
  let at = start + 1;
  const has = (name: Buffer): boolean => at < count && headers.is(at, name) && headers.hasValue(at);
  const contentType = has(NAME.contentType) ? headers.text(at++) : undefined;
  if (has(NAME.specVersion)) at++;
  const id = has(NAME.id) ? headers.text(at++) : undefined;
  if (has(NAME.type)) at++;
  if (!has(NAME.subject)) return undefined;
  at++;
  const traceparent = has(NAME.traceParent) ? headers.text(at++) : undefined;
  const state = traceparent !== undefined && has(NAME.traceState);
  const tracestate = state ? headers.text(at++) : undefined;
  const urn = headers.is(start, NAME.source);
  const source = headers.text(start, urn ? URN.length : 0);
  if (id === undefined || source === undefined || at !== count) return undefined;
  return {
    headers: start === 0 ? NO_HEADERS : kept(headers, start, undefined),
    source,
    contentType,
    id,
    trace: traceparent === undefined ? undefined : { traceparent, tracestate },
  };
}

/** Where the hub's own headers begin. */
function lastMark(headers: RecordHeaders): number {
  for (let index = headers.count - 1; index >= 0; index--) {
    const own = headers.is(index, NAME.ownSource) && headers.hasValue(index);
    if (own || (headers.is(index, NAME.source) && headers.startsWith(index, URN))) return index;
  }
  return -1;
}

/** The first headers as a message has them, but for those that are taken out. */
function kept(
  headers: RecordHeaders,
  count: number,
  out: ReadonlySet<number> | undefined,
): MessageHeader[] {
  const made: MessageHeader[] = [];
  for (let index = 0; index < count; index++) {
    if (out?.has(index)) continue;
    made.push([swapped(headers.name(index)), textOf(headers.value(index))]);
  }
  return made;
}

/** What a record of another maker says: each of the known headers once, all others kept. */
function foreignPart(headers: RecordHeaders, place: RecordPlace): Parts {
  const out = new Set<number>();
  const take = (name: Buffer): string | undefined => {
    for (let index = 0; index < headers.count; index++) {
      if (!headers.is(index, name)) continue;
      const text = headers.text(index);
      if (text === undefined) continue;
      out.add(index);
      return text;
    }
    return undefined;
  };
  const contentType = take(NAME.contentType);
  const id = take(NAME.id) ?? place.id;
  if (place.named) out.add(headers.lastOf(NAME.subject));
  const before = new Set(out);
  const trace = traceContext(take(NAME.traceParent), take(NAME.traceState));
  return {
    // A trace that is not what the standard asks for stays a header like any other.
    headers: kept(headers, headers.count, trace === undefined ? before : out),
    source: place.source,
    contentType,
    id,
    trace,
  };
}

/** CloudEvents attributes are `ce-id` in the hub's messages and `ce_id` in records. */
function swapped(name: string): string {
  if (name.startsWith('ce-')) return `ce_${name.slice(3)}`;
  return name.startsWith('ce_') ? `ce-${name.slice(3)}` : name;
}

function wellFormed(name: string): string {
  utf8(name);
  return name;
}
