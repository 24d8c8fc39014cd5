import { readInt64 } from '../../../formats/records/batch.ts';
import { WireError } from './wire-error.ts';

/** Array elements that one request may have in all: what they become takes far more memory than
 * their bytes. */
const MAX_ELEMENTS = 250_000;

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Reads the primitive types of Kafka's protocol (https://kafka.apache.org/protocol, "Protocol
 * Primitive Types") from one request. Every length is checked against what is there before anything
 * is made of it. Bytes come as views, not copies.
 *
 *     STRING           int16 length, UTF-8          -1 is null
 *     BYTES            int32 length, bytes          -1 is null
 *     ARRAY            int32 count, elements        -1 is null
 *     COMPACT_*        uvarint length + 1           0 is null
 *     TAGGED_FIELDS    uvarint count, then each: uvarint tag, uvarint size, bytes
 *
 * @throws WireError from every method, where bytes are missing or wrong
 */
export class Reader {
  readonly buffer: Buffer;
  at: number;
  end: number;
  #elements = 0;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Moves on by `count` bytes; answers where they begin. */
  take(count: number): number {
    const at = this.at;
    if (count > this.end - at) {
      throw new WireError(`${count} bytes were expected at byte ${at}, ${this.end - at} are there`);
    }
    this.at = at + count;
    return at;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  /** Exact up to 2^53. */
  int64(): number {
    return readInt64(this.buffer, this.take(8));
  }

  bigint64(): bigint {
    return this.buffer.readBigInt64BE(this.take(8));
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)]!;
      // The fifth byte has four bits left.
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new WireError(`the varint before byte ${this.at} is longer than 32 bits`);
  }

  uuid(): string {
    const at = this.take(16);
    const hex = this.buffer.toString('hex', at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Undefined for null. */
  string(compact: boolean): string | undefined {
    const length = compact ? this.uvarint() - 1 : this.int16();
    if (length < 0) return nullOnly(length, 'string');
    const at = this.take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /** A view; undefined for null. */
  bytes(compact: boolean): Buffer | undefined {
    const length = compact ? this.uvarint() - 1 : this.int32();
    if (length < 0) return nullOnly(length, 'bytes');
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** How many elements follow; undefined for null.
   * @param elementBytes the fewest bytes that one element takes */
  count(compact: boolean, elementBytes: number): number | undefined {
    const count = compact ? this.uvarint() - 1 : this.int32();
    if (count < 0) return nullOnly(count, 'array');
    if (count * elementBytes > this.end - this.at) {
      throw new WireError(`an array of ${count} elements does not fit into the request`);
    }
    this.#elements += count;
    if (this.#elements > MAX_ELEMENTS) {
      throw new WireError(`a request may have at most ${MAX_ELEMENTS} array elements`);
    }
    return count;
  }

  /** Passes over tagged fields that nobody here knows. */
  skipTags(): void {
    this.tags(() => false);
  }

  /** `take` reads the field of that tag, or answers false for one it does not know. */
  tags(take: (tag: number) => boolean): void {
    let previous = -1;
    for (let left = this.uvarint(); left > 0; left--) {
      const tag = this.uvarint();
      if (tag <= previous) throw new WireError(`tagged field ${tag} is out of order`);
      previous = tag;
      const size = this.uvarint();
      const start = this.take(size);
      const fieldEnd = this.at;
      const outerEnd = this.end;
      this.at = start;
      this.end = fieldEnd;
      if (!take(tag)) this.at = fieldEnd;
      this.end = outerEnd;
      if (this.at !== fieldEnd) {
        throw new WireError(`tagged field ${tag} is shorter than its size says`);
      }
    }
  }
}

function nullOnly(length: number, what: string): undefined {
  if (length !== -1) throw new WireError(`the length of a ${what} is ${length}`);
  return undefined;
}
