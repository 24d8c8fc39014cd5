import { randomBytes } from 'node:crypto';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Table } from '../../hub/engine.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Streams } from '../../hub/streams.ts';
import { ByteBudget } from './budget.ts';
import type { Broker } from './context.ts';
import { HANDLERS } from './handlers.ts';
import type { KafkaOptions } from './options.ts';
import { ProducerIds } from './producer-ids.ts';

const TABLE = 'kafka-broker';
const CLUSTER_ID = 'cluster-id';

/** A broker that a hub's streams stand behind. */
export interface OpenBroker extends Broker {
  close(): void;
}

/** @throws Fault where what the broker has to remember cannot be read or written */
export async function openBroker(
  hub: Hub,
  streams: Streams,
  options: KafkaOptions,
  meter: Meter,
): Promise<OpenBroker> {
  const table = await streams.table(TABLE);
  const closing: (() => void)[] = [];
  return {
    hub,
    streams,
    options,
    meter,
    clusterId: await clusterIdOf(table),
    nodeId: options.brokerId,
    producerIds: new ProducerIds(table),
    budget: new ByteBudget(options.maxBytesInFlight),
    arriving: new ByteBudget(options.maxBytesArriving),
    unsent: new ByteBudget(options.maxUnsentBytes),
    handlers: HANDLERS,
    onClose: (listener) => {
      closing.push(listener);
    },
    close: () => {
      for (const listener of closing.splice(0)) listener();
    },
  };
}

async function clusterIdOf(table: Table): Promise<string> {
  const stored = table.get(CLUSTER_ID);
  if (stored !== undefined) return stored.toString('latin1');
  const made = randomBytes(16).toString('base64url');
  await table.set([[CLUSTER_ID, Buffer.from(made, 'latin1')]]);
  return made;
}
