const SLAB_BYTES = 16_384;
/** Larger payloads get memory of their own. */
const MAX_SHARED_BYTES = 2_048;
/** Below this a loop is faster than a call. */
const LOOP_BYTES = 24;

/** Copies payloads out of the read buffer; small ones share memory, so that one costs little. */
export class Slab {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #at = 0;

  copy(bytes: Buffer, start: number, end: number): Uint8Array {
    const length = end - start;
    if (length > MAX_SHARED_BYTES) {
      const own = Buffer.allocUnsafeSlow(length);
      bytes.copy(own, 0, start, end);
      return own;
    }
    if (this.#at + length > SLAB_BYTES) {
      this.#bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += length;
    const slab = this.#bytes;
    if (length <= LOOP_BYTES) {
      for (let index = 0; index < length; index++) slab[at + index] = bytes[start + index]!;
    } else bytes.copy(slab, at, start, end);
    return new Uint8Array(slab.buffer, at, length);
  }
}
