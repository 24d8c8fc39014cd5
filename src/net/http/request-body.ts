import type { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Metadata } from '../../model/metadata.ts';
import { HttpFault } from '../../wire/problem.ts';

/** What a body tells the HTTP server that fills it. */
export interface BodyFlow {
  /** Somebody waits for the body for the first time (a client may wait for 100 Continue). */
  bodyWanted(): void;
  /** `byteCount` bytes were handed to the reader, or thrown away: there is room for more. */
  bodyTaken(byteCount: number): void;
}

export function bodyTooLarge(maxBytes: number): HttpFault {
  return new HttpFault(
    413,
    'RESOURCE_EXHAUSTED',
    `The request's body is larger than ${maxBytes} bytes, the most that is accepted here.`,
  );
}

/** Pieces smaller than this are gathered: many small ones would cost many times their bytes. */
const SMALL_BYTES = 1_024;
const GATHERED_BYTES = 4_096;

const UNREAD = 0;
const WHOLE = 1;
const STREAM = 2;
const DISCARDED = 3;

interface Waiting<T> {
  resolve(value: T): void;
  reject(fault: Fault): void;
}

/** A request's body that arrives in pieces, read either as a whole or as a stream. */
export class RequestBody implements AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  readonly #flow: BodyFlow;
  #mode = UNREAD;
  #pieces: Buffer[] = [];
  /** Small pieces, behind `#pieces`. */
  #tail: Buffer | undefined;
  #tailBytes = 0;
  /** Bytes held and not handed over. */
  queuedBytes = 0;
  /** All pieces have come. */
  complete = false;
  trailers: Metadata | undefined;
  #fault: Fault | undefined;
  #maxBytes = 0;
  #whole: Waiting<Buffer> | undefined;
  #next: Waiting<IteratorResult<Buffer, undefined>> | undefined;

  constructor(flow: BodyFlow) {
    this.#flow = flow;
    this.#tail = undefined;
    this.trailers = undefined;
    this.#fault = undefined;
    this.#whole = undefined;
    this.#next = undefined;
  }

  get streaming(): boolean {
    return this.#mode === STREAM;
  }

  /** Nobody reads it yet, or the reader is behind: whoever fills it should wait. */
  get collecting(): boolean {
    return this.#mode === WHOLE || this.#mode === DISCARDED;
  }

  /** @param piece taken over */
  push(piece: Buffer): void {
    if (this.complete) return;
    if (this.#mode === DISCARDED) {
      this.#flow.bodyTaken(piece.length);
      return;
    }
    if (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      next.resolve({ value: piece, done: false });
      this.#flow.bodyTaken(piece.length);
      return;
    }
    this.#queue(piece);
    this.queuedBytes += piece.length;
    if (this.#mode !== WHOLE) return;
    if (this.queuedBytes > this.#maxBytes) this.#tooLarge();
    else this.#flow.bodyTaken(piece.length);
  }

  #queue(piece: Buffer): void {
    if (piece.length >= SMALL_BYTES) {
      this.#seal();
      this.#pieces.push(piece);
      return;
    }
    if (this.#tail === undefined || this.#tail.length - this.#tailBytes < piece.length) {
      this.#seal();
      this.#tail = Buffer.allocUnsafe(GATHERED_BYTES);
    }
    this.#tail.set(piece, this.#tailBytes);
    this.#tailBytes += piece.length;
  }

  #seal(): void {
    if (this.#tail === undefined) return;
    this.#pieces.push(this.#tail.subarray(0, this.#tailBytes));
    this.#tail = undefined;
    this.#tailBytes = 0;
  }

  /** No more pieces. */
  end(trailers: Metadata | undefined): void {
    if (this.complete) return;
    this.complete = true;
    this.trailers = trailers;
    const whole = this.#whole;
    const next = this.#next;
    this.#whole = undefined;
    this.#next = undefined;
    whole?.resolve(this.#take());
    next?.resolve({ value: undefined, done: true });
  }

  /** The rest will not come; a reader learns why. */
  fail(fault: Fault): void {
    if (this.complete) return;
    this.complete = true;
    this.#fault = fault;
    const waiting = this.#whole ?? this.#next;
    this.#whole = undefined;
    this.#next = undefined;
    waiting?.reject(fault);
  }

  /** Nobody wants it any more: what is held and what still comes is thrown away. */
  discard(): void {
    if (this.#mode === DISCARDED) return;
    this.#mode = DISCARDED;
    const held = this.queuedBytes;
    this.#pieces = [];
    this.#tail = undefined;
    this.#tailBytes = 0;
    this.queuedBytes = 0;
    const next = this.#next;
    this.#next = undefined;
    next?.resolve({ value: undefined, done: true });
    if (held > 0) this.#flow.bodyTaken(held);
  }

  /** The whole body; once. Rejects with RESOURCE_EXHAUSTED (413) past `maxBytes`. */
  bytes(maxBytes: number): MaybePromise<Buffer> {
    if (this.#mode !== UNREAD) throw new Error('The body of this request was read before.');
    this.#mode = WHOLE;
    if (this.queuedBytes > maxBytes) return Promise.reject(this.#tooLarge());
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.complete) return this.#take();
    this.#maxBytes = maxBytes;
    const promise = new Promise<Buffer>((resolve, reject) => {
      this.#whole = { resolve, reject };
    });
    this.#flow.bodyWanted();
    if (this.queuedBytes > 0) this.#flow.bodyTaken(this.queuedBytes);
    return promise;
  }

  /** The body in pieces; once. */
  stream(): AsyncIterable<Buffer> {
    if (this.#mode !== UNREAD) throw new Error('The body of this request was read before.');
    this.#mode = STREAM;
    if (!this.complete) this.#flow.bodyWanted();
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#pieces.length === 0) this.#seal();
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.queuedBytes -= piece.length;
      this.#flow.bodyTaken(piece.length);
      return Promise.resolve({ value: piece, done: false });
    }
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.complete || this.#mode === DISCARDED) {
      return Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#next = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.discard();
    return Promise.resolve({ value: undefined, done: true });
  }

  #take(): Buffer {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.queuedBytes = 0;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  #tooLarge(): HttpFault {
    const fault = bodyTooLarge(this.#maxBytes);
    const whole = this.#whole;
    this.#whole = undefined;
    this.discard();
    whole?.reject(fault);
    return fault;
  }
}
