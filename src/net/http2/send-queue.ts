import type { HeaderList } from '../../hub/header-list.ts';

/** What of a response's body is not sent yet: its windows or the socket are full. */
export class SendQueue {
  #chunks: Uint8Array[] = [];
  #head = 0;
  /** Bytes of the first chunk that are sent. */
  #offset = 0;
  bytes = 0;
  /** The body ends behind what is queued. */
  ended = false;
  trailers: HeaderList | undefined;
  /** Stands in the sender's line of streams that can send. */
  inLine = false;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** Takes at most `most` bytes from the front, as one piece: small chunks are put together. */
  take(most: number): Uint8Array {
    const first = this.#chunks[this.#head]!;
    const available = first.length - this.#offset;
    if (available >= most || available === this.bytes) {
      const piece = first.subarray(this.#offset, this.#offset + Math.min(available, most));
      this.#advance(piece.length);
      return piece;
    }
    const piece = new Uint8Array(Math.min(most, this.bytes));
    let filled = 0;
    while (filled < piece.length) {
      const chunk = this.#chunks[this.#head]!;
      const end = Math.min(chunk.length, this.#offset + piece.length - filled);
      piece.set(chunk.subarray(this.#offset, end), filled);
      filled += end - this.#offset;
      this.#advance(end - this.#offset);
    }
    return piece;
  }

  #advance(bytes: number): void {
    this.bytes -= bytes;
    this.#offset += bytes;
    if (this.#offset < this.#chunks[this.#head]!.length) return;
    this.#chunks[this.#head] = EMPTY;
    this.#offset = 0;
    this.#head++;
    if (this.#head === this.#chunks.length || this.#head > 256) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}

const EMPTY = new Uint8Array(0);
