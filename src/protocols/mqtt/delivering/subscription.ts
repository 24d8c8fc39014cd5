import type { Hub, Origin, SubscribeOptions, Subscriber, Subscription } from '../../../hub/hub.ts';
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
  readonly label: string;
  readonly #outbox: Outbox;
  #credit = new Credit();
  #hub: Subscription | undefined;
  /** Where to go on, while it is not open. */
  #after: string | undefined;
  /** Deliveries that are not done. */
  #open = 0;
  /** The last that is done with all before it. */
  #passed: Delivery | undefined;
  /** Told once, when everything up to its beginning has come again. */
  onCaughtUp: (() => void) | undefined;

  constructor(filter: string, label: string, view: View, outbox: Outbox) {
    this.filter = filter;
    this.label = label;
    this.view = view;
    this.#outbox = outbox;
  }

  get opened(): boolean {
    return this.#hub !== undefined;
  }

  /** Everything before it is done; undefined where the hub has no streams. */
  get position(): string | undefined {
    if (this.#hub === undefined) return this.#after;
    return this.#open === 0 ? this.#hub.position : (this.#passed?.position ?? this.#after);
  }

  /** A position to begin with. */
  set position(position: string | undefined) {
    this.#after = position;
  }

  /** @throws Fault as Hub.subscribe does */
  open(hub: Hub, origin: Origin, from: SubscribeOptions['from'] = 'now'): void {
    this.#credit = new Credit();
    this.#open = 0;
    this.#passed = undefined;
    const options = { filter: this.filter, credit: this.#credit.begin(), after: this.#after, from };
    this.#hub = hub.subscribe(options, this, origin);
    this.#after ??= this.#hub.position;
  }

  deliver(batch: readonly Delivery[]): void {
    this.#open += batch.length;
    this.#outbox.push(this, batch);
  }

  finished(count: number, bytes: number): void {
    this.#open -= count;
    const more = this.#credit.done(count, bytes);
    if (more > 0) this.#hub?.credit(more);
  }

  passed(delivery: Delivery): void {
    this.#passed = delivery;
  }

  caughtUp(): void {
    this.onCaughtUp?.();
    this.onCaughtUp = undefined;
  }

  closed(): void {
    this.#after = this.position;
    this.#hub = undefined;
  }

  close(): void {
    this.#after = undefined;
    this.#hub?.close();
    this.#hub = undefined;
    this.#outbox.forget(this);
  }
}

/** A subscription of a session: a topic filter with its options. */
export interface SessionSubscription {
  readonly filter: TopicFilter;
  request: SubscriptionRequest;
  identifier: number;
  /** For retained messages to belong to. */
  readonly source: Source;
  /** Where each of its parts goes on, by label. */
  positions(): Iterable<readonly [label: string, position: string]>;
  /** Begins where it was when the hub was stopped. */
  restore(positions: Readonly<Record<string, string>>): void;
  /** @throws Fault as Hub.subscribe does; nothing is open then */
  open(hub: Hub, origin: Origin, from?: SubscribeOptions['from']): void;
  /** The client asked for other options, or connected again. */
  refresh(reader: Reader): void;
  /** The client is away. */
  suspend(): void;
  /** The client is here again. Answers how many of its parts will tell that they have caught up. */
  resume(reader: Reader, hub: Hub, origin: Origin, caughtUp: () => void): number;
  close(): void;
}

export function viewOf(
  { request, identifier, filter }: SessionSubscription,
  { modern, maxPacketBytes, idPrefix }: Reader,
): View {
  const { qos, noLocal, retainAsPublished } = request;
  return {
    modern,
    qos,
    retainAsPublished,
    retained: false,
    identifier,
    hidesSystem: filter.hidesSystem,
    notFrom: noLocal ? idPrefix : '',
    maxPacketBytes,
  };
}

/** One that has all messages of its filter to itself. */
export class OwnSubscription implements SessionSubscription {
  readonly filter: TopicFilter;
  request: SubscriptionRequest;
  identifier: number;
  readonly #legs: readonly Leg[];

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
    const view = viewOf(this, reader);
    this.#legs = filter.filters.map(
      (one, index) => new Leg(one, `${index} ${request.filter}`, view, outbox),
    );
  }

  get source(): Source {
    return this.#legs[0]!;
  }

  *positions(): Iterable<readonly [label: string, position: string]> {
    for (const { label, position } of this.#legs) {
      if (position !== undefined) yield [label, position];
    }
  }

  restore(positions: Readonly<Record<string, string>>): void {
    for (const leg of this.#legs) leg.position = positions[leg.label];
  }

  open(hub: Hub, origin: Origin, from?: SubscribeOptions['from']): void {
    try {
      for (const leg of this.#legs) leg.open(hub, origin, from);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  refresh(reader: Reader): void {
    const view = viewOf(this, reader);
    for (const leg of this.#legs) leg.view = view;
  }

  /** At QoS 0 nothing is kept for a client that is away. */
  suspend(): void {
    if (this.request.qos === 0) this.close();
  }

  resume(reader: Reader, hub: Hub, origin: Origin, caughtUp: () => void): number {
    this.refresh(reader);
    let waiting = 0;
    for (const leg of this.#legs) {
      if (leg.opened) continue;
      leg.onCaughtUp = caughtUp;
      leg.open(hub, origin);
      waiting++;
    }
    return waiting;
  }

  close(): void {
    for (const leg of this.#legs) leg.close();
  }
}
