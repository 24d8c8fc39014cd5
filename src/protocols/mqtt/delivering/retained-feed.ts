import type { Delivery, Message } from '../../../model/message.ts';
import type { Source } from './source.ts';
import type { View } from './view.ts';

/** The retained messages for a new subscription, taken from their store as the client takes them. */
export class RetainedFeed implements Source {
  readonly label = '';
  readonly view: View;
  /** The subscription. */
  readonly of: Source;
  readonly #messages: Iterator<Message>;

  constructor(of: Source, messages: Iterator<Message>) {
    this.of = of;
    this.view = { ...of.view, retained: true, notFrom: '' };
    this.#messages = messages;
  }

  /** The next ones; fewer than `count` at the end. */
  take(count: number): Delivery[] {
    const batch: Delivery[] = [];
    while (batch.length < count) {
      const next = this.#messages.next();
      if (next.done === true) break;
      batch.push({ message: next.value, position: '' });
    }
    return batch;
  }

  finished(): void {
    // They came from no stream: there is no credit to give.
  }

  passed(): void {
    // Nor a place to keep.
  }
}
