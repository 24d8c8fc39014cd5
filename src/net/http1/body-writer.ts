import type { HeaderList } from '../../hub/header-list.ts';
import type { BodyWriter } from '../../hub/transport.ts';
import type { Http1Exchange } from './exchange.ts';
import { headerLines } from './response-head.ts';

/** A response's body in pieces: chunks (RFC 9112 section 7.1), or until the connection's end. */
export class Http1BodyWriter implements BodyWriter {
  readonly #exchange: Http1Exchange;
  readonly #chunked: boolean;
  readonly #silent: boolean;
  #closed = false;
  #waiting: (() => void)[] = [];

  /** @param silent nothing is written: the response has no body, or nobody reads it */
  constructor(exchange: Http1Exchange, chunked: boolean, silent: boolean) {
    this.#exchange = exchange;
    this.#chunked = chunked;
    this.#silent = silent;
    this.#closed = exchange.finished;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#closed) return true;
    // A chunk of size 0 would end the body.
    if (chunk.length === 0 || this.#silent) return true;
    const isText = typeof chunk === 'string';
    const length = isText ? Buffer.byteLength(chunk) : chunk.length;
    if (!this.#chunked) return this.#exchange.write(chunk, length);
    const size = `${length.toString(16)}\r\n`;
    const byteCount = size.length + length + 2;
    if (isText) return this.#exchange.write(`${size}${chunk}\r\n`, byteCount);
    this.#exchange.write(size, byteCount);
    this.#exchange.write(chunk, 0);
    return this.#exchange.write('\r\n', 0);
  }

  drained(): Promise<void> {
    if (this.#closed || !this.#exchange.backlogged) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  end(trailers?: HeaderList): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#chunked && !this.#silent) {
      const text = `0\r\n${trailers === undefined ? '' : headerLines(trailers)}\r\n`;
      this.#exchange.write(text, text.length);
    }
    this.#exchange.finish();
    this.room();
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#exchange.cut();
    this.room();
  }

  /** The client left. */
  lost(): void {
    this.#closed = true;
    this.room();
  }

  /** There is room again. */
  room(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
