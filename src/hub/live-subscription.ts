import type { Delivery } from '../model/message.ts';
import { hasScopes } from '../model/principal.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { HeldMessage } from './history.ts';
import type { Origin, Subscriber, Subscription } from './hub.ts';
import type { Logger } from './logger.ts';
import type { StreamMessage } from './streams/chunks.ts';
import type { Cursor, LogReader, LogReceiver } from './streams/log-reader.ts';
import { PlacedDelivery, type Places } from './streams/places.ts';

/** What a subscription needs of whom it belongs to. */
export interface SubscriptionOwner {
  /** It has something to deliver or tell, and waits for its turn. */
  wake(subscription: LiveSubscription): void;
  left(subscription: LiveSubscription): void;
  readonly logger: Logger;
}

/**
 * One receiver: queues that its credit empties. Records of streams come only as far as there is
 * credit; beyond that the subscription holds its place in the log and nothing else. Messages of
 * other subjects wait in a bounded buffer, of which the oldest are dropped and counted. The
 * receiver is never called from inside publish, subscribe or credit.
 */
export class LiveSubscription implements Subscription, LogReceiver {
  gap = false;
  readonly filter: readonly string[];
  /** Its places in streams; undefined where the hub has none. */
  log: { readonly reader: LogReader; readonly places: Places } | undefined;
  readonly #owner: SubscriptionOwner;
  readonly #subscriber: Subscriber;
  readonly #origin: Origin;
  readonly #maxBytes: number;
  #maxMessages: number;
  readonly #held = new DeliveryQueue<HeldMessage>();
  readonly #records = new DeliveryQueue<PlacedDelivery>();
  #bytes = 0;
  #credit = 0;
  #dropped = 0;
  #awake = false;
  #closed = false;
  /** Whether it is still to be told that it has caught up. */
  #catching: boolean;

  constructor(
    owner: SubscriptionOwner,
    filter: readonly string[],
    subscriber: Subscriber,
    origin: Origin,
    credit: number,
    limits: { readonly messages: number; readonly bytes: number },
  ) {
    this.#owner = owner;
    this.filter = filter;
    this.#subscriber = subscriber;
    this.#origin = origin;
    this.#credit = credit;
    this.#maxMessages = limits.messages;
    this.#maxBytes = limits.bytes;
    this.#catching = subscriber.caughtUp !== undefined;
  }

  /** It has its places: from now on it may deliver. */
  begin(): void {
    if (this.#catching) this.#wake();
  }

  /** Puts what was missed in front of what will come; it is bounded by the history's own limits. */
  catchUp(missed: readonly HeldMessage[]): void {
    this.#maxMessages = Math.max(this.#maxMessages, missed.length);
    for (const held of missed) this.#enqueue(held);
    this.#wake();
  }

  /** Whether the events that need these scopes are for this principal. */
  mayReceive(scopes: readonly string[]): boolean {
    return scopes.length === 0 || hasScopes(this.#origin.principal, scopes);
  }

  /** Takes a message that matched the filter, unless the principal may not see it. */
  offer(held: HeldMessage): void {
    if (this.#closed || !this.mayReceive(held.scopes)) return;
    this.#enqueue(held);
    // What the credit covers leaves in this turn: it does not fill the buffer.
    while (
      this.#held.length > this.#maxMessages + this.#credit ||
      (this.#bytes > this.#maxBytes && this.#held.length > Math.max(1, this.#credit))
    ) {
      this.#bytes -= this.#held.shift().bytes;
      this.#lose(1);
    }
    if (this.#credit > 0 || this.#dropped > 0) this.#wake();
  }

  get position(): string | undefined {
    return this.log?.places.current;
  }

  get open(): boolean {
    return !this.#closed && this.#records.length < this.#credit;
  }

  take(message: StreamMessage, cursor: Cursor): boolean {
    if (this.#closed || !this.mayReceive(message.subject.scopes)) return true;
    if (!this.open) return false;
    this.#records.push(new PlacedDelivery(message, cursor));
    this.#wake();
    return true;
  }

  lost(count: number): void {
    if (this.#closed || !(count > 0)) return;
    this.#lose(count);
    this.#wake();
  }

  caughtUp(): void {
    if (this.#catching) this.#wake();
  }

  credit(count: number): void {
    if (this.#closed || !(count > 0)) return;
    this.#credit += count;
    if (this.#held.length + this.#records.length > 0) this.#wake();
    this.log?.reader.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#shut();
    this.#owner.left(this);
  }

  /** The hub ends it: what the credit covers still goes out. */
  end(): void {
    if (this.#closed) return;
    this.flush();
    if (this.#closed) return;
    this.#shut();
    this.#guarded(() => this.#subscriber.closed());
  }

  /** One delivery of what the credit allows. */
  flush(): void {
    this.#awake = false;
    if (this.#closed) return;
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.#guarded(() => this.#subscriber.dropped?.(count));
      if (this.#closed) return;
    }
    const batch = this.#batch();
    if (batch.length > 0) {
      this.#credit -= batch.length;
      this.#origin.meter.sent += batch.length;
      this.#guarded(() => this.#subscriber.deliver(batch));
      if (this.#closed) return;
    }
    // Everything that was taken has gone out: there is room for what the log still has.
    if (this.open) this.log?.reader.resume();
    if (this.#catching && this.#waitsForNothing()) {
      this.#catching = false;
      this.#guarded(() => this.#subscriber.caughtUp?.());
    }
  }

  #batch(): readonly Delivery[] {
    const { log } = this;
    if (log === undefined || log.reader.cursors.length === 0) {
      return this.#shiftHeld(Math.min(this.#credit, this.#held.length));
    }
    const [held, records] = shares(this.#credit, this.#held.length, this.#records.length);
    const batch: PlacedDelivery[] = new Array(held + records);
    for (let index = 0; index < records; index++) batch[index] = this.#records.shift();
    const plain = this.#shiftHeld(held);
    for (let index = 0; index < held; index++) {
      batch[records + index] = new PlacedDelivery(plain[index]!, undefined);
    }
    if (batch.length > 0) {
      log.places.put(batch, this.#held.length === 0, this.#records.length === 0);
    }
    return batch;
  }

  #shiftHeld(count: number): HeldMessage[] {
    const batch: HeldMessage[] = new Array(count);
    for (let index = 0; index < count; index++) {
      const held = this.#held.shift();
      this.#bytes -= held.bytes;
      batch[index] = held;
    }
    return batch;
  }

  #waitsForNothing(): boolean {
    return this.#held.length + this.#records.length === 0 && !this.log?.reader.behind;
  }

  #enqueue(held: HeldMessage): void {
    this.#held.push(held);
    this.#bytes += held.bytes;
  }

  #lose(count: number): void {
    this.#dropped += count;
    this.#origin.meter.dropped += count;
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#owner.wake(this);
  }

  #shut(): void {
    this.#closed = true;
    this.#held.clear();
    this.#records.clear();
    this.#bytes = 0;
    this.log?.reader.close();
  }

  /** A receiver that throws must not harm the publisher or the other receivers. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      this.#owner.logger.error(
        { err: thrown, protocol: this.#origin.meter.protocol },
        'a subscriber threw',
      );
    }
  }
}

/** How many of two queues go out: neither waits for the other to be empty. */
function shares(credit: number, one: number, other: number): [number, number] {
  if (one + other <= credit) return [one, other];
  const half = Math.ceil(credit / 2);
  const first = Math.min(one, Math.max(half, credit - other));
  return [first, credit - first];
}
