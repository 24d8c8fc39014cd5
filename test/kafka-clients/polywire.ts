/**
 * Polywire as a Kafka broker on loopback, its data in a temporary folder. As a program it runs until
 * it is interrupted: `node test/kafka-clients/polywire.ts [PORT]`.
 */
import type { Broker, BrokerOptions } from './broker.ts';

export async function startPolywire(_options: BrokerOptions = {}): Promise<Broker> {
  throw new Error('not yet');
}
