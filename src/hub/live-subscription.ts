import { hasScopes } from '../model/principal.ts';
import type { HeldMessage } from './history.ts';
import type { Origin, Subscriber, Subscription } from './hub.ts';
import type { Logger } from './logger.ts';

/** What a subscription needs of whom it belongs to. */
export interface SubscriptionOwner {
  /** It has something to deliver or tell, and waits for its turn. */
  wake(subscription: LiveSubscription): void;
  left(subscription: LiveSubscription): void;
  readonly logger: Logger;
}

/**
 * One receiver: a queue that its credit empties. What the receiver does not take in time is
 * bounded; beyond that the oldest is dropped and counted. The receiver is never called from inside
 * publish, subscribe or credit.
 */
export class LiveSubscription implements Subscription {
  gap = false;
  readonly filter: readonly string[];
  readonly #owner: SubscriptionOwner;
  readonly #subscriber: Subscriber;
  readonly #origin: Origin;
  readonly #maxBytes: number;
  #maxMessages: number;
  #queue: (HeldMessage | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #credit = 0;
  #dropped = 0;
  #awake = false;
  #closed = false;

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
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** Puts what was missed in front of what will come; it is bounded by the history's own limits. */
  catchUp(missed: readonly HeldMessage[]): void {
    this.#maxMessages = Math.max(this.#maxMessages, missed.length);
    for (const held of missed) this.#enqueue(held);
    this.#wake();
  }

  /** Whether the events that the message belongs to are for this principal. */
  mayReceive(held: HeldMessage): boolean {
    return held.scopes.length === 0 || hasScopes(this.#origin.principal, held.scopes);
  }

  /** Takes a message that matched the filter, unless the principal may not see it. */
  offer(held: HeldMessage): void {
    if (this.#closed || !this.mayReceive(held)) return;
    this.#enqueue(held);
    // What the credit covers leaves in this turn: it does not fill the buffer.
    while (
      this.waiting > this.#maxMessages + this.#credit ||
      (this.#bytes > this.#maxBytes && this.waiting > Math.max(1, this.#credit))
    ) {
      this.#shift();
      this.#dropped++;
      this.#origin.meter.dropped++;
    }
    if (this.#credit > 0 || this.#dropped > 0) this.#wake();
  }

  credit(count: number): void {
    if (this.#closed || !(count > 0)) return;
    this.#credit += count;
    if (this.waiting > 0) this.#wake();
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
    const count = Math.min(this.#credit, this.waiting);
    if (count === 0) return;
    const batch: HeldMessage[] = new Array(count);
    for (let index = 0; index < count; index++) batch[index] = this.#shift();
    this.#credit -= count;
    this.#origin.meter.sent += count;
    this.#guarded(() => this.#subscriber.deliver(batch));
  }

  #enqueue(held: HeldMessage): void {
    this.#queue.push(held);
    this.#bytes += held.bytes;
  }

  #shift(): HeldMessage {
    const held = this.#queue[this.#head] as HeldMessage;
    this.#queue[this.#head++] = undefined;
    this.#bytes -= held.bytes;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return held;
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#owner.wake(this);
  }

  #shut(): void {
    this.#closed = true;
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
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
