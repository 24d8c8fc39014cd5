import type { Hub, Origin } from '../../../hub/hub.ts';
import type { Delivery } from '../../../model/message.ts';
import type { TopicFilter } from '../names.ts';
import type { SubscriptionRequest } from '../wire/packets.ts';
import type { Outbox } from './outbox.ts';
import type { Member, SharedGroup, SharedGroups } from './shared-groups.ts';
import type { Source } from './source.ts';
import { type Reader, type SessionSubscription, viewOf } from './subscription.ts';
import type { View } from './view.ts';

/** A session's share of a shared subscription. */
export class SharedSubscription implements SessionSubscription, Source, Member {
  /** Its messages are not read again after a restart. */
  readonly label = '';
  readonly filter: TopicFilter;
  request: SubscriptionRequest;
  identifier: number;
  view: View;
  online = true;
  readonly #outbox: Outbox;
  readonly #groups: SharedGroups;
  #group: SharedGroup | undefined;

  constructor(
    filter: TopicFilter,
    request: SubscriptionRequest,
    identifier: number,
    reader: Reader,
    outbox: Outbox,
    groups: SharedGroups,
  ) {
    this.filter = filter;
    this.request = request;
    this.identifier = identifier;
    this.view = viewOf(this, reader);
    this.#outbox = outbox;
    this.#groups = groups;
  }

  get source(): Source {
    return this;
  }

  take(batch: readonly Delivery[]): void {
    this.#outbox.push(this, batch);
  }

  finished(count: number, bytes: number): void {
    this.#group?.finished(count, bytes);
  }

  passed(): void {
    // The group's place is not kept.
  }

  positions(): Iterable<readonly [label: string, position: string]> {
    return [];
  }

  restore(): void {
    this.online = false;
  }

  open(_hub: Hub, origin: Origin): void {
    this.#group = this.#groups.join(this.filter, this, origin);
  }

  refresh(reader: Reader): void {
    this.view = viewOf(this, reader);
  }

  /** What was not sent goes to the others. */
  suspend(): void {
    this.online = false;
    this.#group?.share(this.#outbox.forget(this));
  }

  resume(reader: Reader, hub: Hub, origin: Origin): number {
    this.refresh(reader);
    this.online = true;
    if (this.#group === undefined) this.open(hub, origin);
    else this.#group.retry();
    return 0;
  }

  /** At QoS 1 what was not acknowledged goes to the others as well (MQTT 5.0 section 4.8.2). */
  close(): void {
    this.online = false;
    const unsent = this.#outbox.forget(this);
    this.#group?.leave(this, [...this.#outbox.takeBack(this), ...unsent]);
    this.#group = undefined;
  }
}
