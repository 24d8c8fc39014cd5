import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Kafka, type KafkaMessage, logLevel, type Producer } from 'kafkajs';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';

/** kafkajs 2: the older versions of every API, with plain types. */
describe('kafkajs', () => {
  let hub: KafkaHub;
  let kafka: Kafka;
  let producer: Producer;

  before(async () => {
    hub = await startKafkaHub();
    kafka = new Kafka({ clientId: 'test', brokers: [hub.broker], logLevel: logLevel.NOTHING });
    producer = kafka.producer({ idempotent: false });
    await producer.connect();
  });

  after(async () => {
    await producer.disconnect();
    await hub.stop();
  });

  async function consume(
    topic: string,
    count: number,
  ): Promise<(KafkaMessage & { partition: number })[]> {
    const consumer = kafka.consumer({
      groupId: `of-${topic}-${Math.random()}`,
      maxWaitTimeInMs: 100,
    });
    const messages: (KafkaMessage & { partition: number })[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          eachMessage: async ({ partition, message }) => {
            messages.push({ ...message, partition });
            if (messages.length === count) resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    return messages;
  }

  it('writes and reads keys, values, headers and times as they are, nulls among them', async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'plain', numPartitions: 1 }] });
    await admin.disconnect();
    const big = Buffer.alloc(900_000, 'x');
    const messages = [
      {
        key: 'k',
        value: 'v',
        headers: { a: '1', b: Buffer.from([0, 255]) },
        timestamp: '1700000000000',
      },
      { key: null, value: null },
      { key: Buffer.from([0xff, 0]), value: '' },
      { key: 'big', value: big },
    ];
    const [metadata] = await producer.send({ topic: 'plain', acks: -1, messages });
    assert.equal(metadata?.errorCode, 0);
    assert.equal(metadata?.baseOffset, '0');
    const read = await consume('plain', 4);
    assert.deepEqual(
      read.map(({ offset }) => offset),
      ['0', '1', '2', '3'],
    );
    assert.deepEqual(
      read.map(({ key }) => key?.toString('latin1') ?? null),
      ['k', null, '\xff\0', 'big'],
    );
    assert.deepEqual(
      read.map(({ value }) => value?.length ?? null),
      [1, null, 0, 900_000],
    );
    assert.ok(read[3]!.value!.equals(big));
    assert.equal(read[0]!.timestamp, '1700000000000');
    assert.deepEqual(read[0]!.headers, { a: Buffer.from('1'), b: Buffer.from([0, 255]) });
  });

  it('sends with acks 0 and 1', async () => {
    await producer.send({ topic: 'acks', acks: 0, messages: [{ value: 'zero' }] });
    await producer.send({ topic: 'acks', acks: 1, messages: [{ value: 'one' }] });
    const read = await consume('acks', 2);
    assert.deepEqual(
      read.map(({ value }) => value!.toString()),
      ['zero', 'one'],
    );
  });

  it('writes idempotently, over many partitions, each in order', async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'many', numPartitions: 7 }] });
    const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await idempotent.connect();
    for (let round = 0; round < 10; round++) {
      const messages = Array.from({ length: 70 }, (_, index) => ({
        key: `key-${index}`,
        value: `${round}`,
      }));
      await idempotent.send({ topic: 'many', acks: -1, messages });
    }
    await idempotent.disconnect();
    const read = await consume('many', 700);
    const byKey = new Map<string, string[]>();
    for (const { key, value } of read) {
      const values = byKey.get(key!.toString()) ?? [];
      values.push(value!.toString());
      byKey.set(key!.toString(), values);
    }
    assert.equal(byKey.size, 70);
    const expected = Array.from({ length: 10 }, (_, round) => `${round}`);
    for (const [key, values] of byKey) assert.deepEqual(values, expected, key);
    assert.ok(new Set(read.map(({ partition }) => partition)).size > 3);
    const offsets = await admin.fetchTopicOffsets('many');
    const total = offsets.reduce((sum, { high }) => sum + Number(high), 0);
    assert.equal(total, 700);
    await admin.disconnect();
  });

  it('finds offsets by time, deletes records, changes configs and topics', async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: [
        {
          topic: 'managed',
          numPartitions: 1,
          configEntries: [{ name: 'retention.ms', value: '86400000' }],
        },
      ],
    });
    const at = Date.now() - 10_000;
    const messages = [0, 1, 2].map((index) => ({
      value: `${index}`,
      timestamp: `${at + index * 1000}`,
    }));
    await producer.send({ topic: 'managed', messages });
    const found = await admin.fetchTopicOffsetsByTimestamp('managed', at + 500);
    assert.deepEqual(found, [{ partition: 0, offset: '1' }]);
    await admin.deleteTopicRecords({
      topic: 'managed',
      partitions: [{ partition: 0, offset: '2' }],
    });
    const [{ low, high } = { low: '', high: '' }] = await admin.fetchTopicOffsets('managed');
    assert.deepEqual([low, high], ['2', '3']);

    const configOf = async (name: string): Promise<string | undefined> => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'managed', configNames: [name] }],
      });
      return resources[0]?.configEntries.find((entry) => entry.configName === name)?.configValue;
    };
    assert.equal(await configOf('retention.ms'), '86400000');
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: 2, name: 'managed', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      ],
    });
    assert.equal(await configOf('cleanup.policy'), 'compact');
    assert.equal(await configOf('retention.ms'), '604800000');

    await admin.createPartitions({ topicPartitions: [{ topic: 'managed', count: 3 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['managed'] });
    assert.equal(topics[0]?.partitions.length, 3);
    const cluster = await admin.describeCluster();
    assert.deepEqual(cluster.brokers, [{ nodeId: 1, host: '127.0.0.1', port: hub.port }]);
    await admin.deleteTopics({ topics: ['managed'] });
    assert.ok(!(await admin.listTopics()).includes('managed'));
    await assert.rejects(
      admin.createTopics({ topics: [{ topic: 'no/slash', numPartitions: 1 }] }),
      /Topic creation errors/,
    );
    await admin.disconnect();
  });

  it('compresses with gzip', async () => {
    const value = 'compress me '.repeat(1000);
    await producer.send({
      topic: 'gzipped',
      compression: 1,
      messages: [{ value }, { value: 'b' }],
    });
    const read = await consume('gzipped', 2);
    assert.deepEqual(
      read.map((message) => message.value!.toString()),
      [value, 'b'],
    );
  });

  it('was never refused, nor failed', () => assert.deepEqual(hub.logged, []));
});

describe('kafkajs with SASL', () => {
  const users = [{ user: 'alice', password: 'a long password, with = and ,' }];

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    it(`logs in by ${mechanism}, and is refused with a wrong password`, async () => {
      const hub = await startKafkaHub({ users });
      const connect = async (password: string): Promise<string[]> => {
        const sasl = { mechanism, username: 'alice', password } as never;
        const retry = { retries: 0 };
        const options = { brokers: [hub.broker], logLevel: logLevel.NOTHING, sasl, retry };
        const admin = new Kafka(options).admin();
        try {
          await admin.connect();
          await admin.createTopics({ topics: [{ topic: 'secured' }] });
          return await admin.listTopics();
        } finally {
          await admin.disconnect();
        }
      };
      try {
        await assert.rejects(connect('wrong password'), /not known here/);
        assert.deepEqual(await connect(users[0]!.password), ['secured']);
      } finally {
        await hub.stop();
      }
    });
  }

  it('comes over TLS', async () => {
    const file = (name: string): string =>
      fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
    const tls = { cert: file('first.pem'), key: file('first.key') };
    const hub = await startKafkaHub({ users, tls });
    const { user, password } = users[0]!;
    const admin = new Kafka({
      brokers: [hub.broker],
      logLevel: logLevel.NOTHING,
      ssl: { rejectUnauthorized: false },
      sasl: { mechanism: 'plain', username: user, password },
    }).admin();
    try {
      await admin.connect();
      assert.deepEqual(await admin.listTopics(), []);
    } finally {
      await admin.disconnect();
      await hub.stop();
    }
  });

  it('gets nothing without logging in', async () => {
    const hub = await startKafkaHub({ users });
    const retry = { retries: 0 };
    const admin = new Kafka({ brokers: [hub.broker], logLevel: logLevel.NOTHING, retry }).admin();
    try {
      await assert.rejects(async () => {
        await admin.connect();
        await admin.listTopics();
      });
    } finally {
      await admin.disconnect();
      await hub.stop();
    }
  });
});
