import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { ClientSession } from './client-session.ts';
import { METHODS } from './methods.ts';

/** Characters of one message of items, unless one item alone has more: far below what hubs take
 * as a message, and enough for small items to share the cost of one. */
const MAX_BATCH_LENGTH = 8192;

export interface ItemSender {
  /** The hub takes `count` more items of the call with this id. */
  credit(id: number, count: number): void;
  /** The call is over: no more items are taken from the source. */
  stop(): void;
}

/**
 * Sends items of a source as the hub gives credit; the first credit starts it. Items that are
 * there together (an array, a generator) go out together.
 * @param failed is told when the source throws
 */
export function sendItems(
  session: ClientSession,
  items: AsyncIterable<unknown> | Iterable<unknown>,
  failed: (fault: Fault) => void,
): ItemSender {
  return new Sender(session, items, failed);
}

class Sender implements ItemSender {
  readonly #session: ClientSession;
  readonly #items: AsyncIterable<unknown> | Iterable<unknown>;
  readonly #failed: (fault: Fault) => void;
  #id: number | undefined;
  #credit = 0;
  #stopped = false;
  #wake: (() => void) | undefined;
  /** Items as JSON; never more than there is credit for. */
  #batch: string[] = [];
  #length = 0;

  constructor(
    session: ClientSession,
    items: AsyncIterable<unknown> | Iterable<unknown>,
    failed: (fault: Fault) => void,
  ) {
    this.#session = session;
    this.#items = items;
    this.#failed = failed;
  }

  credit(id: number, count: number): void {
    this.#credit += count;
    this.#wake?.();
    if (this.#id !== undefined) return;
    this.#id = id;
    this.#run().catch((error: unknown) => {
      const message = 'The source of the items failed.';
      this.#failed(new Fault('CANCELLED', message, { cause: error }));
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    if (Symbol.asyncIterator in this.#items) {
      for await (const item of this.#items) {
        await this.#take(item);
        await this.#flush();
        if (this.#stopped) return;
      }
    } else {
      for (const item of this.#items) {
        if (isPromise(item)) await this.#flush();
        const settled = isPromise(item) ? await item : item;
        const taken = this.#take(settled);
        if (taken !== undefined) await taken;
        if (this.#stopped) return;
      }
    }
    await this.#flush();
    if (!this.#stopped) this.#session.notify(METHODS.end, { id: this.#id });
  }

  /** Adds an item to the batch; later, where the batch must go out first or credit is awaited. */
  #take(item: unknown): MaybePromise<void> {
    const text = JSON.stringify(item) ?? 'null';
    const fits = this.#batch.length === 0 || this.#length + text.length <= MAX_BATCH_LENGTH;
    if (fits && this.#batch.length < this.#credit) this.#add(text);
    else return this.#takeLater(text);
  }

  async #takeLater(text: string): Promise<void> {
    await this.#flush();
    while (this.#credit <= 0 && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#add(text);
  }

  #add(text: string): void {
    this.#batch.push(text);
    this.#length += text.length;
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    await this.#session.writable();
    if (this.#stopped) return;
    this.#credit -= this.#batch.length;
    this.#session.write(
      `{"jsonrpc":"2.0","method":"${METHODS.items}","params":{"id":${this.#id},"items":[${this.#batch.join(',')}]}}`,
    );
    this.#batch = [];
    this.#length = 0;
  }
}
