/** Scenarios with kafkajs, which speaks only the older versions of each API. */
import kafkajs, { type Consumer, type Kafka, type KafkaMessage, type SASLOptions } from 'kafkajs';
import {
  address,
  attempt,
  named,
  RECORDS,
  run,
  saslAddress,
  shown,
  TIME,
  until,
} from './outcomes.ts';

const { CompressionTypes, logLevel } = kafkajs;

function connect(broker: string, sasl?: SASLOptions): Kafka {
  return new kafkajs.Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    retry: { retries: sasl === undefined ? 5 : 0, initialRetryTime: 50 },
    ...(sasl !== undefined && { sasl }),
  });
}

const kafka = connect(address);
const admin = kafka.admin();
await admin.connect();

function kind(error: Error): string {
  if (error.cause instanceof Error) return kind(error.cause);
  const { type, name } = error as Error & { type?: string };
  return type ?? name;
}

async function topic(name: string, numPartitions = 1): Promise<string> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic: named(name), numPartitions, replicationFactor: 1 }],
  });
  return named(name);
}

async function read(name: string, count: number, readUncommitted = false): Promise<KafkaMessage[]> {
  const messages: KafkaMessage[] = [];
  const consumer = kafka.consumer({
    groupId: `${name}-reader-${readUncommitted}`,
    readUncommitted,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [name], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      messages.push(message);
    },
  });
  await until(() => messages.length >= count);
  await consumer.disconnect();
  return messages;
}

async function exact(compression: kafkajs.CompressionTypes): Promise<unknown> {
  const name = await topic(`exact-${compression}`);
  const producer = kafka.producer();
  await producer.connect();
  const sent = await producer.send({
    topic: name,
    compression,
    messages: RECORDS.map((record, i) => ({ ...record, timestamp: String(TIME + i) })),
  });
  await producer.disconnect();
  const messages = await read(name, RECORDS.length);
  return {
    sent: sent.map(({ partition, baseOffset }) => [partition, baseOffset]),
    read: messages.map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key: shown(key),
      value: shown(value),
      headers: Object.entries(headers ?? {}).map(([header, bytes]) => [
        header,
        shown(bytes as Buffer),
      ]),
    })),
  };
}

async function group(): Promise<unknown> {
  const name = await topic('group', 4);
  const held = new Map<Consumer, number>();
  const seen: string[] = [];
  const join = async (): Promise<Consumer> => {
    const consumer = kafka.consumer({
      groupId: named('group'),
      heartbeatInterval: 200,
      maxWaitTimeInMs: 100,
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      held.set(consumer, payload.memberAssignment[name]?.length ?? 0);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        seen.push(`${partition}@${message.offset}`);
      },
    });
    return consumer;
  };
  const first = await join();
  await until(() => held.get(first) === 4);
  const second = await join();
  await until(() => held.get(first) === 2 && held.get(second) === 2);
  const producer = kafka.producer();
  await producer.connect();
  for (let partition = 0; partition < 4; partition++) {
    const messages = Array.from({ length: 10 }, (_, i) => ({ partition, value: `v${i}` }));
    await producer.send({ topic: name, messages });
  }
  await until(() => seen.length >= 40);
  await second.disconnect();
  await until(() => held.get(first) === 4);
  await first.disconnect();
  await producer.disconnect();
  const [offsets] = await admin.fetchOffsets({ groupId: named('group'), topics: [name] });
  return {
    seen: seen.length,
    different: new Set(seen).size,
    committed: offsets?.partitions
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ offset }) => offset),
  };
}

async function transactions(): Promise<unknown> {
  const name = await topic('transactions');
  const producer = kafka.producer({
    transactionalId: named('transactions'),
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  for (const end of ['commit', 'abort', 'commit'] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: name, messages: [{ value: end }] });
    await transaction[end]();
  }
  await producer.disconnect();
  const shownAs = ({ offset, value }: KafkaMessage): unknown => [offset, value?.toString()];
  return {
    committed: (await read(name, 2)).map(shownAs),
    all: (await read(name, 3, true)).map(shownAs),
  };
}

async function administration(): Promise<unknown> {
  const name = await topic('administration', 2);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: name, messages: [{ partition: 0, value: 'v', timestamp: '1000' }] });
  await producer.disconnect();
  const create = (topic: string): Promise<unknown> =>
    attempt(() => admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }), kind);
  const { groups } = await admin.listGroups();
  const result = {
    again: await create(name),
    'bad name': await create('a/b'),
    offsets: await admin.fetchTopicOffsets(name),
    'by time': await admin.fetchTopicOffsetsByTimestamp(name, 500),
    more: await attempt(
      () => admin.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] }),
      kind,
    ),
    groups: groups.length >= 0,
    'unknown group': await attempt(() => admin.deleteGroups([named('no-such-group')]), kind),
    shortened: await attempt(
      () => admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '1' }] }),
      kind,
    ),
    described: (await admin.describeCluster()).brokers.length,
    deleted: await attempt(() => admin.deleteTopics({ topics: [name] }), kind),
  };
  return result;
}

async function sasl(): Promise<unknown> {
  const outcome: Record<string, unknown> = {};
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    for (const password of ['alice-secret', 'wrong']) {
      const client = connect(saslAddress, {
        mechanism,
        username: 'alice',
        password,
      } as SASLOptions);
      const secured = client.admin();
      outcome[`${mechanism} ${password}`] = await attempt(async () => {
        await secured.connect();
        return (await secured.describeCluster()).brokers.length;
      }, kind);
      await secured.disconnect();
    }
  }
  return outcome;
}

await run(
  {
    'exact-none': () => exact(CompressionTypes.None),
    'exact-gzip': () => exact(CompressionTypes.GZIP),
    group,
    transactions,
    administration,
    sasl,
  },
  kind,
);
