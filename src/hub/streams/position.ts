import type { Stream } from '../engine.ts';

/**
 * The part of a position that says where it is in streams, as unpadded base64url (RFC 4648,
 * section 5) of
 *
 *     version          1 byte, 1
 *     complete         1 byte: 0 where partitions had to be left out
 *     newest           varint, the largest stream number there was
 *     partitions       for each
 *       stream         varint: 0 for that of the partition before, else the stream's number + 1
 *       tag            2 bytes, of the stream's id; only where the stream is another
 *       index          varint
 *       epoch          varint
 *       next           varint, the first offset that has not been delivered
 *
 * A varint is little-endian groups of seven bits (LEB128).
 */
const VERSION = 1;
/** Positions travel in HTTP headers, of which servers and proxies take 16 KiB at least. */
const MAX_BYTES = 8 * 1024;
/** Of an entry: two numbers of up to 53 bits, a stream with its tag, an index. */
const MAX_ENTRY_BYTES = 8 + 2 + 5 + 5 + 8;
const MAX_TEXT = 16 * 1024;

/** A partition as positions name it. */
export interface PlacedPartition {
  readonly stream: { readonly number: number; readonly tag: number };
  readonly index: number;
  readonly epoch: number;
}

/** Whoever has a place in a partition. */
export interface Placed {
  readonly feed: PlacedPartition;
}

const target = Buffer.alloc(MAX_BYTES + MAX_ENTRY_BYTES);

/**
 * @param newest the largest stream number there is
 * @param nexts the first offset of each partition that has not been delivered; undefined for one
 *   that is over
 */
export function encodePlaces(
  newest: number,
  placed: readonly Placed[],
  nexts: readonly (number | undefined)[],
): string {
  target[0] = VERSION;
  target[1] = 1;
  const start = varint(2, newest);
  let end = write(start, placed, nexts, 0);
  if (end > MAX_BYTES) {
    target[1] = 0;
    // Those that had something come before those that are empty.
    end = write(start, placed, nexts, 1);
  }
  return target.toString('base64url', 0, end);
}

/** Writes partitions with at least this `next`, as many as there is room for. */
function write(
  start: number,
  placed: readonly Placed[],
  nexts: readonly (number | undefined)[],
  least: number,
): number {
  let at = start;
  let stream: PlacedPartition['stream'] | undefined;
  for (let index = 0; index < nexts.length && at <= MAX_BYTES; index++) {
    const next = nexts[index];
    if (next === undefined || next < least) continue;
    const partition = placed[index]!.feed;
    if (partition.stream === stream) target[at++] = 0;
    else {
      stream = partition.stream;
      at = varint(at, stream.number + 1);
      at = target.writeUInt16BE(stream.tag, at);
    }
    at = varint(at, partition.index);
    at = varint(at, partition.epoch);
    at = varint(at, next);
  }
  return at;
}

function varint(at: number, value: number): number {
  let left = value;
  let place = at;
  while (left > 0x7f) {
    target[place++] = (left % 128) | 0x80;
    left = Math.floor(left / 128);
  }
  target[place++] = left;
  return place;
}

export interface Places {
  readonly newest: number;
  readonly complete: boolean;
  /** By stream number. */
  readonly streams: ReadonlyMap<number, PlacesInStream>;
}

export interface PlacesInStream {
  readonly tag: number;
  /** By index. */
  readonly partitions: Map<number, { readonly epoch: number; readonly next: number }>;
}

/** Undefined for text that `encodePlaces` does not make. */
export function decodePlaces(text: string): Places | undefined {
  if (text.length > MAX_TEXT || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  let at = 2;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; factor < Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    throw new RangeError('no number');
  };
  try {
    if (bytes[0] !== VERSION || bytes[1]! > 1) return undefined;
    const newest = number();
    const streams = new Map<number, PlacesInStream>();
    let stream: PlacesInStream | undefined;
    while (at < bytes.length) {
      const name = number();
      if (name > 0) {
        const tag = bytes.readUInt16BE(at);
        at += 2;
        stream = streams.get(name - 1) ?? { tag, partitions: new Map() };
        streams.set(name - 1, stream);
      }
      const index = number();
      const epoch = number();
      stream!.partitions.set(index, { epoch, next: number() });
    }
    return { newest, complete: bytes[1] === 1, streams };
  } catch {
    return undefined;
  }
}

/** 16 bits of a stream's id (FNV-1a, folded): another stream of the same number is found out. */
export function tagOf({ id }: Stream): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 16) ^ hash) & 0xffff;
}
