import type { Hub, Origin, Subscriber, Subscription } from '../../hub/hub.ts';
import type { Delivery } from '../../model/message.ts';
import type { SubscriptionStart } from '../subscription-start.ts';
import { notificationText } from './codec.ts';
import { deliveryText } from './message-json.ts';
import { METHODS, type SubscribeResult } from './methods.ts';

/** What a subscription needs of the session that carries it. */
export interface SubscriptionHost {
  /** False while the peer reads too slowly. */
  readonly writable: boolean;
  send(text: string): void;
  /** The hub ended the subscription. */
  ended(id: string): void;
}

/** Deliveries that a subscription without credit of its own has under way. */
const WINDOW = 256;

export interface SubscribeRequest extends SubscriptionStart {
  readonly filter: string;
  /** undefined: as many as the connection carries. */
  readonly credit: number | undefined;
}

/** One subscription of a session: deliveries as notifications, with the client's credit or, where
 * it gives none, as fast as the connection takes them. */
export class SessionSubscription implements Subscriber {
  readonly id: string;
  readonly #host: SubscriptionHost;
  readonly #automatic: boolean;
  readonly #subscription: Subscription;
  /** Credit for the hub that waits for the connection to have room. */
  #owed = 0;
  /** Notifications made before the response with the subscription's id; undefined after it. */
  #early: string[] | undefined = [];
  #over = false;

  /** @throws Fault as `hub.subscribe` does. */
  constructor(
    host: SubscriptionHost,
    hub: Hub,
    id: string,
    request: SubscribeRequest,
    origin: Origin,
  ) {
    this.id = id;
    this.#host = host;
    this.#automatic = request.credit === undefined;
    const { credit = WINDOW } = request;
    this.#subscription = hub.subscribe({ ...request, credit }, this, origin);
  }

  get result(): SubscribeResult {
    return { subscription: this.id, gap: this.#subscription.gap };
  }

  /** The response is out: deliveries may follow. */
  answered(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const text of early ?? []) this.#host.send(text);
    this.wake();
  }

  deliver(batch: readonly Delivery[]): void {
    let messages = '';
    for (const delivery of batch) {
      messages += messages === '' ? deliveryText(delivery) : `,${deliveryText(delivery)}`;
    }
    this.#notify(METHODS.deliver, `,"messages":[${messages}]`);
    if (!this.#automatic) return;
    this.#owed += batch.length;
    // Half a window at a time: credit for each delivery would be a call for each delivery.
    if (this.#owed >= WINDOW / 2) this.wake();
  }

  dropped(count: number): void {
    this.#notify(METHODS.dropped, `,"count":${count}`);
  }

  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.tellClosed();
    this.#host.ended(this.id);
  }

  tellClosed(): void {
    this.#notify(METHODS.closed, '');
  }

  #notify(method: string, rest: string): void {
    const text = notificationText(method, `{"subscription":${JSON.stringify(this.id)}${rest}}`);
    if (this.#early === undefined) this.#host.send(text);
    else this.#early.push(text);
  }

  credit(count: number): void {
    if (this.#automatic) return;
    this.#owed += count;
    this.wake();
  }

  /** Hands credit on when the connection has room. */
  wake(): void {
    if (this.#owed === 0 || this.#over || this.#early !== undefined || !this.#host.writable) return;
    const count = this.#owed;
    this.#owed = 0;
    this.#subscription.credit(count);
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#subscription.close();
  }
}
