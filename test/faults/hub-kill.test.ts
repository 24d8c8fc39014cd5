import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { until } from '../interop/until.ts';
import { folderWith, freePort, PolywireProcess } from '../support/polywire-process.ts';
import { randomOf } from './random.ts';

/** Rounds with one kill each; more by hand: `KILLS=50 node --test test/faults/hub-kill.test.ts`. */
const KILLS = Number(process.env.KILLS ?? 3);
const SEED = Number(process.env.SEED ?? 4711);
const PUBLISHERS = 4;
/** What each round adds before its kill, at least. */
const EACH_ROUND = 30;

const CONFIG = `
streams:
  published: { subjects: published.>, partitions: 3 }
  produced: { subjects: produced, partitions: 1 }
`;

/**
 * A whole hub is killed while publishers over REST and an idempotent Kafka producer write. What was
 * answered is there, in order; what was published once is not there twice; and the producer, which
 * sends again whatever it got no answer for, has every record there exactly once.
 */
test(`a hub loses nothing over ${KILLS} kills (seed ${SEED})`, async (context) => {
  const random = randomOf(SEED);
  const port = await freePort();
  const folder = await folderWith(context, { 'polywire.yaml': CONFIG });
  const start = async (): Promise<PolywireProcess> => {
    const words = ['up', '--json', '--port', String(port), '--data', join(folder, 'data')];
    const process = new PolywireProcess(context, words, { directory: folder });
    await process.serving();
    return process;
  };
  let hub = await start();
  let stopped = false;

  const accepted: number[][] = [];
  const sent: number[] = [];
  const publish = async (publisher: number): Promise<void> => {
    const own: number[] = [];
    accepted[publisher] = own;
    for (let count = 0; !stopped; count++) {
      sent[publisher] = count + 1;
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/publish/published/${publisher}`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain', 'x-message-key': `k${publisher}` },
          body: String(count),
        });
        await answer.text();
        if (answer.status === 202) own.push(count);
      } catch {
        // It was killed: nobody knows whether this one was stored.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 1000 },
  });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let produced = 0;
  const produce = async (): Promise<void> => {
    while (!stopped) {
      const messages = Array.from({ length: 1 + (produced % 3) }, (_, place) => ({
        value: String(produced + place),
      }));
      await producer.send({ topic: 'produced', messages, acks: -1 });
      produced += messages.length;
    }
  };
  const writing = [produce(), ...Array.from({ length: PUBLISHERS }, (_, one) => publish(one))];
  const total = (): number => accepted.reduce((sum, { length }) => sum + length, 0);
  for (let kill = 0; kill <= KILLS; kill++) {
    const goal = [total() + EACH_ROUND, produced + EACH_ROUND] as const;
    await until('more is stored', () => total() >= goal[0] && produced >= goal[1], 30_000);
    if (kill === KILLS) break;
    // When exactly is part of the test: any moment will do.
    await new Promise((resolve) => setTimeout(resolve, random() * 100));
    hub.child.kill('SIGKILL');
    await hub.finished;
    hub = await start();
  }
  stopped = true;
  await Promise.all(writing);
  await producer.disconnect();

  const seen = new Map<string, number[]>();
  let all = 0;
  const consumer = kafka.consumer({ groupId: 'reader', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: ['published', 'produced'], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const name = topic === 'produced' ? topic : String(message.headers?.ce_subject);
      const list = seen.get(name) ?? [];
      list.push(Number(message.value));
      seen.set(name, list);
      all++;
    },
  });
  const offsets = async (topic: string): Promise<number> => {
    const admin = kafka.admin();
    await admin.connect();
    const partitions = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  };
  const written = (await offsets('published')) + (await offsets('produced'));
  await until('all are read', () => all >= written, 30_000);
  await consumer.disconnect();

  assert.deepEqual(
    seen.get('produced'),
    Array.from({ length: produced }, (_, count) => count),
  );
  for (let publisher = 0; publisher < PUBLISHERS; publisher++) {
    const got = seen.get(`published.${publisher}`)!;
    assert.deepEqual(
      got,
      [...new Set(got)].toSorted((a, b) => a - b),
      'once, in order',
    );
    assert.ok(got.at(-1)! < sent[publisher]!, 'what nobody sent');
    const there = new Set(got);
    const missing = accepted[publisher]!.filter((count) => !there.has(count));
    assert.deepEqual(missing, [], 'lost');
  }
});
