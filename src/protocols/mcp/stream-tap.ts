import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Endpoint, Hub } from '../../hub/hub.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { type Bounds, Recent, type Watch, type Watcher } from './watch.ts';

/** Items taken before other work of the process gets its turn. */
const ITEMS_IN_A_TURN = 64;

/**
 * A stream that somebody is subscribed to: one call, whose latest items are kept for readers. It
 * runs while it has watchers.
 */
export class StreamTap {
  readonly #recent: Recent;
  readonly #watchers = new Set<Watcher>();
  readonly #onUnused: () => void;
  #iterator: AsyncIterator<unknown> | undefined;
  #ended = false;
  #fault: Fault | undefined;

  /** @param onUnused called once when the last watcher left */
  constructor(limits: Bounds, onUnused: () => void) {
    this.#recent = new Recent(limits);
    this.#onUnused = onUnused;
  }

  /** Calls the operation. @throws Fault as the call does */
  async start(hub: Hub, endpoint: Endpoint, call: Call, meter: Meter): Promise<void> {
    const stream = (await hub.invoke(endpoint, call, meter)) as AsyncIterable<unknown>;
    this.#iterator = stream[Symbol.asyncIterator]();
    void this.#run(this.#iterator);
  }

  watch(watcher: Watcher): Watch {
    this.#watchers.add(watcher);
    return {
      close: () => {
        if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
        void this.#iterator?.return?.();
        this.#onUnused();
      },
    };
  }

  /** `{"items":[...],"ended":false}` */
  json(): string {
    const fault = this.#fault === undefined ? '' : `,"fault":${JSON.stringify(this.#fault)}`;
    return `{"items":${this.#recent.json()},"ended":${this.#ended}${fault}}`;
  }

  /** Never rejects. */
  async #run(iterator: AsyncIterator<unknown>): Promise<void> {
    let count = 0;
    try {
      for (;;) {
        const step = await iterator.next();
        if (step.done === true) break;
        this.#recent.add(JSON.stringify(step.value) ?? 'null');
        this.#tell();
        if (++count % ITEMS_IN_A_TURN === 0) await nextTurn();
      }
    } catch (error) {
      this.#fault = Fault.from(error);
    }
    this.#ended = true;
    // That it ended is news too.
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher.updated();
  }
}
