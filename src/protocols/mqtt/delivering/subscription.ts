import type { Hub, Origin, Subscriber, Subscription } from '../../../hub/hub.ts';
import type { Delivery } from '../../../model/message.ts';
import type { TopicFilter } from '../names.ts';
import type { SubscriptionRequest } from '../wire/packets.ts';
import type { Outbox } from './outbox.ts';
import type { Source } from './source.ts';
import type { View } from './view.ts';

/** Deliveries that a source may owe, in bytes: the larger messages are, the less credit it gives. */
const CREDIT_BYTES = 1_048_576;
const MIN_CREDIT = 4;
const MAX_CREDIT = 2048;
const FIRST_CREDIT = 64;
const MESSAGE_OVERHEAD = 256;

/** How much credit is to be outstanding, from the sizes of the messages so far. */
export class Credit {
  outstanding = 0;
  #target = FIRST_CREDIT;
  #average = 0;

  /** The first credit. */
  begin(): number {
    this.outstanding = this.#target;
    return this.#target;
  }

  /** So many deliveries are done. Answers how much credit to give for them; 0 for none yet. */
  done(count: number, bytes: number): number {
    if (count === 0) return 0;
    this.#average += (bytes / count - this.#average) / 8;
    const target = CREDIT_BYTES / (this.#average + MESSAGE_OVERHEAD);
    this.#target = Math.max(MIN_CREDIT, Math.min(MAX_CREDIT, Math.trunc(target)));
    this.outstanding -= count;
    if (2 * this.outstanding > this.#target) return 0;
    const more = this.#target - this.outstanding;
    this.outstanding = this.#target;
    return more;
  }
}

/** What the session tells its subscriptions of the client's connection. */
export interface Reader {
  readonly modern: boolean;
  readonly maxPacketBytes: number;
  /** Begins the ids of the session's own messages. */
  readonly idPrefix: string;
}

/** One subscription of a session to one of the hub's filters. */
class Leg implements Subscriber, Source {
  view: View;
  readonly filter: string;
  readonly #outbox: Outbox;
  readonly #credit = new Credit();
  #hub: Subscription | undefined;

  constructor(filter: string, view: View, outbox: Outbox) {
    this.filter = filter;
    this.view = view;
    this.#outbox = outbox;
  }

  /** @throws Fault as Hub.subscribe does */
  open(hub: Hub, origin: Origin): void {
    this.#hub = hub.subscribe({ filter: this.filter, credit: this.#credit.begin() }, this, origin);
  }

  deliver(batch: readonly Delivery[]): void {
    this.#outbox.push(this, batch);
  }

  finished(count: number, bytes: number): void {
    const more = this.#credit.done(count, bytes);
    if (more > 0) this.#hub?.credit(more);
  }

  passed(): void {
    // Nothing remembers its place.
  }

  closed(): void {
    this.#hub = undefined;
  }

  close(): void {
    this.#hub?.close();
    this.#hub = undefined;
    this.#outbox.forget(this);
  }
}

/** A subscription of a session: a topic filter with its options. */
export class SessionSubscription {
  readonly filter: TopicFilter;
  request: SubscriptionRequest;
  identifier: number;
  #legs: readonly Leg[];
  readonly #outbox: Outbox;

  constructor(
    filter: TopicFilter,
    request: SubscriptionRequest,
    identifier: number,
    reader: Reader,
    outbox: Outbox,
  ) {
    this.filter = filter;
    this.request = request;
    this.identifier = identifier;
    this.#outbox = outbox;
    const view = this.#view(reader);
    this.#legs = filter.filters.map((one) => new Leg(one, view, outbox));
  }

  #view({ modern, maxPacketBytes, idPrefix }: Reader): View {
    const { qos, noLocal, retainAsPublished } = this.request;
    return {
      modern,
      qos,
      retainAsPublished,
      retained: false,
      identifier: this.identifier,
      hidesSystem: this.filter.hidesSystem,
      notFrom: noLocal ? idPrefix : '',
      maxPacketBytes,
    };
  }

  /** One of those that bring messages, for retained messages to belong to. */
  get source(): Source {
    return this.#legs[0]!;
  }

  /** @throws Fault as Hub.subscribe does; nothing is open then */
  open(hub: Hub, origin: Origin): void {
    try {
      for (const leg of this.#legs) leg.open(hub, origin);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** The client asked for other options, or connected again. */
  refresh(reader: Reader): void {
    const view = this.#view(reader);
    for (const leg of this.#legs) leg.view = view;
  }

  /** At QoS 0 nothing is kept for a client that is away. */
  suspend(): void {
    if (this.request.qos === 0) this.close();
  }

  resume(reader: Reader, hub: Hub, origin: Origin): void {
    if (this.request.qos > 0) {
      this.refresh(reader);
      return;
    }
    const view = this.#view(reader);
    this.#legs = this.filter.filters.map((one) => new Leg(one, view, this.#outbox));
    this.open(hub, origin);
  }

  close(): void {
    for (const leg of this.#legs) leg.close();
  }
}
