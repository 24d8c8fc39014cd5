import { writeInt64 } from '../../../formats/records/batch.ts';

const SLAB_BYTES = 16_384;
/** Small responses share a slab; what is handed out of it is never written again. */
let slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

/**
 * Writes the primitive types of Kafka's protocol; the reverse of Reader. What is written becomes a
 * list of buffers, in which bytes that were attached stand as they are, uncopied. One writer at a
 * time (without a buffer of its own): it is made, filled and finished within one turn.
 */
export class Writer {
  #parts: Buffer[] | undefined;
  /** Bytes of `#parts`. */
  #before = 0;
  #buffer: Buffer;
  #start: number;
  #at: number;

  /** @param own to write into at first; a shared one without it */
  constructor(own?: Buffer) {
    this.#buffer = own ?? slab;
    this.#start = own === undefined ? slabUsed : 0;
    this.#at = this.#start;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#before + this.#at - this.#start;
  }

  #room(count: number): number {
    const at = this.#at;
    if (at + count > this.#buffer.length) return this.#grow(count);
    this.#at = at + count;
    return at;
  }

  #grow(count: number): number {
    const written = this.#at - this.#start;
    const size = Math.max(SLAB_BYTES, (written + count) * 2);
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, this.#start, this.#at);
    this.#buffer = larger;
    this.#start = 0;
    this.#at = written + count;
    return written;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#room(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#room(8);
    if (Number.isSafeInteger(value)) writeInt64(this.#buffer, value, at);
    else this.#buffer.writeBigInt64BE(BigInt.asIntN(64, BigInt(Math.trunc(value))), at);
  }

  bigint64(value: bigint): void {
    const at = this.#room(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  float64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  uvarint(value: number): void {
    let left = value;
    while (left > 0x7f) {
      const at = this.#room(1);
      this.#buffer[at] = (left & 0x7f) | 0x80;
      left = Math.floor(left / 128);
    }
    const at = this.#room(1);
    this.#buffer[at] = left;
  }

  uuid(value: string): void {
    const at = this.#room(16);
    this.#buffer.write(value.replaceAll('-', ''), at, 16, 'hex');
  }

  string(value: string | null | undefined, compact: boolean): void {
    if (value === null || value === undefined) {
      if (compact) this.uvarint(0);
      else this.int16(-1);
      return;
    }
    const length = Buffer.byteLength(value);
    if (compact) this.uvarint(length + 1);
    else this.int16(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, length, 'utf8');
  }

  /** Copied. */
  bytes(value: Uint8Array | null | undefined, compact: boolean): void {
    this.bytesLength(value?.length ?? -1, compact);
    if (value !== null && value !== undefined) this.raw(value);
  }

  /** Copied, without a length. */
  raw(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
  }

  /** The length before bytes; -1 for null. */
  bytesLength(length: number, compact: boolean): void {
    if (compact) this.uvarint(length + 1);
    else this.int32(length);
  }

  /** How many elements follow; -1 for null. */
  count(count: number, compact: boolean): void {
    if (compact) this.uvarint(count + 1);
    else this.int32(count);
  }

  noTags(): void {
    this.uvarint(0);
  }

  /** Bytes that go out as they are, and must not change until they are sent. */
  attach(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#cut();
    this.#parts!.push(bytes);
    this.#before += bytes.length;
  }

  /** What follows stands in another buffer than what came before. */
  #cut(): void {
    this.#parts ??= [];
    if (this.#at > this.#start) {
      this.#parts.push(this.#buffer.subarray(this.#start, this.#at));
      this.#before += this.#at - this.#start;
    }
    this.#start = this.#at;
  }

  /** All parts; the writer is not used afterwards. */
  finish(): Buffer[] {
    this.#cut();
    if (this.#buffer === slab) slabUsed = this.#at;
    else if (this.#buffer.length === SLAB_BYTES && this.#at < slabUsed) {
      slab = this.#buffer;
      slabUsed = this.#at;
    }
    return this.#parts!;
  }
}

/** A frame: its size, in four bytes, then what `write` writes. */
export function frame(write: (writer: Writer) => void): Buffer[] {
  const writer = new Writer();
  writer.int32(0);
  write(writer);
  const size = writer.length - 4;
  const parts = writer.finish();
  parts[0]!.writeInt32BE(size, 0);
  return parts;
}
