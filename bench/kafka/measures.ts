import { setTimeout as wait } from 'node:timers/promises';
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka';
import type { Broker } from '../../test/kafka-clients/broker.ts';
import { residentMegabytes } from '../resident.ts';
import {
  consumerPerformance,
  processorSeconds,
  producerPerformance,
  runLoadProgram,
} from './tools.ts';

/** A topic with one partition holds what the measures before have written. */
export interface Session {
  readonly broker: Broker;
  /** From starting the process to the first acknowledged record. */
  readonly firstProduceMs: number;
  readonly seconds: number;
}

export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Whether less is better; the ratio is then the peer's figure over ours. */
  readonly lower?: boolean;
  readonly target: number;
  /** What an acknowledgement says: the page cache has it, or the disk. */
  readonly flush: 'page cache' | 'disk';
  readonly run: (session: Session) => Promise<number> | number;
}

const IDLE_MS = 3_000;
/** 16 requests of one batch of 200 records in flight on each of 4 connections. */
const RAW = { connections: 4, inFlight: 16, batchRecords: 200 };

function rawProduce({ broker, seconds }: Session, recordBytes: number): number {
  const { connections, inFlight, batchRecords } = RAW;
  const address = `127.0.0.1:${broker.port}`;
  return runLoadProgram([
    ...['produce', address, 'raw', 1, connections, inFlight, recordBytes, batchRecords, seconds],
  ]).perSecond;
}

function produce(session: Session, topic: string, recordBytes: number, records: number): number {
  return producerPerformance(session.broker.port, { topic, records, recordBytes }).perSecond;
}

/** Microseconds of the broker's processor time for each record. */
function processorTime(session: Session): number {
  const before = processorSeconds(session.broker.pid);
  const startedMs = performance.now();
  const records = (rawProduce(session, 100) * (performance.now() - startedMs)) / 1_000;
  return ((processorSeconds(session.broker.pid) - before) * 1e6) / records;
}

function p99({ broker }: Session): number {
  const load = { topic: 'latency', recordBytes: 100, throughput: 10_000 };
  producerPerformance(broker.port, { ...load, records: 20_000 });
  return producerPerformance(broker.port, { ...load, records: 60_000 }).p99;
}

async function idleMemory({ broker }: Session): Promise<number> {
  await wait(IDLE_MS);
  return residentMegabytes(broker.pid);
}

/** In the order in which a session runs them. */
export const MEASURES: readonly Measure[] = [
  {
    name: 'kafka-start',
    title: 'Kafka: from process start to the first acknowledged record',
    unit: 'ms',
    lower: true,
    target: 10,
    flush: 'page cache',
    run: ({ firstProduceMs }) => firstProduceMs,
  },
  {
    name: 'kafka-memory',
    title: 'Kafka: resident memory, idle after one record',
    unit: 'MB',
    lower: true,
    target: 5,
    flush: 'page cache',
    run: idleMemory,
  },
  {
    name: 'kafka-raw-produce',
    title: 'Kafka: ready batches of 200 x 100 B on 4 connections, acks=all',
    unit: 'records/s',
    target: 2,
    flush: 'page cache',
    run: (session) => rawProduce(session, 100),
  },
  {
    name: 'kafka-processor-time',
    title: 'Kafka: processor time of the broker in that load',
    unit: 'us/record',
    lower: true,
    target: 2,
    flush: 'page cache',
    run: processorTime,
  },
  {
    name: 'kafka-raw-consume',
    title: 'Kafka: fetching that on 2 connections',
    unit: 'records/s',
    target: 2,
    flush: 'page cache',
    run: ({ broker, seconds }) =>
      runLoadProgram(['consume', `127.0.0.1:${broker.port}`, 'raw', 1, 2, seconds]).perSecond,
  },
  {
    name: 'kafka-produce-100',
    title: 'Kafka: ProducerPerformance, 100 B, acks=all',
    unit: 'records/s',
    target: 2,
    flush: 'page cache',
    run: (session) => produce(session, 'small', 100, session.seconds * 500_000),
  },
  {
    name: 'kafka-produce-1k',
    title: 'Kafka: ProducerPerformance, 1 KiB, acks=all',
    unit: 'records/s',
    target: 2,
    flush: 'page cache',
    run: (session) => produce(session, 'large', 1024, session.seconds * 50_000),
  },
  {
    name: 'kafka-consume',
    title: 'Kafka: ConsumerPerformance, 100 B',
    unit: 'records/s',
    target: 2,
    flush: 'page cache',
    run: ({ broker, seconds }) => {
      // Its partition holds what kafka-produce-100 has written.
      return consumerPerformance(broker.port, 'small', seconds * 500_000);
    },
  },
  {
    name: 'kafka-latency',
    title: 'Kafka: p99 of producing 10,000 records of 100 B a second, acks=all',
    unit: 'ms',
    lower: true,
    target: 1,
    flush: 'page cache',
    run: p99,
  },
  {
    name: 'kafka-produce-100-disk',
    title: 'Kafka: ProducerPerformance, 100 B, acks=all, each on disk',
    unit: 'records/s',
    target: 2,
    flush: 'disk',
    run: (session) => produce(session, 'small', 100, session.seconds * 100_000),
  },
  {
    name: 'kafka-produce-1k-disk',
    title: 'Kafka: ProducerPerformance, 1 KiB, acks=all, each on disk',
    unit: 'records/s',
    target: 2,
    flush: 'disk',
    run: (session) => produce(session, 'large', 1024, session.seconds * 20_000),
  },
  {
    name: 'kafka-latency-disk',
    title: 'Kafka: p99 of producing 10,000 records of 100 B a second, acks=all, each on disk',
    unit: 'ms',
    lower: true,
    target: 1,
    flush: 'disk',
    run: p99,
  },
];

const TOPICS = ['first', 'raw', 'small', 'large', 'latency'];

/** Sends a record until it is acknowledged, then makes the topics. */
export async function prepare(broker: Broker): Promise<number> {
  const client = { clientId: 'bench', bootstrapBrokers: [`127.0.0.1:${broker.port}`], retries: 0 };
  const endMs = performance.now() + 60_000;
  const message = { topic: 'first', partition: 0, value: Buffer.from('first') };
  for (;;) {
    const admin = new Admin(client);
    const producer = new Producer({ ...client, acks: ProduceAcks.ALL });
    try {
      await admin.createTopics({ topics: ['first'], partitions: 1, replicas: 1 }).catch(() => {});
      await producer.send({ messages: [message] });
      const firstProduceMs = performance.now() - broker.startedMs;
      await admin.createTopics({ topics: TOPICS.slice(1), partitions: 1, replicas: 1 });
      return firstProduceMs;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await wait(5);
    } finally {
      await Promise.all([admin.close(), producer.close()]);
    }
  }
}
