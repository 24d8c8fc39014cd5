import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Connection, Receiver } from '../../hub/transport.ts';
import { openBroker } from './broker.ts';
import { KafkaConnection } from './connection.ts';
import { coordinatorOf } from './coordinator.ts';
import type { KafkaOptions } from './options.ts';
import { transactionsLeftOpen } from './transactions/left-open.ts';

/** A broker with its connections. */
export interface Running {
  accept(connection: Connection): Receiver;
  close(): void;
}

/** @throws Fault where the hub stores nothing, or its storage fails */
export async function start(hub: Hub, options: KafkaOptions, meter: Meter): Promise<Running> {
  if (hub.streams === undefined) throw new TypeError('A hub without streams has no topics.');
  const broker = await openBroker(hub, hub.streams, options, meter);
  if (transactionsLeftOpen(hub.streams, meter)) await coordinatorOf(broker);
  const connections = new Set<KafkaConnection>();
  const { idleTimeoutMs } = options;
  const check = (): void => {
    for (const connection of connections) connection.endIfIdle();
  };
  const timer = idleTimeoutMs > 0 ? setInterval(check, idleTimeoutMs).unref() : undefined;
  return {
    accept(connection) {
      const receiver = new KafkaConnection(broker, connection, (closed) => {
        connections.delete(closed);
      });
      connections.add(receiver);
      return receiver;
    },
    close() {
      clearInterval(timer);
      broker.close();
    },
  };
}
