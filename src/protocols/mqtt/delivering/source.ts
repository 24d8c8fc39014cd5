import type { Delivery } from '../../../model/message.ts';
import type { View } from './view.ts';

/** Where deliveries of a session come from: a subscription, its share of one, what was retained. */
export interface Source {
  /** Names it within its session, the same after a restart; empty for what is not read again. */
  readonly label: string;
  readonly view: View;
  /** So many deliveries are done: sent at QoS 0, acknowledged, or left out. */
  finished(count: number, bytes: number): void;
  /** Everything up to this delivery is done. */
  passed(delivery: Delivery): void;
}
