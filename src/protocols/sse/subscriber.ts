import type { Subscriber, Subscription } from '../../hub/hub.ts';
import type { Abortable, BodyWriter } from '../../hub/transport.ts';
import type { Delivery } from '../../model/message.ts';
import { eventText, HEARTBEAT_TEXT, SUBSCRIPTION_EVENTS } from '../../wire/event-stream.ts';
import type { Heartbeats } from '../../wire/stream-response.ts';
import { deliveryText, type Envelope } from './events.ts';

/**
 * A subscription on its way to one client. Credit goes back to the hub when the client's socket
 * has taken what was written: a slow client leaves the messages with the hub, which bounds them
 * and counts what it drops.
 */
export class EventStreamSubscriber implements Subscriber, Abortable {
  readonly #envelope: Envelope;
  readonly #heartbeats: Heartbeats;
  #subscription: Subscription | undefined;
  #writer: BodyWriter = NOT_YET;
  #taken = 0;
  #dropped = 0;
  #waiting = false;

  constructor(envelope: Envelope, heartbeats: Heartbeats) {
    this.#envelope = envelope;
    this.#heartbeats = heartbeats;
  }

  /** Before the hub's first delivery, which never comes within `subscribe`. */
  attach(subscription: Subscription, writer: BodyWriter): void {
    this.#subscription = subscription;
    this.#writer = writer;
    this.#heartbeats.add(writer, HEARTBEAT_TEXT);
  }

  deliver(batch: readonly Delivery[]): void {
    let text = '';
    for (const delivery of batch) text += deliveryText(delivery, this.#envelope);
    this.#taken += batch.length;
    if (this.#writer.write(text) && !this.#waiting) this.#giveCredit();
    else this.#waitForRoom();
  }

  /** A client that does not read is told once it reads again: nothing piles up for it. */
  dropped(count: number): void {
    this.#dropped += count;
    if (!this.#waiting) this.#tellDropped();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const data = JSON.stringify({ count: this.#dropped });
    this.#dropped = 0;
    if (!this.#writer.write(eventText({ event: SUBSCRIPTION_EVENTS.dropped, data }))) {
      this.#waitForRoom();
    }
  }

  /** The hub ends the subscription: clients reconnect, to this hub or the next. */
  closed(): void {
    this.#heartbeats.remove(this.#writer);
    if (!this.#writer.closed) this.#writer.end();
  }

  /** The client left. */
  abort(): void {
    this.#heartbeats.remove(this.#writer);
    this.#subscription?.close();
  }

  #giveCredit(): void {
    const count = this.#taken;
    this.#taken = 0;
    this.#subscription?.credit(count);
  }

  #waitForRoom(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#writer.drained().then(
      () => {
        this.#waiting = false;
        if (this.#writer.closed) this.abort();
        else {
          this.#tellDropped();
          if (!this.#waiting) this.#giveCredit();
        }
      },
      () => this.abort(),
    );
  }
}

const NOT_YET: BodyWriter = {
  write: () => true,
  drained: () => Promise.resolve(),
  end() {},
  abort() {},
  closed: true,
};
