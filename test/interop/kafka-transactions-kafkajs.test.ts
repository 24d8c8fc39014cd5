import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { until } from './until.ts';

let hub: KafkaHub;
let kafka: Kafka;

before(async () => {
  hub = await startKafkaHub({ kafka: { groupInitialDelayMs: 0 } });
  kafka = new Kafka({
    brokers: [hub.broker],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 8 },
  });
});

after(async () => {
  await hub.stop();
  assert.deepEqual(hub.logged, []);
});

async function topic(name: string, numPartitions = 1): Promise<void> {
  const admin = kafka.admin();
  await admin.createTopics({ topics: [{ topic: name, numPartitions }] });
  await admin.disconnect();
}

/** Reads a topic as one that sees what is committed, or everything. */
async function reader(name: string, readUncommitted = false) {
  const values: string[] = [];
  const consumer = kafka.consumer({
    groupId: `${name}-${readUncommitted}-${Math.random()}`,
    readUncommitted,
    maxWaitTimeInMs: 50,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: name, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value!.toString());
    },
  });
  return { values, [Symbol.asyncDispose]: () => consumer.disconnect() };
}

const transactional = (transactionalId: string) =>
  kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });

test('only what was committed is read, in all partitions at once', async () => {
  await topic('ledger', 3);
  const producer = transactional('ledger');
  await producer.connect();
  for (const [index, end] of (['commit', 'abort', 'commit', 'abort'] as const).entries()) {
    const transaction = await producer.transaction();
    await transaction.send({
      topic: 'ledger',
      messages: [0, 1, 2].map((partition) => ({ partition, value: `${end} ${index}` })),
    });
    await transaction[end]();
  }
  const open = await producer.transaction();
  await open.send({ topic: 'ledger', messages: [{ partition: 0, value: 'open' }] });
  await using committed = await reader('ledger');
  await using everything = await reader('ledger', true);
  await until('all is there for who asks for all', () => everything.values.length === 13);
  await until('six are committed', () => committed.values.length >= 6);
  assert.ok(committed.values.every((value) => value.startsWith('commit')));
  await open.commit();
  await until('the open one is seen', () => committed.values.includes('open'));
  assert.equal(committed.values.length, 7);
  await producer.disconnect();
});

test('read, process, write: each input has exactly one output, whatever fails between', async () => {
  await topic('inputs', 2);
  await topic('outputs', 2);
  const plain = kafka.producer();
  await plain.connect();
  const inputs = Array.from({ length: 60 }, (_, index) => `${index}`);
  await plain.send({
    topic: 'inputs',
    messages: inputs.map((value, index) => ({ value, partition: index % 2 })),
  });
  await plain.disconnect();
  const producer = transactional('processor');
  await producer.connect();
  await using outputs = await reader('outputs');
  let attempts = 0;
  const process = async (): Promise<void> => {
    const consumer = kafka.consumer({ groupId: 'processor', maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'inputs', fromBeginning: true });
    const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, isRunning }) => {
        const messages = batch.messages.slice(0, 7);
        if (messages.length === 0 || !isRunning()) return;
        attempts += 1;
        const transaction = await producer.transaction();
        await transaction.send({
          topic: 'outputs',
          messages: messages.map(({ value }) => ({ value: `<${value}>` })),
        });
        await transaction.sendOffsets({
          consumerGroupId: 'processor',
          topics: [
            {
              topic: batch.topic,
              partitions: [
                { partition: batch.partition, offset: String(Number(messages.at(-1)!.offset) + 1) },
              ],
            },
          ],
        });
        if (attempts % 3 === 0) {
          await transaction.abort();
          fail();
          return;
        }
        await transaction.commit();
        consumer.seek({
          topic: batch.topic,
          partition: batch.partition,
          offset: String(Number(messages.at(-1)!.offset) + 1),
        });
      },
    });
    await Promise.race([
      failed,
      until('all is done', () => outputs.values.length >= 60, 10_000).catch(() => {}),
    ]);
    await consumer.disconnect();
  };
  while (outputs.values.length < 60 && attempts < 60) await process();
  assert.deepEqual(outputs.values.toSorted(), inputs.map((value) => `<${value}>`).sort());
  assert.ok(attempts > 9, 'some were aborted');
  await producer.disconnect();
});

test('a newer producer with the same transactional id fences the older one', async () => {
  await topic('fenced');
  const older = transactional('one of a kind');
  await older.connect();
  const lost = await older.transaction();
  await lost.send({ topic: 'fenced', messages: [{ value: 'lost' }] });
  const newer = transactional('one of a kind');
  await newer.connect();
  const kept = await newer.transaction();
  await kept.send({ topic: 'fenced', messages: [{ value: 'kept' }] });
  await kept.commit();
  await assert.rejects(lost.commit(), /epoch|fenced/i);
  await using all = await reader('fenced');
  await until('the newer one is read', () => all.values.length > 0);
  assert.deepEqual(all.values, ['kept']);
  await Promise.all([older.disconnect(), newer.disconnect()]);
});

test('a transaction that takes too long is aborted', async () => {
  await topic('slow');
  const producer = kafka.producer({
    transactionalId: 'slow',
    transactionTimeout: 300,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'slow', messages: [{ value: 'too late' }] });
  const plain = kafka.producer();
  await plain.connect();
  await plain.send({ topic: 'slow', messages: [{ value: 'after' }] });
  await plain.disconnect();
  await using committed = await reader('slow');
  await until('what came after is read', () => committed.values.length > 0);
  assert.deepEqual(committed.values, ['after']);
  await assert.rejects(transaction.commit(), /epoch|fenced/i);
  await producer.disconnect();
});
