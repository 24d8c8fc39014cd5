/**
 * Writes the wire format (https://protobuf.dev/programming-guides/encoding/) into slabs that are
 * never written again once a result is taken out of them: results are views, not copies.
 */

const SLAB_BYTES = 65_536;
/** A shorter text is written letter by letter: a native call costs more. */
const SHORT_TEXT = 40;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

export class Writer {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #start = 0;
  position = 0;

  /** Begins a result, with room for `headBytes` before what is written. */
  begin(headBytes: number): void {
    this.position = this.#start;
    this.#reserve(headBytes + 64);
    this.position += headBytes;
  }

  /** What was written since `begin`, head included. */
  finish(): Buffer {
    const result = this.#slab.subarray(this.#start, this.position);
    this.#start = this.position;
    return result;
  }

  #reserve(bytes: number): void {
    if (this.position + bytes <= this.#slab.length) return;
    const written = this.position - this.#start;
    // Twice as much, so that large messages are copied a few times at most.
    const room = Math.max(SLAB_BYTES, 2 * written + bytes);
    const slab = Buffer.allocUnsafeSlow(room);
    this.#slab.copy(slab, 0, this.#start, this.position);
    this.#slab = slab;
    this.#start = 0;
    this.position = written;
  }

  /** A tag, or another number below 2^32. */
  uint32(value: number): void {
    this.#reserve(5);
    this.#small(value);
  }

  #small(value: number): void {
    const slab = this.#slab;
    let rest = value >>> 0;
    let at = this.position;
    while (rest > 0x7f) {
      slab[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    slab[at++] = rest;
    this.position = at;
  }

  /** @throws RangeError for what is no whole number of 32 bits */
  int32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} does not fit into 32 bits`);
    if (value >= 0) this.uint32(value);
    else this.#signed64(BigInt(value));
  }

  /** @throws RangeError likewise */
  unsigned32(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} does not fit into 32 bits`);
    this.uint32(value);
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#slab[this.position++] = value ? 1 : 0;
  }

  /** int64 or uint64 from a number.
   * @throws RangeError for what is no whole number, or does not fit into 64 bits */
  integer(value: number, signed: boolean): void {
    if (value >= 0 && value <= 0xffffffff && Number.isInteger(value)) this.uint32(value);
    else this.#large(BigInt(value), signed);
  }

  /** int64 or uint64 from decimal digits. @throws RangeError likewise */
  integerText(value: string | number, signed: boolean): void {
    let large: bigint;
    try {
      large = BigInt(value);
    } catch {
      throw new RangeError(`${JSON.stringify(value).slice(0, 40)} is no whole number`);
    }
    this.#large(large, signed);
  }

  #large(value: bigint, signed: boolean): void {
    const fits = signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    if (fits !== value) throw new RangeError(`${value} does not fit into 64 bits`);
    this.#signed64(value);
  }

  #signed64(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#slab[this.position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#slab[this.position++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    scratch.setFloat64(0, value, true);
    const slab = this.#slab;
    const at = this.position;
    for (let index = 0; index < 8; index++) slab[at + index] = scratchBytes[index]!;
    this.position = at + 8;
  }

  string(value: string): void {
    const { length } = value;
    if (length < SHORT_TEXT) {
      this.#reserve(1 + 3 * SHORT_TEXT);
      const slab = this.#slab;
      const at = this.position + 1;
      let index = 0;
      for (; index < length; index++) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        slab[at + index] = code;
      }
      // A short text in UTF-8 has fewer than 128 bytes: its length takes one.
      const bytes = index === length ? length : slab.utf8Write(value, at);
      slab[this.position] = bytes;
      this.position = at + bytes;
      return;
    }
    const bytes = Buffer.byteLength(value);
    this.#reserve(bytes + 5);
    this.#small(bytes);
    this.position += this.#slab.utf8Write(value, this.position);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length + 5);
    this.#small(value.length);
    this.#slab.set(value, this.position);
    this.position += value.length;
  }

  /** Begins a message inside a message; `close` gets what it answers. */
  open(): number {
    this.#reserve(1);
    this.position++;
    // Relative: the slab may change meanwhile.
    return this.position - this.#start;
  }

  /** Ends it: its length goes before it, for which short messages have room already. */
  close(opened: number): void {
    const start = this.#start + opened;
    const length = this.position - start;
    if (length < 0x80) {
      this.#slab[start - 1] = length;
      return;
    }
    let lengthBytes = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) lengthBytes++;
    this.#reserve(lengthBytes);
    const from = this.#start + opened;
    this.#slab.copyWithin(from + lengthBytes - 1, from, from + length);
    this.position = from - 1;
    this.#small(length);
    this.position += length;
  }
}

declare global {
  interface Buffer {
    /** Like `write(text, at, 'utf8')`, without finding out which encoding is meant. */
    utf8Write(text: string, at: number): number;
  }
}
