import type { EventType } from '../../model/contract.ts';
import type { Delivery, Message } from '../../model/message.ts';
import { LOCAL, type Principal } from '../../model/principal.ts';
import { application } from '../application.test-support.ts';
import { createHub, type HubOptions, type RunningHub } from '../create-hub.ts';
import type { Origin, SubscribeOptions, Subscription } from '../hub.ts';
import { completeOptions } from '../option-value.ts';
import type { HubStorage } from './hub-streams.ts';
import { MemoryEngine } from './memory-engine.test-support.ts';
import { StorageOptions, StreamOptions } from './settings.ts';

export interface StreamHubOptions extends HubOptions {
  readonly engine?: MemoryEngine;
  readonly events?: readonly EventType[];
  readonly storageOptions?: object;
  readonly configured?: Readonly<Record<string, object>>;
}

export function storageOf(engine: MemoryEngine, storage: object, streams: object): HubStorage {
  return {
    engine,
    storage: completeOptions<StorageOptions>(StorageOptions, storage),
    streams: Object.fromEntries(
      Object.entries(streams).map(([name, options]) => [
        name,
        completeOptions<StreamOptions>(StreamOptions, options),
      ]),
    ),
    recordSource: 'records',
  };
}

/** A hub that runs on an engine in memory. */
export async function streamHub(
  options: StreamHubOptions = {},
): Promise<{ hub: RunningHub; engine: MemoryEngine }> {
  const { engine = new MemoryEngine(), storageOptions = {}, configured = {} } = options;
  const hub = createHub({ ...options, storage: storageOf(engine, storageOptions, configured) });
  hub.add(application([], { events: options.events ?? [] }));
  await hub.start();
  return { hub, engine };
}

export function originOf(hub: RunningHub, principal: Principal = LOCAL, name = 'test'): Origin {
  return { principal, meter: hub.diagnostics.meter(name) };
}

/** A subscriber that keeps what it gets. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  lost = 0;
  ends = 0;
  caught = 0;
  largest = 0;
  /** Gives credit for what it got. */
  readonly steady: boolean;
  readonly subscription: Subscription;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(
    hub: RunningHub,
    options: Partial<SubscribeOptions> & { steady?: boolean } = {},
    principal: Principal = LOCAL,
  ) {
    this.steady = options.steady ?? false;
    this.subscription = hub.subscribe(
      { filter: '>', credit: 100_000, ...options },
      this,
      originOf(hub, principal, 'receiver'),
    );
  }

  deliver(batch: readonly Delivery[]): void {
    this.deliveries.push(...batch);
    this.largest = Math.max(this.largest, batch.length);
    for (const { count, resolve } of this.#waiting) if (this.deliveries.length >= count) resolve();
    if (this.steady) this.subscription.credit(batch.length);
  }

  dropped(count: number): void {
    this.lost += count;
  }

  closed(): void {
    this.ends++;
  }

  caughtUp(): void {
    this.caught++;
  }

  /** When so many have come in all. */
  async count(count: number): Promise<void> {
    if (this.deliveries.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  get messages(): Message[] {
    return this.deliveries.map(({ message }) => message);
  }

  get subjects(): string[] {
    return this.messages.map(({ subject }) => subject);
  }

  get payloads(): string[] {
    return this.messages.map(({ payload }) => Buffer.from(payload).toString());
  }
}
