import type { Writable } from 'node:stream';

/** Mixed batches up to this size are copied into one buffer: cheaper than a gathered write. */
const COPY_BYTES = 65_536;

/**
 * What is written to a connection in one turn. Text is joined as text (the engine joins lazily)
 * and encoded once, by the socket.
 */
export class OutBatch {
  /** Bytes; for text its UTF-16 length, which is at most a third of the truth. */
  byteLength = 0;
  #text = '';
  #chunks: (string | Uint8Array)[] = [];

  add(chunk: string | Uint8Array): void {
    this.byteLength += chunk.length;
    if (typeof chunk === 'string') {
      this.#text += chunk;
      return;
    }
    if (chunk.length === 0) return;
    if (this.#text !== '') {
      this.#chunks.push(this.#text);
      this.#text = '';
    }
    this.#chunks.push(chunk);
  }

  /** Hands everything to `writable`, as one write. */
  send(writable: Writable, written: (() => void) | undefined): void {
    const text = this.#text;
    const chunks = this.#chunks;
    const length = this.byteLength;
    this.#text = '';
    this.byteLength = 0;
    if (chunks.length === 0) {
      writable.write(text, 'utf8', written);
      return;
    }
    this.#chunks = [];
    if (text !== '') chunks.push(text);
    if (chunks.length === 1) writable.write(chunks[0], written);
    else if (length <= COPY_BYTES) writable.write(joined(chunks), written);
    else {
      writable.cork();
      const last = chunks.length - 1;
      for (let index = 0; index < last; index++) writable.write(chunks[index]);
      writable.write(chunks[last], written);
      writable.uncork();
    }
  }
}

function joined(chunks: readonly (string | Uint8Array)[]): Buffer {
  let length = 0;
  for (const chunk of chunks) {
    length += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
  }
  const bytes = Buffer.allocUnsafe(length);
  let position = 0;
  for (const chunk of chunks) {
    if (typeof chunk === 'string') position += bytes.write(chunk, position, 'utf8');
    else {
      bytes.set(chunk, position);
      position += chunk.length;
    }
  }
  return bytes;
}
