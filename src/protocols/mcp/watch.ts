import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub, Subscriber, Subscription } from '../../hub/hub.ts';
import type { Principal } from '../../model/principal.ts';

/** Told of a resource that somebody is subscribed to. */
export interface Watcher {
  /** There is something new to read. */
  updated(): void;
  /** The hub ends the subscription: nothing more comes. */
  closed(): void;
}

export interface Watch {
  close(): void;
}

const CREDIT = 256;

/** Watches an event's messages; they are not kept here, since reading takes them from the hub. */
export function watchEvent(
  hub: Hub,
  meter: Meter,
  filter: string,
  principal: Principal,
  watcher: Watcher,
): Watch {
  let subscription: Subscription | undefined;
  const subscriber: Subscriber = {
    deliver(batch) {
      watcher.updated();
      subscription?.credit(batch.length);
    },
    closed: () => watcher.closed(),
  };
  subscription = hub.subscribe({ filter, credit: CREDIT }, subscriber, { principal, meter });
  return subscription;
}

/** Bounds of what reading answers. */
export interface Bounds {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export interface ReadLimits extends Bounds {
  /** How long to wait for what has to be read from the disk, in milliseconds. */
  readonly timeMs: number;
}

/** The latest JSON texts of many, as many as the limits allow; always the last. */
export class Recent {
  readonly #limits: Bounds;
  #texts: string[] = [];
  #bytes = 0;

  constructor(limits: Bounds) {
    this.#limits = limits;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#bytes += Buffer.byteLength(text);
    const { maxItems, maxBytes } = this.#limits;
    while (this.#texts.length > 1 && (this.#texts.length > maxItems || this.#bytes > maxBytes)) {
      this.#bytes -= Buffer.byteLength(this.#texts.shift()!);
    }
  }

  /** The texts as a JSON array, the oldest first. */
  json(): string {
    return `[${this.#texts.join(',')}]`;
  }
}

/**
 * The latest messages that the hub still has and the principal may see.
 * @param write JSON text of a delivery
 * @throws Fault PERMISSION_DENIED, UNAUTHENTICATED
 */
export async function readEvent(
  hub: Hub,
  meter: Meter,
  filter: string,
  principal: Principal,
  limits: ReadLimits,
  write: (delivery: Parameters<Subscriber['deliver']>[0][number]) => string,
): Promise<string> {
  const recent = new Recent(limits);
  const done = Promise.withResolvers<void>();
  const subscriber: Subscriber = {
    deliver(batch) {
      for (const delivery of batch.slice(-limits.maxItems)) recent.add(write(delivery));
    },
    caughtUp: () => done.resolve(),
    closed: () => done.resolve(),
  };
  const subscription = hub.subscribe(
    { filter, credit: Number.MAX_SAFE_INTEGER, last: limits.maxItems },
    subscriber,
    { principal, meter },
  );
  const timer = setTimeout(done.resolve, limits.timeMs);
  await done.promise;
  clearTimeout(timer);
  subscription.close();
  return recent.json();
}
