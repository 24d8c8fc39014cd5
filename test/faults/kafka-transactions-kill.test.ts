import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { until } from '../interop/until.ts';
import { folderWith, freePort, PolywireProcess } from '../support/polywire-process.ts';
import { randomOf } from './random.ts';

/** Rounds with one kill each; more by hand: `KILLS=100 node --test test/faults/kafka-tr*`. */
const KILLS = Number(process.env.KILLS ?? 4);
const SEED = Number(process.env.SEED ?? 4711);
const GROUP = 'pipeline';

/**
 * Each transaction writes its number to two partitions and moves the group's offset past it. Which
 * one is next is read from the group, as a pipeline does after an error. So a transaction that is
 * done in part, twice or not at all shows as a gap, a double or a difference.
 */
test(`transactions are whole, and done once, over ${KILLS} kills (seed ${SEED})`, async (context) => {
  const random = randomOf(SEED);
  const port = await freePort();
  const folder = await folderWith(context, {});
  const start = async (): Promise<PolywireProcess> => {
    const words = ['up', '--json', '--port', String(port), '--data', join(folder, 'data')];
    const process = new PolywireProcess(context, words, { directory: folder });
    await process.serving();
    return process;
  };
  let hub = await start();
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 8 },
  });
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({
      topics: [
        { topic: 'inputs', numPartitions: 1 },
        { topic: 'pairs', numPartitions: 2 },
      ],
    });
  });

  let stopped = false;
  const pipeline = (async () => {
    while (!stopped) {
      const producer = kafka.producer({
        transactionalId: 'pipeline',
        idempotent: true,
        maxInFlightRequests: 1,
      });
      try {
        await producer.connect();
        let next = await committed(kafka);
        while (!stopped) {
          await runOne(producer, next);
          next += 1;
        }
      } catch {
        // The hub was killed: everything is asked anew.
      } finally {
        await producer.disconnect().catch(() => {});
      }
    }
  })();

  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await committedSoon(kafka);
    await soonMore(kafka, before);
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    hub.child.kill('SIGKILL');
    await hub.finished;
    hub = await start();
  }
  await soonMore(kafka, await committedSoon(kafka));
  stopped = true;
  await pipeline;

  const count = await committedSoon(kafka);
  const seen: string[][] = [[], []];
  const consumer = kafka.consumer({ groupId: 'reader', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'pairs', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      seen[partition]!.push(message.value!.toString());
    },
  });
  await until('all are read', () => seen.every(({ length }) => length >= count), 20_000);
  await consumer.disconnect();
  const expected = Array.from({ length: count }, (_, index) => String(index));
  assert.ok(count >= KILLS);
  assert.deepEqual(seen, [expected, expected]);
});

async function runOne(producer: Producer, number: number): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.send({
    topic: 'pairs',
    messages: [0, 1].map((partition) => ({ partition, value: String(number) })),
  });
  await transaction.sendOffsets({
    consumerGroupId: GROUP,
    topics: [{ topic: 'inputs', partitions: [{ partition: 0, offset: String(number + 1) }] }],
  });
  await transaction.commit();
}

async function withAdmin<T>(
  kafka: Kafka,
  use: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** How many transactions the group has seen committed. */
function committed(kafka: Kafka): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const [topic] = await admin.fetchOffsets({ groupId: GROUP, topics: ['inputs'] });
    return Math.max(0, Number(topic?.partitions[0]?.offset ?? 0));
  });
}

async function committedSoon(kafka: Kafka): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await committed(kafka);
    } catch (error) {
      if (attempt >= 20) throw error;
    }
  }
}

async function soonMore(kafka: Kafka, than: number): Promise<void> {
  for (let attempt = 0; (await committedSoon(kafka)) <= than + 2; attempt += 1) {
    if (attempt > 2000) throw new Error(`the pipeline stands at ${than}`);
  }
}
