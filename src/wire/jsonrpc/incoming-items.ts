import { Channel } from '../../model/channel.ts';
import type { Fault } from '../../model/fault.ts';

export interface IncomingListener {
  /** The reader took `count` items since the last time: the sender may send as many more. */
  consumed(count: number): void;
  /** More came than there was credit for. */
  overrun(): void;
  /** There is room again after an overrun. */
  room(): void;
}

/**
 * Items that a peer streams to one reader, with credit: the peer starts with a window of items
 * and gets more as the reader takes them, half a window at a time.
 */
export class IncomingItems implements AsyncIterable<unknown>, AsyncIterator<unknown, undefined> {
  readonly #channel: Channel<unknown>;
  readonly #listener: IncomingListener;
  readonly #half: number;
  #pushed = 0;
  #credited = 0;
  #overrun = false;
  #over = false;

  constructor(window: number, listener: IncomingListener) {
    // One more than the window: a peer that keeps to its credit never fills it.
    this.#channel = new Channel(window + 1);
    this.#half = Math.max(1, window >> 1);
    this.#listener = listener;
    this.#channel.onReady = () => this.#room();
  }

  push(items: readonly unknown[]): void {
    if (this.#over) return;
    let taken = true;
    for (const item of items) taken = this.#channel.push(item);
    this.#pushed += items.length;
    if (!taken && !this.#overrun) {
      this.#overrun = true;
      this.#listener.overrun();
    }
    this.#replenish();
  }

  end(): void {
    this.#over = true;
    this.#channel.end();
  }

  fail(fault: Fault): void {
    this.#over = true;
    this.#channel.fail(fault);
    this.#room();
  }

  /** The call is over: what else comes is dropped, and nobody gets credit for it. */
  close(): void {
    this.#over = true;
    void this.#channel.return();
    this.#room();
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const step = this.#channel.next();
    this.#replenish();
    return step;
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  #replenish(): void {
    if (this.#over) return;
    const count = this.#pushed - this.#channel.size - this.#credited;
    if (count < this.#half) return;
    this.#credited += count;
    this.#listener.consumed(count);
  }

  #room(): void {
    if (!this.#overrun) return;
    this.#overrun = false;
    this.#listener.room();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
