import { isUtf8 } from 'node:buffer';
import { DEFAULT_MAX_DEPTH, parseJson } from '../../formats/json.ts';
import type { RecordHeader, RecordReader } from '../../formats/records/record-reader.ts';
import { payloadText } from '../../wire/jsonrpc/message-json.ts';

/** Bytes that are no UTF-8. */
export interface Base64 {
  readonly base64: string;
}

/** A record as operators see it: as it is stored. */
export interface RecordJson {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970-01-01T00:00Z; -1 where its maker gave none. */
  readonly timeMs: number;
  readonly key: string | Base64 | null;
  readonly headers: readonly (readonly [name: string, value: string | Base64 | null])[];
  /** The value: exactly one of these. */
  readonly payload?: unknown;
  readonly text?: string;
  readonly base64?: string;
  /** There is no value: in a compacted stream the key is deleted. */
  readonly tombstone?: true;
  /** The bytes of the batch from here on are no records, and why. */
  readonly damage?: string;
}

/** What stands in place of records that are none. */
export function damageText(partition: number, offset: number, damage: string): string {
  return JSON.stringify({ partition, offset, timeMs: -1, key: null, headers: [], damage });
}

/** The reader's current record as JSON text. */
export function recordText(partition: number, reader: RecordReader): string {
  const { offset, timeMs, key, value } = reader;
  const headers = reader.headers();
  const head = JSON.stringify({
    partition,
    offset,
    timeMs,
    key: key === null ? null : textOrBytes(key),
    headers: headers.map(([name, bytes]) => [name, bytes === null ? null : textOrBytes(bytes)]),
  });
  const rest = value === null ? '"tombstone":true' : payloadText(value, typeOf(headers, value));
  return `${head.slice(0, -1)},${rest}}`;
}

function textOrBytes(bytes: Buffer): string | Base64 {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

/** The media type: what the record says, else what its value looks like. */
function typeOf(headers: readonly RecordHeader[], value: Buffer): string {
  const stated = headers.findLast(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (stated) return stated.toString('utf8');
  return looksLikeJson(value) ? 'application/json' : 'text/plain';
}

function looksLikeJson(value: Buffer): boolean {
  if (value.length === 0 || !isUtf8(value)) return false;
  try {
    parseJson(value.toString('utf8'), DEFAULT_MAX_DEPTH);
    return true;
  } catch {
    return false;
  }
}
