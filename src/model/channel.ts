import type { Fault } from './fault.ts';

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(fault: Fault): void;
}

/**
 * A bounded queue between who pushes and one reader that iterates: how a protocol hands a
 * client's stream to a handler. `push` answers false when the queue is full: stop reading the
 * socket until `onReady` is called.
 */
export class Channel<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #capacity: number;
  #items: T[] = [];
  #head = 0;
  #ended = false;
  #fault: Fault | undefined;
  /** Reads that came before their items; more than one where a reader does not wait. */
  readonly #waiting: Waiter<T>[] = [];
  #closed = false;

  /** Called when there is room again after a push that answered false. */
  onReady: (() => void) | undefined;
  /** Called once when the reader stops before the end. */
  onClose: (() => void) | undefined;

  /** @param capacity items held before push answers false; at least 1. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Items pushed after the end, or after the reader left, are dropped. */
  push(item: T): boolean {
    if (this.#ended || this.#closed) return true;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ value: item, done: false });
      return true;
    }
    this.#items.push(item);
    return this.size < this.#capacity;
  }

  /** No more items; the reader sees the end after what is queued. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
  }

  /** The reader sees the fault after what is queued. */
  fail(fault: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#fault = fault;
    else waiting.reject(fault);
    this.#release();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#items.length) {
      const full = this.size >= this.#capacity;
      const value = this.#items[this.#head] as T;
      this.#items[this.#head] = undefined as T;
      this.#head++;
      if (this.#head === this.#items.length || this.#head > 1024) {
        this.#items = this.#items.slice(this.#head);
        this.#head = 0;
      }
      if (full && this.size < this.#capacity) this.onReady?.();
      return Promise.resolve({ value, done: false });
    }
    if (this.#fault !== undefined) {
      const fault = this.#fault;
      this.#fault = undefined;
      return Promise.reject(fault);
    }
    if (this.#ended || this.#closed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#closed) {
      this.#closed = true;
      const unfinished = !this.#ended;
      this.#items = [];
      this.#head = 0;
      this.#release();
      if (unfinished) this.onClose?.();
      // Whoever waits for room must learn that everything is now taken (and dropped).
      this.onReady?.();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Tells all who wait that nothing comes any more. */
  #release(): void {
    for (const waiting of this.#waiting) waiting.resolve({ value: undefined, done: true });
    this.#waiting.length = 0;
  }
}
