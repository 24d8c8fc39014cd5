import type { HeaderList } from '../../hub/header-list.ts';
import type { BodyWriter } from '../../hub/transport.ts';
import { ErrorCode } from './errors.ts';
import type { Stream } from './stream.ts';

/** A response body in pieces. */
export class ResponseWriter implements BodyWriter {
  readonly #stream: Stream;
  /** Past it the handler has to wait. */
  readonly #maxQueuedBytes: number;
  /** HEAD, 204, 304: the head was all. */
  readonly #bodiless: boolean;
  #ended: boolean;
  #waiting: (() => void)[] | undefined;

  constructor(stream: Stream, maxQueuedBytes: number, bodiless: boolean) {
    this.#stream = stream;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#bodiless = bodiless;
    this.#ended = false;
    this.#waiting = undefined;
  }

  get closed(): boolean {
    return this.#ended || this.#stream.gone;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.closed || this.#bodiless || chunk.length === 0) return true;
    const stream = this.#stream;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    stream.meter.bytesOut += bytes.length;
    stream.owner.sender.data(stream, bytes, false);
    stream.owner.touched();
    return !this.#full();
  }

  drained(): Promise<void> {
    if (this.closed || !this.#full()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  end(trailers?: HeaderList): void {
    if (this.closed) return;
    this.#ended = true;
    if (this.#bodiless) return;
    this.#stream.owner.sender.end(this.#stream, trailers);
    this.#stream.owner.touched();
  }

  abort(): void {
    if (this.closed) return;
    this.#ended = true;
    if (!this.#bodiless) this.#stream.owner.abandon(this.#stream, ErrorCode.INTERNAL_ERROR);
  }

  /** Lets the handler go on when there is room, or nobody to write for. */
  wake(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (!this.closed && this.#full())) return;
    this.#waiting = undefined;
    for (const resolve of waiting) resolve();
  }

  #full(): boolean {
    return (this.#stream.queue?.bytes ?? 0) >= this.#maxQueuedBytes;
  }
}
