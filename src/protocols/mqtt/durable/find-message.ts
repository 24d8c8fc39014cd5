import type { Hub, Origin, Subscriber, Subscription } from '../../../hub/hub.ts';
import type { Delivery } from '../../../model/message.ts';
import type { StoredReceipt } from './session-record.ts';

const CREDIT = 1000;

/** Whether a message is in the hub's streams: it was accepted before the hub was stopped. */
export function wasAccepted(
  hub: Hub,
  { subject, messageId, timeMs }: StoredReceipt,
  origin: Origin,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let subscription: Subscription | undefined;
    const end = (found: boolean): void => {
      subscription?.close();
      resolve(found);
    };
    const subscriber: Subscriber = {
      deliver(batch: readonly Delivery[]) {
        if (batch.some(({ message }) => message.id === messageId)) end(true);
        else subscription?.credit(batch.length);
      },
      caughtUp: () => end(false),
      closed: () => reject(new Error('the hub stopped')),
    };
    subscription = hub.subscribe(
      { filter: subject, credit: CREDIT, from: timeMs },
      subscriber,
      origin,
    );
  });
}
