import { Fault } from '../../model/fault.ts';
import type { ClientSession, ClientSubscribeOptions, StreamOptions } from './client-session.ts';
import { IncomingItems } from './incoming-items.ts';
import { sendItems } from './item-sender.ts';
import { type DeliveryJson, METHODS, type SubscribeResult } from './methods.ts';

const ITEM_WINDOW = 64;
const DELIVERY_WINDOW = 256;

/** The hub keeps to the credit that it is given: there is nothing to hold back. */
const NOTHING = () => {};

/** Items that a call's answer streams. */
export class ClientStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #session: ClientSession;
  readonly #incoming: IncomingItems;
  readonly #id: number;
  #over = false;

  constructor(
    session: ClientSession,
    method: string,
    params: object | undefined,
    options: StreamOptions,
    items?: AsyncIterable<unknown> | Iterable<unknown>,
  ) {
    this.#session = session;
    const window = options.window ?? ITEM_WINDOW;
    this.#incoming = new IncomingItems(window, {
      consumed: (count) => session.notify(METHODS.credit, { id: this.#id, count }),
      overrun: NOTHING,
      room: NOTHING,
    });
    const sender = items && sendItems(session, items, (fault) => session.cancel(this.#id, fault));
    this.#id = session.open(
      method,
      params,
      { ...options, credit: window },
      {
        result: () => {
          this.#over = true;
          sender?.stop();
          this.#incoming.end();
        },
        fail: (fault) => {
          this.#over = true;
          sender?.stop();
          this.#incoming.fail(fault);
        },
        items: (received) => this.#incoming.push(received),
        credit: (count) => sender?.credit(this.#id, count),
      },
    );
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#incoming.next();
  }

  /** Stops reading; a call that still runs is cancelled. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    const done = this.#incoming.return();
    if (!this.#over) this.#session.cancel(this.#id, new Fault('CANCELLED', 'The reader left.'));
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A subscription as an async iterable of deliveries. */
export class ClientSubscription implements AsyncIterableIterator<DeliveryJson, undefined> {
  /** What the hub answered; rejects with a Fault when it refused. */
  readonly ready: Promise<SubscribeResult>;
  /** Deliveries that were lost because they were not read in time. */
  dropped = 0;
  readonly #session: ClientSession;
  readonly #incoming: IncomingItems;
  readonly #open: Map<string, ClientSubscription>;
  #name: string | undefined;
  #left = false;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    session: ClientSession,
    filter: string,
    options: ClientSubscribeOptions,
    open: Map<string, ClientSubscription>,
  ) {
    this.#session = session;
    this.#open = open;
    const { window = DELIVERY_WINDOW, after, from, last, signal } = options;
    this.#incoming = new IncomingItems(window, {
      consumed: (count) => session.notify(METHODS.credit, { subscription: this.#name, count }),
      overrun: NOTHING,
      room: NOTHING,
    });
    this.ready = new Promise((resolve, reject) => {
      session.open(
        METHODS.subscribe,
        { filter, after, from, last, credit: window },
        { signal },
        {
          result: (value) => {
            this.#opened(value as SubscribeResult);
            resolve(value as SubscribeResult);
          },
          fail: (fault) => {
            this.fail(fault);
            reject(fault);
          },
        },
      );
    });
    // Who only iterates gets the same fault from `next`.
    this.ready.catch(NOTHING);
    this.#signal = signal;
    if (signal !== undefined) {
      this.#onAbort = () => void this.return();
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  /** Registered at once: deliveries may follow in the same read. */
  #opened(result: SubscribeResult): void {
    this.#name = result.subscription;
    if (this.#left) this.#unsubscribe();
    else this.#open.set(this.#name, this);
  }

  push(messages: readonly DeliveryJson[]): void {
    this.#incoming.push(messages);
  }

  lost(count: number): void {
    this.dropped += count;
  }

  fail(fault: Fault): void {
    this.#forget();
    this.#incoming.fail(fault);
  }

  next(): Promise<IteratorResult<DeliveryJson, undefined>> {
    return this.#incoming.next() as Promise<IteratorResult<DeliveryJson, undefined>>;
  }

  return(): Promise<IteratorResult<DeliveryJson, undefined>> {
    this.#forget();
    if (!this.#left) {
      this.#left = true;
      if (this.#name !== undefined && this.#open.delete(this.#name)) this.#unsubscribe();
    }
    return this.#incoming.return() as Promise<IteratorResult<DeliveryJson, undefined>>;
  }

  #unsubscribe(): void {
    this.#session.notify(METHODS.unsubscribe, { subscription: this.#name });
  }

  #forget(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
