import { FakeClock } from '../../time/fake-clock.test-support.ts';
import { Budget } from '../budget.ts';
import { SETTINGS } from '../classic/group.test-support.ts';
import { type Assignment, NOTHING } from './assignment.ts';
import { ConsumerGroup } from './group.ts';
import type { HeartbeatRequest, HeartbeatResult } from './requests.ts';
import type { Topic, Topics } from './topics.ts';

/** Topics that are changed by hand; a topic's id is its name with a `#`. */
export class FakeTopics implements Topics {
  version = 0;
  readonly #topics = new Map<string, Topic>();

  put(name: string, partitions: number): this {
    this.#topics.set(name, { id: `${name}#`, name, partitions });
    this.version += 1;
    return this;
  }

  remove(name: string): void {
    this.#topics.delete(name);
    this.version += 1;
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  byId(id: string): Topic | undefined {
    return this.#topics.get(id.slice(0, -1));
  }

  names(): string[] {
    return [...this.#topics.keys()];
  }
}

export const REVOKE_MS = 5000;

export function makeConsumerGroup(changed: Partial<typeof SETTINGS> = {}) {
  const clock = new FakeClock();
  const settings = { ...SETTINGS, ...changed };
  const budget = new Budget(settings.maxGroupBytes);
  const topics = new FakeTopics().put('t', 6);
  const group = new ConsumerGroup(
    'g',
    { clock, settings, budget, newId: () => 'id' },
    topics,
    () => {},
  );
  return { clock, budget, topics, group };
}

/** A client that does what it is told: gives up what it is not assigned, then says so. */
export class Consumer {
  epoch = 0;
  owned: Assignment = NOTHING;
  /** What it was assigned last. */
  told: Assignment = NOTHING;
  last: HeartbeatResult | undefined;
  /** An answer was lost: it says everything again, and does nothing until it is answered. */
  unsure = false;
  /** What it has said that it owns; what has not changed is not said again. */
  #said: Assignment | undefined;
  readonly group: ConsumerGroup;
  readonly topics: FakeTopics;
  id: string;
  readonly instanceId: string | undefined;
  names: readonly string[];
  regex: string | undefined;
  assignor: string | undefined;

  constructor(
    group: ConsumerGroup,
    topics: FakeTopics,
    id: string,
    options: {
      instanceId?: string;
      names?: readonly string[];
      regex?: string;
      assignor?: string;
    } = {},
  ) {
    this.group = group;
    this.topics = topics;
    this.id = id;
    this.instanceId = options.instanceId;
    this.names = options.names ?? (options.regex === undefined ? ['t'] : []);
    this.regex = options.regex;
    this.assignor = options.assignor;
  }

  request(changed: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
    const joins = this.epoch === 0 || this.unsure;
    return {
      memberId: this.id,
      instanceId: this.instanceId,
      epoch: this.epoch,
      rackId: undefined,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      rebalanceTimeoutMs: joins ? REVOKE_MS : -1,
      topicNames: joins ? this.names : undefined,
      topicRegex: joins ? this.regex : undefined,
      assignor: joins ? this.assignor : undefined,
      owned: joins || this.#said !== this.owned ? this.owned : undefined,
      visible: {
        matching: (regex) =>
          this.topics.names().filter((name) => new RegExp(`^(?:${regex})$`).test(name)),
      },
      bytes: 1024,
      ...changed,
    };
  }

  /** One heartbeat; answers the error. */
  beat(changed: Partial<HeartbeatRequest> = {}): number {
    const result = this.group.heartbeat(this.request(changed));
    this.last = result;
    if (result.error !== 0) return result.error;
    this.#said = this.owned;
    this.unsure = false;
    this.epoch = result.epoch;
    if (result.assignment !== undefined) this.told = result.assignment;
    return 0;
  }

  /** Gives up what it is no longer told to read, and takes what is new. */
  obey(): void {
    if (!this.unsure) this.owned = this.told;
  }

  /** A heartbeat arrives, its answer does not. */
  lose(): void {
    this.group.heartbeat(this.request());
    this.unsure = true;
  }

  /** The server took it for gone: it reads nothing, and joins anew. */
  startAgain(): void {
    this.epoch = 0;
    this.owned = NOTHING;
    this.told = NOTHING;
    this.unsure = false;
  }

  get partitions(): string[] {
    return [...this.owned].flatMap(([topicId, list]) => list.map((one) => `${topicId}${one}`));
  }
}

/** Heartbeats in turn until nobody has anything left to do. */
export function settle(consumers: readonly Consumer[]): void {
  for (let round = 0; round < 20; round += 1) {
    for (const consumer of consumers) {
      if (consumer.beat() !== 0) {
        consumer.startAgain();
        consumer.beat();
      }
      consumer.obey();
    }
  }
}
