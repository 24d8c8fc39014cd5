import type { Hub, Origin, Subscriber, Subscription } from '../../../hub/hub.ts';
import type { Delivery } from '../../../model/message.ts';
import type { Principal } from '../../../model/principal.ts';
import type { TopicFilter } from '../names.ts';
import { Credit } from './subscription.ts';

/** One of those who share the messages of a filter. */
export interface Member {
  /** Its client is connected. */
  readonly online: boolean;
  take(batch: readonly Delivery[]): void;
}

/** Who shares: those with the same share name, filter and scopes (MQTT 5.0 section 4.8.2). What a
 * principal may see depends on its scopes, so whoever shares sees the same. */
function keyOf({ share, text }: TopicFilter, { scopes }: Principal): string {
  return JSON.stringify([share, text, ...[...scopes].sort()]);
}

/** The shared subscriptions of a broker. */
export class SharedGroups {
  readonly #hub: Hub;
  readonly #groups = new Map<string, SharedGroup>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** @throws Fault as Hub.subscribe does */
  join(filter: TopicFilter, member: Member, origin: Origin): SharedGroup {
    const key = keyOf(filter, origin.principal);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new SharedGroup(() => this.#groups.delete(key));
      group.open(filter.filters, this.#hub, origin);
      this.#groups.set(key, group);
    }
    group.add(member);
    return group;
  }
}

/** Subscriptions to the hub whose messages go to one member each, in turns. */
export class SharedGroup {
  readonly #members = new Set<Member>();
  readonly #onEmpty: () => void;
  readonly #legs: GroupLeg[] = [];
  /** What nobody is there for. */
  #waiting: Delivery[] = [];
  #turn = 0;

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  open(filters: readonly string[], hub: Hub, origin: Origin): void {
    try {
      for (const filter of filters) this.#legs.push(new GroupLeg(this, filter, hub, origin));
    } catch (thrown) {
      for (const leg of this.#legs) leg.close();
      throw thrown;
    }
  }

  add(member: Member): void {
    this.#members.add(member);
    this.retry();
  }

  /** @param back what the member was given and has not sent */
  leave(member: Member, back: readonly Delivery[]): void {
    this.#members.delete(member);
    if (this.#members.size > 0) {
      this.share(back);
      return;
    }
    for (const leg of this.#legs) leg.close();
    this.#onEmpty();
  }

  /** A member is there again. */
  retry(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.share(waiting);
  }

  /** Gives each member that is there a part, which are neighbours, so that one write carries them. */
  share(batch: readonly Delivery[]): void {
    if (batch.length === 0) return;
    const online = [...this.#members].filter((member) => member.online);
    if (online.length === 0) {
      this.#waiting.push(...batch);
      return;
    }
    const part = Math.ceil(batch.length / online.length);
    for (let at = 0; at < batch.length; at += part) {
      const member = online[this.#turn++ % online.length]!;
      member.take(batch.slice(at, at + part));
    }
  }

  /** A member is done with so many. Which part of the filter brought them is not remembered: in the
   * end each gets its credit back. */
  finished(count: number, bytes: number): void {
    let left = count;
    for (const leg of this.#legs) {
      const own = Math.min(left, leg.open);
      if (own > 0) leg.finished(own, (bytes * own) / count);
      left -= own;
    }
  }
}

class GroupLeg implements Subscriber {
  readonly #group: SharedGroup;
  readonly #credit = new Credit();
  readonly #hub: Subscription;
  /** Deliveries that are not done. */
  open = 0;

  constructor(group: SharedGroup, filter: string, hub: Hub, origin: Origin) {
    this.#group = group;
    this.#hub = hub.subscribe({ filter, credit: this.#credit.begin() }, this, origin);
  }

  deliver(batch: readonly Delivery[]): void {
    this.open += batch.length;
    this.#group.share(batch);
  }

  finished(count: number, bytes: number): void {
    this.open -= count;
    const more = this.#credit.done(count, bytes);
    if (more > 0) this.#hub.credit(more);
  }

  closed(): void {
    // The hub stops.
  }

  close(): void {
    this.#hub.close();
  }
}
