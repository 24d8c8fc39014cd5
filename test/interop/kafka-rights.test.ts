import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { buildBatch } from '../../src/formats/records/records.test-support.ts';
import { application, eventType } from '../../src/hub/application.test-support.ts';
import { ERROR } from '../../src/protocols/kafka/errors.ts';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { RawKafka } from './kafka-raw.ts';

const USERS = [
  { user: 'boss', password: 'password of boss', scopes: ['*'] },
  { user: 'clerk', password: 'password of clerk', scopes: ['orders'] },
  { user: 'guest', password: 'password of guest', scopes: [] },
];

/** The stream `test.placed` holds an event that asks for the scope `orders`, with a schema. */
const placed = eventType('placed', {
  subject: 'orders.placed',
  scopes: ['orders'],
  schema: {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'integer' } },
    additionalProperties: false,
  },
});

function records(...values: string[]): Buffer {
  return buildBatch(
    values.map((value) => ({
      key: null,
      value: Buffer.from(value),
      headers: [['content-type', Buffer.from('application/json')]],
      timeMs: 1_700_000_000_000,
    })),
  );
}

describe('rights of Kafka clients', () => {
  let hub: KafkaHub;
  const clients: RawKafka[] = [];

  before(async () => {
    hub = await startKafkaHub({
      users: USERS,
      application: application([], { events: [placed] }),
    });
  });

  after(async () => {
    for (const client of clients) client.end();
    await hub.stop();
  });

  async function as(user: string): Promise<RawKafka> {
    const client = new RawKafka(hub.port);
    clients.push(client);
    await client.call(17, 1, { mechanism: 'PLAIN' });
    const authBytes = Buffer.from(`\0${user}\0password of ${user}`);
    assert.equal((await client.call(36, 1, { authBytes })).errorCode, ERROR.NONE);
    return client;
  }

  async function produce(client: RawKafka, topic: string, batch: Buffer) {
    const { responses } = await client.call(0, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
    });
    return responses[0].partitionResponses[0];
  }

  it('show a topic to those who may use it, and tell the others no more than that', async () => {
    const [clerk, guest] = [await as('clerk'), await as('guest')];
    const names = async (client: RawKafka): Promise<string[]> =>
      (await client.call(3, 9, { topics: null })).topics.map(({ name }: { name: string }) => name);
    assert.deepEqual(await names(clerk), ['test.placed']);
    assert.deepEqual(await names(guest), []);
    const asked = { topics: [{ name: 'test.placed' }], allowAutoTopicCreation: false };
    const [topic] = (await guest.call(3, 9, asked)).topics;
    assert.deepEqual([topic.errorCode, topic.partitions], [ERROR.TOPIC_AUTHORIZATION_FAILED, []]);
  });

  it('are asked for at writing, reading, and by every other API', async () => {
    const [clerk, guest] = [await as('clerk'), await as('guest')];
    const one = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 };
    const fetch = {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: 'test.placed', partitions: [one] }],
    };
    const list = {
      topics: [{ name: 'test.placed', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
    };
    for (const [client, expected] of [
      [clerk, ERROR.NONE],
      [guest, ERROR.TOPIC_AUTHORIZATION_FAILED],
    ] as const) {
      assert.equal((await produce(client, 'test.placed', records('{"id":1}'))).errorCode, expected);
      const fetched = await client.call(1, 11, fetch);
      assert.equal(fetched.responses[0].partitions[0].errorCode, expected);
      const listed = await client.call(2, 5, list);
      assert.equal(listed.topics[0].partitions[0].errorCode, expected);
    }
  });

  it('to manage topics are a scope of their own', async () => {
    const [boss, clerk] = [await as('boss'), await as('clerk')];
    const create = (name: string) => ({
      topics: [{ name, numPartitions: 1, replicationFactor: 1 }],
      timeoutMs: 1000,
    });
    const refused = await clerk.call(19, 5, create('mine'));
    assert.equal(refused.topics[0].errorCode, ERROR.TOPIC_AUTHORIZATION_FAILED);
    const automatic = await clerk.call(3, 9, { topics: [{ name: 'mine' }] });
    assert.equal(automatic.topics[0].errorCode, ERROR.TOPIC_AUTHORIZATION_FAILED);
    const created = await boss.call(19, 5, create('ours'));
    assert.equal(created.topics[0].errorCode, ERROR.NONE);
    const removed = await clerk.call(20, 5, { topicNames: ['ours'], timeoutMs: 1000 });
    assert.equal(removed.responses[0].errorCode, ERROR.TOPIC_AUTHORIZATION_FAILED);
    const trim = [{ name: 'ours', partitions: [{ partitionIndex: 0, offset: 0 }] }];
    const trimmed = await clerk.call(21, 2, { topics: trim, timeoutMs: 1000 });
    assert.equal(trimmed.topics[0].partitions[0].errorCode, ERROR.TOPIC_AUTHORIZATION_FAILED);
    const change = [{ resourceType: 2, resourceName: 'ours', configs: [] }];
    const changed = await clerk.call(44, 1, { resources: change });
    assert.equal(changed.responses[0].errorCode, ERROR.TOPIC_AUTHORIZATION_FAILED);
  });

  it('hold records of an event against its contract', async () => {
    const clerk = await as('clerk');
    const bad = await produce(clerk, 'test.placed', records('{"id":1}', '{"id":"one"}'));
    assert.equal(bad.errorCode, ERROR.INVALID_RECORD);
    assert.match(bad.errorMessage, /Record 1 of batch 0/);
  });
});

describe('what a Produce may hold', () => {
  let hub: KafkaHub;
  let client: RawKafka;

  before(async () => {
    hub = await startKafkaHub();
    client = new RawKafka(hub.port);
    const topics = [
      { name: 'plain', numPartitions: 1, replicationFactor: 1 },
      {
        name: 'compacted',
        numPartitions: 1,
        replicationFactor: 1,
        configs: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'max.message.bytes', value: '2000' },
        ],
      },
    ];
    const created = await client.call(19, 5, { topics, timeoutMs: 1000 });
    for (const { errorCode } of created.topics) assert.equal(errorCode, ERROR.NONE);
  });

  after(async () => {
    client.end();
    await hub.stop();
  });

  async function errorOf(batch: Buffer | null, topic = 'plain', version = 9, acks = -1) {
    const { responses } = await client.call(0, version, {
      acks,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
    });
    return responses[0].partitionResponses[0].errorCode;
  }

  it('is one whole batch of format 2, no more and no less', async () => {
    const good = records('a', 'b');
    const flipped = Buffer.from(good);
    flipped[70]! ^= 1;
    assert.equal(await errorOf(records('a', 'b')), ERROR.NONE);
    assert.equal(await errorOf(flipped), ERROR.CORRUPT_MESSAGE);
    assert.equal(await errorOf(null), ERROR.INVALID_RECORD);
    assert.equal(await errorOf(Buffer.alloc(0)), ERROR.INVALID_RECORD);
    assert.equal(await errorOf(Buffer.concat([records('a'), records('b')])), ERROR.INVALID_RECORD);
    assert.equal(await errorOf(good.subarray(0, good.length - 3)), ERROR.CORRUPT_MESSAGE);
    for (const magic of [0, 1]) {
      const old = Buffer.from(good);
      old[16] = magic;
      assert.equal(await errorOf(old), ERROR.INVALID_RECORD);
    }
    const control = buildBatch([{ key: null, value: null, headers: [], timeMs: 1 }], {
      control: true,
    });
    assert.equal(await errorOf(control), ERROR.INVALID_RECORD);
  });

  it('is compressed as the version of the request allows', async () => {
    const record = { key: null, value: Buffer.alloc(500, 'x'), headers: [], timeMs: 1 };
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const batch = (): Buffer => buildBatch([record], { compression });
      assert.equal(await errorOf(batch()), ERROR.NONE, compression);
      const early = compression === 'zstd' ? ERROR.UNSUPPORTED_COMPRESSION_TYPE : ERROR.NONE;
      assert.equal(await errorOf(batch(), 'plain', 6), early, compression);
    }
  });

  it('has keys where records are compacted, and no more bytes than the topic takes', async () => {
    assert.equal(await errorOf(records('no key'), 'compacted'), ERROR.INVALID_RECORD);
    const keyed = (bytes: number): Buffer =>
      buildBatch([{ key: Buffer.from('k'), value: Buffer.alloc(bytes), headers: [], timeMs: 1 }]);
    assert.equal(await errorOf(keyed(100), 'compacted'), ERROR.NONE);
    assert.equal(await errorOf(keyed(3000), 'compacted'), ERROR.MESSAGE_TOO_LARGE);
  });

  it('asks for acknowledgements that there are', async () => {
    assert.equal(await errorOf(records('a'), 'plain', 9, 2), ERROR.INVALID_REQUIRED_ACKS);
    assert.equal(await errorOf(records('a'), 'plain', 9, 1), ERROR.NONE);
  });

  it('of an idempotent producer is stored once, in order, and fenced by epoch', async () => {
    const { producerId, producerEpoch } = await client.call(22, 4, {
      transactionalId: null,
      transactionTimeoutMs: 1000,
    });
    const batch = (baseSequence: number, epoch = producerEpoch): Buffer =>
      buildBatch([{ key: null, value: Buffer.from('x'), headers: [], timeMs: 1 }], {
        producerId,
        producerEpoch: epoch,
        baseSequence,
      });
    const send = async (records: Buffer) => {
      const { responses } = await client.call(0, 9, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: 'plain', partitionData: [{ index: 0, records }] }],
      });
      return responses[0].partitionResponses[0];
    };
    const first = await send(batch(0));
    assert.equal(first.errorCode, ERROR.NONE);
    const again = await send(batch(0));
    assert.deepEqual([again.errorCode, again.baseOffset], [ERROR.NONE, first.baseOffset]);
    assert.equal((await send(batch(5))).errorCode, ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert.equal((await send(batch(1))).baseOffset, first.baseOffset + 1);
    assert.equal((await send(batch(0, producerEpoch + 1))).errorCode, ERROR.NONE);
    assert.equal((await send(batch(2))).errorCode, ERROR.INVALID_PRODUCER_EPOCH);
  });
});
