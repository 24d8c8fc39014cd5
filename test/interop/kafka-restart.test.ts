import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import type { Delivery } from '../../src/model/message.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { freePort } from '../support/polywire-process.ts';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { until } from './until.ts';

let folder: string;
let port: number;
const listen = () => startKafkaHub({ folder, port, kafka: { groupInitialDelayMs: 0 } });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'polywire-restart-'));
  port = await freePort();
});

after(() => rm(folder, { recursive: true, force: true }));

function client(): Kafka {
  return new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 30, retries: 30, maxRetryTime: 200 },
  });
}

test('members, their generation and their offsets outlive a restart of the hub', async () => {
  let hub = await listen();
  const kafka = client();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 2 }] });
  const values: string[] = [];
  let generations = 0;
  const consumer = kafka.consumer({
    groupId: 'kept',
    sessionTimeout: 10_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 50,
  });
  consumer.on('consumer.group_join', () => {
    generations += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topic: 'kept', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value!.toString());
    },
  });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ value: 'before' }] });
  await until('it is read', () => values.length === 1);
  await until('it has joined', () => generations === 1);
  await hub.stop();
  hub = await listen();
  await producer.send({ topic: 'kept', messages: [{ value: 'after' }] });
  await until('it goes on', () => values.includes('after'), 10_000);
  assert.deepEqual(values, ['before', 'after']);
  const { groups } = await admin.describeGroups(['kept']);
  assert.equal(groups[0]!.state, 'Stable');
  assert.equal(generations, 1, 'nobody had to join again');
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  await hub.stop();
});

test('a transaction goes on after a restart of the hub', async () => {
  let hub = await listen();
  const kafka = client();
  const producer = kafka.producer({
    transactionalId: 'going on',
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'going-on', messages: [{ value: 'before' }] });
  await hub.stop();
  hub = await listen();
  await transaction.send({ topic: 'going-on', messages: [{ value: 'after' }] });
  const seen = await subscribe(hub, 'going-on');
  await transaction.commit();
  await until('both are seen', () => seen.length === 2);
  assert.deepEqual(seen, ['before', 'after']);
  await producer.disconnect();
  await hub.stop();
});

test('what a dead producer left open does not hold back others after a restart', async () => {
  let hub = await listen();
  const kafka = client();
  const producer = kafka.producer({
    transactionalId: 'dead',
    transactionTimeout: 1000,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'held', messages: [{ value: 'never seen' }] });
  await producer.disconnect();
  const plain = kafka.producer();
  await plain.connect();
  await plain.send({ topic: 'held', messages: [{ value: 'seen' }] });
  await plain.disconnect();
  await hub.stop();
  hub = await listen();
  // No Kafka client comes any more.
  const seen = await subscribe(hub, 'held');
  await until('the other is seen', () => seen.length > 0);
  assert.deepEqual(seen, ['seen']);
  await hub.stop();
});

/** Everything of a subject, as any protocol gets it. */
async function subscribe({ hub }: KafkaHub, filter: string): Promise<string[]> {
  const seen: string[] = [];
  const subscriber = {
    deliver: (batch: readonly Delivery[]) => {
      for (const { message } of batch) seen.push(Buffer.from(message.payload).toString());
    },
    closed: () => {},
  };
  const meter = hub.diagnostics.meter('test');
  hub.subscribe({ filter, credit: 100, from: 'start' }, subscriber, { principal: LOCAL, meter });
  return seen;
}
