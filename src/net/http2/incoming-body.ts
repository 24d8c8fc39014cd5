import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { HttpFault } from '../../wire/problem.ts';

const NOTHING = Buffer.alloc(0);

/** What a body asks of its stream. */
export interface BodyOwner {
  /** These bytes are read or dropped: the client may send as many more. */
  consumed(bytes: number): void;
  /** A reader waits for bytes that have not come. */
  awaited(): void;
}

type Piece = IteratorResult<Buffer, undefined>;

interface Waiter {
  resolve(piece: Piece): void;
  reject(fault: Fault): void;
}

interface WholeReader {
  readonly maxBytes: number;
  resolve(whole: Buffer): void;
  reject(fault: Fault): void;
}

/**
 * A request's body between the frames that bring it and the handler that reads it. What nobody has
 * read yet is held, bounded by the flow-control windows; only what was read lets the client send on.
 */
export class IncomingBody implements AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  readonly #owner: BodyOwner;
  #chunks: Buffer[] = [];
  /** Bytes in the chunks. */
  #bytes = 0;
  /** Chunks before this one are our own; the others are views of the read buffer. */
  #owned = 0;
  #ended = false;
  #fault: Fault | undefined;
  #dropping = false;
  #whole: WholeReader | undefined;
  #waiter: Waiter | undefined;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
  }

  /** Whether somebody waits for bytes. */
  get awaited(): boolean {
    return this.#whole !== undefined || this.#waiter !== undefined;
  }

  /** @param owned whether the bytes may be kept; else `keep` is called before they change */
  push(bytes: Buffer, owned: boolean): void {
    if (this.#dropping) {
      this.#owner.consumed(bytes.length);
      return;
    }
    if (this.#waiter !== undefined) {
      const waiter = this.#waiter;
      this.#waiter = undefined;
      this.#owner.consumed(bytes.length);
      waiter.resolve({ value: owned ? bytes : Buffer.from(bytes), done: false });
      return;
    }
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (owned && this.#owned === this.#chunks.length - 1) this.#owned++;
    if (this.#whole === undefined) return;
    this.#owner.consumed(bytes.length);
    if (this.#bytes > this.#whole.maxBytes) {
      const reader = this.#whole;
      this.discard();
      reader.reject(tooLarge(reader.maxBytes));
    }
  }

  /** The client has sent everything. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const reader = this.#whole;
    const waiter = this.#waiter;
    this.#whole = undefined;
    this.#waiter = undefined;
    if (reader !== undefined) {
      this.keep();
      reader.resolve(this.#take());
    }
    waiter?.resolve({ value: undefined, done: true });
  }

  /** Nothing more comes. What was not read is lost. */
  fail(fault: Fault): void {
    if (this.#ended && this.#bytes === 0) return;
    this.#fault ??= fault;
    const reader = this.#whole;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.discard();
    reader?.reject(fault);
    waiter?.reject(fault);
  }

  /** Copies what is still a view of the read buffer. */
  keep(): void {
    for (let index = this.#owned; index < this.#chunks.length; index++) {
      this.#chunks[index] = Buffer.from(this.#chunks[index]!);
    }
    this.#owned = this.#chunks.length;
  }

  /** The whole body: at once when it is there. */
  whole(maxBytes: number, declared: number | undefined): MaybePromise<Buffer> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#dropping) return Promise.reject(new Fault('CANCELLED', 'The body was thrown away.'));
    if (this.#bytes > maxBytes || (declared !== undefined && declared > maxBytes)) {
      this.discard();
      return Promise.reject(tooLarge(maxBytes));
    }
    if (this.#ended) {
      this.#owner.consumed(this.#bytes);
      return this.#take();
    }
    const promise = new Promise<Buffer>((resolve, reject) => {
      this.#whole = { maxBytes, resolve, reject };
    });
    this.#owner.consumed(this.#bytes);
    this.#owner.awaited();
    return promise;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Piece> {
    if (this.#chunks.length > 0) {
      const bytes = this.#chunks.shift()!;
      this.#bytes -= bytes.length;
      const owned = this.#owned > 0;
      if (owned) this.#owned--;
      this.#owner.consumed(bytes.length);
      return Promise.resolve({ value: owned ? bytes : Buffer.from(bytes), done: false });
    }
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#ended || this.#dropping) return Promise.resolve({ value: undefined, done: true });
    const promise = new Promise<Piece>((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
    this.#owner.awaited();
    return promise;
  }

  return(): Promise<Piece> {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.discard();
    waiter?.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  #take(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.#owned = 0;
    if (chunks.length === 1) return chunks[0]!;
    return chunks.length === 0 ? NOTHING : Buffer.concat(chunks);
  }

  /** Nobody reads any more: what is held and what still comes is thrown away. */
  discard(): void {
    this.#dropping = true;
    // What a waiting `whole` took was told as consumed when it came.
    if (this.#whole === undefined) this.#owner.consumed(this.#bytes);
    this.#whole = undefined;
    this.#chunks = [];
    this.#bytes = 0;
    this.#owned = 0;
  }
}

function tooLarge(maxBytes: number): Fault {
  return new HttpFault(
    413,
    'RESOURCE_EXHAUSTED',
    `The request's body is larger than ${maxBytes} bytes.`,
  );
}
