import type { Message } from '../../model/message.ts';
import { type TraceContext, traceContext } from '../../model/trace.ts';
import type { StreamRecord } from '../engine.ts';
import { bytesOf, keyBytesOf, keyTextOf, plainText, textOf, utf8 } from './record-text.ts';

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
export const SUBJECT = 'ce_subject';
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
export interface StoredRecord extends StreamRecord {
  readonly headers: readonly Header[];
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
export function namedSubject(headers: readonly Header[]): string | undefined {
  for (let index = headers.length - 1; index >= 0; index--) {
    const [name, value] = headers[index]!;
    if (name === SUBJECT) return value === null ? undefined : plainText(value);
  }
  return undefined;
}

/** The message of a record. */
export function messageOf(record: StoredRecord, place: RecordPlace): Message {
  const own = place.named ? ownPart(record.headers) : undefined;
  const parts = own ?? foreignPart(record.headers, place);
  const headers: [string, string][] = record.value === null ? [[TOMBSTONE, 'true']] : [];
  for (const [name, value] of parts.headers) headers.push([swapped(name), textOf(value)]);
  return {
    subject: place.subject,
    key: record.key === null ? undefined : keyTextOf(record.key),
    headers,
    payload: record.value ?? NOTHING,
    contentType: parts.contentType,
    timeMs: record.timeMs,
    id: parts.id,
    source: parts.source,
    trace: parts.trace,
  };
}

const NOTHING = new Uint8Array(0);

interface Parts {
  /** Those of the message itself. */
  readonly headers: readonly Header[];
  readonly source: string;
  readonly contentType: string | undefined;
  readonly id: string;
  readonly trace: TraceContext | undefined;
}

/** Takes the hub's headers off the end; undefined where they are not exactly there. */
function ownPart(headers: readonly Header[]): Parts | undefined {
  const start = lastMark(headers);
  if (start < 0) return undefined;
  let at = start + 1;
  const take = (name: string): string | undefined => {
    const header = headers[at];
    if (header === undefined || header[0] !== name || header[1] === null) return undefined;
    at++;
    return plainText(header[1]);
  };
  const contentType = take(CONTENT_TYPE);
  take(SPEC_VERSION);
  const id = take(ID);
  take(TYPE);
  const subject = take(SUBJECT);
  const traceparent = take(TRACE_PARENT);
  const tracestate = traceparent === undefined ? undefined : take(TRACE_STATE);
  if (id === undefined || subject === undefined || at !== headers.length) return undefined;
  const mark = plainText(headers[start]![1]!)!;
  return {
    headers: headers.slice(0, start),
    source: headers[start]![0] === SOURCE ? mark.slice(SOURCE_URN.length) : mark,
    contentType,
    id,
    trace: traceparent === undefined ? undefined : { traceparent, tracestate },
  };
}

/** Where the hub's own headers begin. */
function lastMark(headers: readonly Header[]): number {
  for (let index = headers.length - 1; index >= 0; index--) {
    const [name, value] = headers[index]!;
    if (value === null || (name !== SOURCE && name !== OWN_SOURCE)) continue;
    const text = plainText(value);
    if (text === undefined) return -1;
    if (name === OWN_SOURCE || text.startsWith(SOURCE_URN)) return index;
  }
  return -1;
}

/** What a record of another maker says: each of the known headers once, all others kept. */
function foreignPart(headers: readonly Header[], place: RecordPlace): Parts {
  const kept: Header[] = [];
  const known = new Map<string, string>();
  for (const header of headers) {
    const [name, value] = header;
    const text = FOREIGN.has(name) && value !== null ? plainText(value) : undefined;
    const wanted = text !== undefined && !known.has(name);
    if (wanted && (name !== SUBJECT || (place.named && text === place.subject))) {
      known.set(name, text);
    } else kept.push(header);
  }
  const trace = traceContext(known.get(TRACE_PARENT), known.get(TRACE_STATE));
  if (trace === undefined) {
    // Not what the standard asks for: it stays a header like any other.
    for (const name of [TRACE_PARENT, TRACE_STATE]) {
      const text = known.get(name);
      if (text !== undefined) kept.push([name, Buffer.from(text)]);
    }
  }
  return {
    headers: kept,
    source: place.source,
    contentType: known.get(CONTENT_TYPE),
    id: known.get(ID) ?? place.id,
    trace,
  };
}

const FOREIGN: ReadonlySet<string> = new Set([
  CONTENT_TYPE,
  ID,
  SUBJECT,
  TRACE_PARENT,
  TRACE_STATE,
]);

/** CloudEvents attributes are `ce-id` in the hub's messages and `ce_id` in records. */
function swapped(name: string): string {
  if (name.startsWith('ce-')) return `ce_${name.slice(3)}`;
  return name.startsWith('ce_') ? `ce-${name.slice(3)}` : name;
}

function wellFormed(name: string): string {
  utf8(name);
  return name;
}
