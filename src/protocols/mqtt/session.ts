import type { Hub, Origin } from '../../hub/hub.ts';
import type { Message } from '../../model/message.ts';
import type { PublishEncoder } from './delivering/encoder.ts';
import { Outbox } from './delivering/outbox.ts';
import { RetainedFeed } from './delivering/retained-feed.ts';
import { type Reader, SessionSubscription } from './delivering/subscription.ts';
import { ReceivedIds } from './inbound/received-ids.ts';
import { MessageIds } from './messages.ts';
import { parseFilter } from './names.ts';
import type { RetainedStore } from './retained.ts';
import type { SubscriptionRequest } from './wire/packets.ts';
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

  constructor(key: string, clientId: string, origin: Origin, tag: string, encoder: PublishEncoder) {
    this.key = key;
    this.clientId = clientId;
    this.origin = origin;
    this.ids = new MessageIds(tag);
    this.outbox = new Outbox(encoder);
  }

  /**
   * Adds a subscription, or gives one that is there other options.
   * @throws MqttError for what is no filter, Fault as Hub.subscribe does
   */
  subscribe(
    request: SubscriptionRequest,
    identifier: number,
    hub: Hub,
    retained: RetainedStore,
  ): void {
    const reader = this.holder!;
    const filter = parseFilter(request.filter, reader.modern);
    let subscription = this.subscriptions.get(request.filter);
    const isNew = subscription === undefined;
    if (subscription === undefined) {
      subscription = new SessionSubscription(filter, request, identifier, reader, this.outbox);
      subscription.open(hub, this.origin);
      this.subscriptions.set(request.filter, subscription);
    } else {
      subscription.request = request;
      subscription.identifier = identifier;
      subscription.refresh(reader);
    }
    if (filter.share !== undefined || request.retainHandling === 2) return;
    if (request.retainHandling === 1 && !isNew) return;
    for (const one of filter.filters) {
      const messages = retained.match(one, filter.hidesSystem, this.origin);
      this.outbox.feed(new RetainedFeed(subscription.source, messages));
    }
  }

  /** Answers whether there was such a subscription. */
  unsubscribe(filter: string): boolean {
    const subscription = this.subscriptions.get(filter);
    if (subscription === undefined) return false;
    this.subscriptions.delete(filter);
    subscription.close();
    return true;
  }

  /** The client is gone, and may come again. */
  suspend(nowMs: number): void {
    this.holder = undefined;
    this.received.confirm = undefined;
    this.outbox.detach();
    for (const subscription of this.subscriptions.values()) subscription.suspend();
    this.endsMs =
      this.expirySeconds === FOREVER_SECONDS
        ? Number.POSITIVE_INFINITY
        : nowMs + this.expirySeconds * 1000;
  }

  /** The client has come again. */
  resume(hub: Hub): void {
    this.endsMs = Number.POSITIVE_INFINITY;
    for (const subscription of this.subscriptions.values()) {
      subscription.resume(this.holder!, hub, this.origin);
    }
  }

  close(): void {
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
  }
}
