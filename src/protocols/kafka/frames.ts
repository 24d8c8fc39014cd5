import { WireError } from './wire/wire-error.ts';

const SIZE_BYTES = 4;
/** A frame up to this size gets its memory when its size is known, a larger one as it arrives. */
export const AT_ONCE_BYTES = 1_100_000;
const GROWTH = 4;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into Kafka's frames, wherever reads split them:
 *
 *     frame => size body        size: int32, bytes of the body
 *
 * Each body is a buffer of its own that its receiver may keep.
 */
export class FrameReader {
  /** The largest body that is taken. */
  maxBytes: number;
  readonly #sizeBytes = Buffer.alloc(SIZE_BYTES);
  #sizeFilled = 0;
  /** Of the frame under way; -1 before its size is known. */
  #size = -1;
  #body: Buffer = EMPTY;
  #filled = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes that the frame under way holds. */
  get bytes(): number {
    return this.#body.length;
  }

  /** Whether a frame has begun and not ended. */
  get midFrame(): boolean {
    return this.#size >= 0 || this.#sizeFilled > 0;
  }

  /** `take` gets each body that is whole now. @throws WireError for a size that is not allowed */
  push(bytes: Buffer, take: (body: Buffer) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#size < 0) {
        at = this.#readSize(bytes, at);
        if (this.#size < 0) return;
      }
      at = this.#fill(bytes, at);
      if (this.#filled === this.#size) {
        const body = this.#body;
        this.#size = -1;
        this.#body = EMPTY;
        take(body);
      }
    }
  }

  #readSize(bytes: Buffer, start: number): number {
    let at = start;
    while (this.#sizeFilled < SIZE_BYTES && at < bytes.length) {
      this.#sizeBytes[this.#sizeFilled++] = bytes[at++]!;
    }
    if (this.#sizeFilled < SIZE_BYTES) return at;
    const size = this.#sizeBytes.readInt32BE(0);
    if (size < 0 || size > this.maxBytes) {
      throw new WireError(
        `a request says that it has ${size} bytes; at most ${this.maxBytes} are taken (protocols.kafka.maxRequestBytes)`,
      );
    }
    this.#sizeFilled = 0;
    this.#size = size;
    this.#filled = 0;
    this.#body = Buffer.allocUnsafe(Math.min(size, AT_ONCE_BYTES));
    return at;
  }

  #fill(bytes: Buffer, start: number): number {
    const count = Math.min(bytes.length - start, this.#size - this.#filled);
    const needed = this.#filled + count;
    if (needed > this.#body.length) {
      const capacity = Math.min(this.#size, Math.max(needed, this.#body.length * GROWTH));
      const larger = Buffer.allocUnsafe(capacity);
      this.#body.copy(larger, 0, 0, this.#filled);
      this.#body = larger;
    }
    bytes.copy(this.#body, this.#filled, start, start + count);
    this.#filled = needed;
    return start + count;
  }
}
