import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, Hub } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';

export interface CollectLimits {
  readonly maxItems: number;
  /** Of the items' JSON. */
  readonly maxBytes: number;
  readonly timeMs: number;
}

/** Items taken before other work of the process gets its turn. */
const ITEMS_IN_A_TURN = 64;

/** Collects the items of a stream until it ends, or there are enough, or enough time has passed. */
export class Collector {
  readonly #limits: CollectLimits;
  readonly #items: string[] = [];
  #bytes = 0;
  #complete = true;

  constructor(limits: CollectLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#items.length;
  }

  /** Whether the stream came to its end. */
  get complete(): boolean {
    return this.#complete;
  }

  itemsJson(): string {
    return `[${this.#items.join(',')}]`;
  }

  /** `{"items":[...],"complete":true}` */
  json(): string {
    return `{"items":${this.itemsJson()},"complete":${this.#complete}}`;
  }

  /**
   * Runs the call and reads its stream.
   * @param onItem told of each item; its promise is waited for
   * @throws Fault as the call does; what was collected before stays
   */
  async collect(
    hub: Hub,
    endpoint: Endpoint,
    call: Call,
    meter: Meter,
    onItem?: (json: string, count: number) => MaybePromise<void>,
  ): Promise<void> {
    let iterator: AsyncIterator<unknown> | undefined;
    const timer = setTimeout(() => {
      this.#complete = false;
      if (iterator === undefined) {
        call.abort(new Fault('DEADLINE_EXCEEDED', 'The stream did not begin in time.'));
      } else void iterator.return?.();
    }, this.#limits.timeMs);
    try {
      const stream = (await hub.invoke(endpoint, call, meter)) as AsyncIterable<unknown>;
      iterator = stream[Symbol.asyncIterator]();
      await this.#read(iterator, onItem);
    } catch (error) {
      this.#complete = false;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(
    iterator: AsyncIterator<unknown>,
    onItem: ((json: string, count: number) => MaybePromise<void>) | undefined,
  ): Promise<void> {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true) return;
      const json = JSON.stringify(step.value) ?? 'null';
      if (this.#isFull(json)) {
        this.#complete = false;
        await iterator.return?.();
        return;
      }
      this.#items.push(json);
      this.#bytes += Buffer.byteLength(json);
      await onItem?.(json, this.#items.length);
      if (this.#items.length % ITEMS_IN_A_TURN === 0) await nextTurn();
    }
  }

  /** An item that is too many tells that the stream would go on. */
  #isFull(json: string): boolean {
    if (this.#items.length >= this.#limits.maxItems) return true;
    return this.#items.length > 0 && this.#bytes + Buffer.byteLength(json) > this.#limits.maxBytes;
  }
}
