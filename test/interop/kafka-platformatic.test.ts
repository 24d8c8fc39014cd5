import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  Admin,
  type CompressionAlgorithmValue,
  Consumer,
  type Message,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';

/** @platformatic/kafka 2: the newer versions of every API, with compact types and topic ids. */
describe('@platformatic/kafka', () => {
  let hub: KafkaHub;
  let admin: Admin;
  let base: { clientId: string; bootstrapBrokers: string[]; retries: number };

  before(async () => {
    hub = await startKafkaHub();
    base = { clientId: 'test', bootstrapBrokers: [hub.broker], retries: 0 };
    admin = new Admin(base);
  });

  after(async () => {
    await admin.close();
    await hub.stop();
  });

  async function read(topic: string, count: number): Promise<Message[]> {
    const groupId = `reader-${topic}`;
    const consumer = new Consumer({ ...base, groupId, maxWaitTime: 100 });
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
    const messages: Message[] = [];
    for await (const message of stream) {
      if (messages.push(message) === count) break;
    }
    await consumer.close(true);
    return messages;
  }

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`writes and reads with compression ${compression}`, async () => {
      const topic = `compressed-${compression}`;
      await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
      const producer = new Producer(base);
      const values = Array.from({ length: 200 }, (_, index) => `${'value '.repeat(20)}${index}`);
      await producer.send({
        compression: compression satisfies CompressionAlgorithmValue,
        acks: ProduceAcks.ALL,
        messages: values.map((value, index) => ({
          topic,
          partition: index % 2,
          key: Buffer.from(`k${index}`),
          value: Buffer.from(value),
          headers: new Map([[Buffer.from('h'), Buffer.from(`${index}`)]]),
        })),
      });
      await producer.close();
      const messages = await read(topic, 200);
      const got = messages.map(({ key, value, headers }) => [
        String(key),
        String(value),
        [...headers.values()].map(String).join(),
      ]);
      const expected = values.map((value, index) => [`k${index}`, value, `${index}`]);
      const byKey = ([a]: string[], [b]: string[]): number => (a! < b! ? -1 : 1);
      assert.deepEqual(got.toSorted(byKey), expected.toSorted(byKey));
    });
  }

  it('writes idempotently with acks from all', async () => {
    const topic = 'idempotent';
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    const producer = new Producer({ ...base, idempotent: true });
    for (let round = 0; round < 20; round++) {
      const messages = [{ topic, value: Buffer.from(`${round}`) }];
      await producer.send({ acks: ProduceAcks.ALL, messages });
    }
    await producer.close();
    const messages = await read(topic, 20);
    assert.deepEqual(
      messages.map(({ value }) => String(value)),
      Array.from({ length: 20 }, (_, round) => `${round}`),
    );
    assert.deepEqual(
      messages.map(({ offset }) => Number(offset)),
      Array.from({ length: 20 }, (_, offset) => offset),
    );
  });

  it('describes and deletes topics', async () => {
    await admin.createTopics({ topics: ['gone'], partitions: 3, replicas: 1 });
    const metadata = await admin.metadata({ topics: ['gone'] });
    assert.equal(metadata.topics.get('gone')?.partitionsCount, 3);
    assert.equal(metadata.brokers.get(1)?.port, hub.port);
    await admin.deleteTopics({ topics: ['gone'] });
    assert.ok(!(await admin.listTopics()).includes('gone'));
  });

  it('was never refused, nor failed', () => assert.deepEqual(hub.logged, []));
});

describe('@platformatic/kafka with SASL', () => {
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    it(`logs in by ${mechanism}`, async () => {
      const hub = await startKafkaHub({ users: [{ user: 'alice', password: 'correct horse' }] });
      const connect = async (password: string): Promise<string[]> => {
        const admin = new Admin({
          clientId: 'test',
          bootstrapBrokers: [hub.broker],
          retries: 0,
          sasl: { mechanism, username: 'alice', password },
        });
        try {
          await admin.createTopics({ topics: ['secured'], partitions: 1, replicas: 1 });
          return await admin.listTopics();
        } finally {
          await admin.close();
        }
      };
      try {
        await assert.rejects(connect('battery staple'));
        assert.deepEqual(await connect('correct horse'), ['secured']);
      } finally {
        await hub.stop();
      }
    });
  }
});
