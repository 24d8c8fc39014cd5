import type { Hub, Origin } from '../../hub/hub.ts';
import { matches } from '../../hub/streams/filters.ts';
import { filterLevels } from '../../hub/subjects/names.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { Broker } from './broker.ts';
import type { PublishEncoder } from './delivering/encoder.ts';
import { Outbox } from './delivering/outbox.ts';
import { RetainedFeed } from './delivering/retained-feed.ts';
import type { SharedGroups } from './delivering/shared-groups.ts';
import { SharedSubscription } from './delivering/shared-subscription.ts';
import {
  OwnSubscription,
  type Reader,
  type SessionSubscription,
} from './delivering/subscription.ts';
import type { OutgoingRecord, SessionRecord } from './durable/session-record.ts';
import type { SessionParts, SessionStore, StoredSession } from './durable/session-store.ts';
import { ReceivedIds } from './inbound/received-ids.ts';
import { MessageIds } from './messages.ts';
import { parseFilter, type TopicFilter } from './names.ts';
import type { SubscriptionRequest } from './wire/packets.ts';
import type { Properties } from './wire/properties.ts';
import type { Reason } from './wire/reasons.ts';

/** What ends a session that another connection takes over, or that has to go. */
export interface SessionHolder extends Reader {
  /** Ends the connection; the session is no longer its own. */
  giveUp(reason: Reason, text: string): void;
}

/** A message that is published when a client leaves without a farewell. */
export interface PendingWill {
  /** Made when it is published: its time and expiry begin then. */
  readonly message: () => Message;
  readonly delaySeconds: number;
}

/** What all sessions share. */
export interface SessionServices {
  readonly encoder: PublishEncoder;
  /** Undefined where the hub keeps nothing. */
  readonly store: SessionStore | undefined;
  readonly groups: SharedGroups;
}

/** Sessions that never expire (MQTT 5.0 section 3.1.2.11.2). */
export const FOREVER_SECONDS = 0xffff_ffff;

/**
 * What is remembered of a client between and during its connections (MQTT 5.0 section 4.1): its
 * subscriptions, what it has not acknowledged, what it has sent at QoS 2.
 */
export class Session {
  readonly key: string;
  readonly clientId: string;
  /** Changes only in its scopes: the principal is part of the key. */
  origin: Origin;
  readonly ids: MessageIds;
  readonly received = new ReceivedIds();
  readonly outbox: Outbox;
  readonly subscriptions = new Map<string, SessionSubscription>();
  holder: SessionHolder | undefined;
  /** How long it outlives its connection. */
  expirySeconds = 0;
  /** When it ends, in milliseconds since 1970-01-01T00:00Z; Infinity while it is connected. */
  endsMs = Number.POSITIVE_INFINITY;
  will: PendingWill | undefined;
  /** When the will goes out. */
  willMs = Number.POSITIVE_INFINITY;

  /** Where it is kept; undefined where the hub keeps nothing. */
  readonly #store: SessionStore | undefined;
  readonly #groups: SharedGroups;

  constructor(
    key: string,
    clientId: string,
    origin: Origin,
    tag: string,
    { encoder, store, groups }: SessionServices,
  ) {
    this.key = key;
    this.clientId = clientId;
    this.origin = origin;
    this.ids = new MessageIds(tag);
    this.outbox = new Outbox(encoder);
    this.#store = store;
    this.#groups = groups;
  }

  /** It outlives its connection, and the hub's process. */
  get durable(): boolean {
    return this.#store !== undefined && this.expirySeconds > 0;
  }

  /** Its expiry is known. */
  begin(expirySeconds: number): void {
    this.expirySeconds = expirySeconds;
    this.outbox.save = this.durable ? () => this.#save({ outgoing: this.#outgoing() }) : undefined;
  }

  /**
   * Adds a subscription, or gives one that is there other options.
   * @throws MqttError for what is no filter, Fault as Hub.subscribe does
   */
  subscribe(
    request: SubscriptionRequest,
    properties: Readonly<Properties>,
    { hub, retained, system }: Broker,
  ): void {
    const identifier = properties.subscriptionIdentifier ?? 0;
    const reader = this.holder!;
    const filter = parseFilter(request.filter, reader.modern);
    let subscription = this.subscriptions.get(request.filter);
    const isNew = subscription === undefined;
    if (subscription === undefined) {
      subscription = this.#subscription(filter, request, identifier, reader);
      subscription.open(hub, this.origin, fromOf(properties));
      this.subscriptions.set(request.filter, subscription);
    } else {
      subscription.request = request;
      subscription.identifier = identifier;
      subscription.refresh(reader);
    }
    if (filter.share !== undefined || request.retainHandling === 2) return;
    if (request.retainHandling === 1 && !isNew) return;
    if (filter.text.startsWith('$SYS/')) {
      const levels = filter.filters.map(filterLevels);
      const messages = system
        .messages()
        .filter(({ subject }) => levels.some((own) => matches(own, subject.split('.'))));
      this.outbox.feed(new RetainedFeed(subscription.source, messages.values()));
      return;
    }
    for (const one of filter.filters) {
      const messages = retained.match(one, filter.hidesSystem, this.origin);
      this.outbox.feed(new RetainedFeed(subscription.source, messages));
    }
  }

  #subscription(
    filter: TopicFilter,
    request: SubscriptionRequest,
    identifier: number,
    reader: Reader,
  ): SessionSubscription {
    const { outbox } = this;
    return filter.share === undefined
      ? new OwnSubscription(filter, request, identifier, reader, outbox)
      : new SharedSubscription(filter, request, identifier, reader, outbox, this.#groups);
  }

  /** It has subscribed to figures of the broker. */
  get wantsSystem(): boolean {
    for (const filter of this.subscriptions.keys()) if (filter.startsWith('$SYS/')) return true;
    return false;
  }

  /** Answers whether there was such a subscription. */
  unsubscribe(filter: string): boolean {
    const subscription = this.subscriptions.get(filter);
    if (subscription === undefined) return false;
    this.subscriptions.delete(filter);
    subscription.close();
    return true;
  }

  /** Keeps its subscriptions, and what they bring while the client is away. */
  async keepSubscriptions(): Promise<void> {
    const store = this.#store;
    if (store === undefined || !this.durable) return;
    const filters: string[] = [];
    for (const { request, filter } of this.subscriptions.values()) {
      if (request.qos > 0 && filter.share === undefined) filters.push(...filter.filters);
    }
    await store.keep(this.key, filters);
    await this.#save({ session: this.#record(), outgoing: this.#outgoing() });
  }

  /** Keeps which messages of QoS 2 came; undefined where nothing is to be done. */
  keepReceived(): MaybePromise<void> {
    if (!this.durable || !this.received.dirty) return undefined;
    return this.#save({ incoming: this.received.record() });
  }

  /** Keeps what changed since it was kept last. */
  keepChanges(): MaybePromise<void> {
    if (!this.durable || !this.outbox.dirty) return undefined;
    return this.#save({ outgoing: this.#outgoing() });
  }

  #save(parts: SessionParts): MaybePromise<void> {
    const known = parts.session !== undefined || this.#store!.has(this.key);
    return this.#store!.save(this.key, known ? parts : { ...parts, session: this.#record() });
  }

  #record(): SessionRecord {
    const subscriptions = [...this.subscriptions.values()];
    return {
      clientId: this.clientId,
      principal: this.origin.principal.id,
      tag: this.ids.tag,
      expirySeconds: this.expirySeconds,
      endsMs: Number.isFinite(this.endsMs) ? this.endsMs : null,
      subscriptions: subscriptions.map(({ request, identifier }) => ({
        filter: request.filter,
        qos: request.qos,
        noLocal: request.noLocal,
        retainAsPublished: request.retainAsPublished,
        identifier,
      })),
    };
  }

  #outgoing(): OutgoingRecord {
    this.outbox.dirty = false;
    const positions: Record<string, string> = {};
    for (const subscription of this.subscriptions.values()) {
      if (subscription.request.qos === 0) continue;
      for (const [label, position] of subscription.positions()) positions[label] = position;
    }
    return this.outbox.record(positions);
  }

  /** As it was when the hub was stopped; its subscriptions begin with the next connection. */
  restore({ session, outgoing, incoming }: StoredSession, nowMs: number): void {
    const { expirySeconds, endsMs, subscriptions } = session;
    this.begin(expirySeconds);
    for (const { identifier, ...stored } of subscriptions) {
      const request = { ...stored, retainHandling: 2 as const };
      const filter = parseFilter(request.filter, true);
      const away = { modern: true, maxPacketBytes: Number.POSITIVE_INFINITY, idPrefix: '' };
      const subscription = this.#subscription(filter, request, identifier, away);
      subscription.restore(outgoing?.positions ?? {});
      this.subscriptions.set(request.filter, subscription);
    }
    if (outgoing !== undefined) this.outbox.restore(outgoing);
    if (incoming !== undefined) this.received.restore(incoming);
    this.#leaveAt(endsMs ?? undefined, nowMs);
  }

  #leaveAt(endsMs: number | undefined, nowMs: number): void {
    const forever = this.expirySeconds === FOREVER_SECONDS;
    const ends = endsMs ?? nowMs + this.expirySeconds * 1000;
    this.endsMs = forever ? Number.POSITIVE_INFINITY : ends;
  }

  /** The client is gone, and may come again. */
  suspend(nowMs: number): MaybePromise<void> {
    this.holder = undefined;
    this.received.confirm = undefined;
    this.outbox.detach();
    for (const subscription of this.subscriptions.values()) subscription.suspend();
    this.#leaveAt(undefined, nowMs);
    if (!this.durable || !this.#store!.has(this.key)) return undefined;
    return this.#save({ session: this.#record(), outgoing: this.#outgoing() });
  }

  /** The client has come again. */
  resume(hub: Hub): void {
    this.endsMs = Number.POSITIVE_INFINITY;
    let waiting = 0;
    const caughtUp = (): void => {
      if (--waiting === 0) this.outbox.restored();
    };
    for (const subscription of this.subscriptions.values()) {
      waiting += subscription.resume(this.holder!, hub, this.origin, caughtUp);
    }
    if (waiting === 0) this.outbox.restored();
  }

  /** It is over: nothing of it is kept. Resolves when that is durable. */
  async close(): Promise<void> {
    this.release();
    await this.#store?.remove(this.key);
  }

  /** The hub stops: what is kept stays. */
  release(): void {
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
  }
}

const FROM = 'from';

/** Where a new subscription begins: the user property `from` is `start` (of what streams keep) or a
 * time in milliseconds since 1970-01-01T00:00Z. */
function fromOf({ userProperties }: Readonly<Properties>): 'now' | 'start' | number {
  const text = userProperties?.find(([name]) => name === FROM)?.[1];
  if (text === 'start') return 'start';
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : 'now';
}
