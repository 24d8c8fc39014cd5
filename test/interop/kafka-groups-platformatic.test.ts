import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  Admin,
  Consumer,
  type ConsumerOptions,
  type Message,
  type MessagesStream,
  Producer,
} from '@platformatic/kafka';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { until } from './until.ts';

type Bytes = Buffer<ArrayBufferLike>;
type Options = Partial<ConsumerOptions<Bytes, Bytes, Bytes, Bytes>>;

let hub: KafkaHub;
let admin: Admin;
let base: { clientId: string; bootstrapBrokers: string[]; retries: number; retryDelay: number };

before(async () => {
  hub = await startKafkaHub({
    kafka: { groupInitialDelayMs: 0, consumerHeartbeatMs: 50, consumerSessionTimeoutMs: 2000 },
  });
  base = { clientId: 'tests', bootstrapBrokers: [hub.broker], retries: 5, retryDelay: 20 };
  admin = new Admin(base);
});

after(async () => {
  await Promise.all([...open].map((member) => member.close()));
  await admin.close();
  await hub.stop();
  assert.deepEqual(hub.logged, []);
});

interface Member {
  readonly consumer: Consumer<Bytes, Bytes, Bytes, Bytes>;
  readonly stream: MessagesStream<Bytes, Bytes, Bytes, Bytes>;
  readonly values: string[];
  /** Partitions that it is assigned. */
  count(): number;
  /** Records before the offsets that it has committed. */
  committed(): number;
  close(): Promise<void>;
}

async function join(topic: string, groupId: string, options: Options): Promise<Member> {
  const consumer = new Consumer<Bytes, Bytes, Bytes, Bytes>({
    ...base,
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 50,
    maxWaitTime: 50,
    ...options,
  } as ConsumerOptions<Bytes, Bytes, Bytes, Bytes>);
  const stream = await consumer.consume({
    topics: [topic],
    mode: 'committed',
    fallbackMode: 'earliest',
    autocommit: 50,
  } as never);
  const values: string[] = [];
  stream.on('data', ({ value }: Message<Bytes, Bytes, Bytes, Bytes>) => {
    values.push(String(value));
  });
  const offsets = new Map<number, number>();
  stream.on('autocommit', (error, committed) => {
    if (error) return;
    for (const { partition, offset } of committed) offsets.set(partition, Number(offset));
  });
  const member: Member = {
    consumer,
    stream,
    values,
    count: () =>
      (consumer.assignments ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0),
    committed: () => [...offsets.values()].reduce((sum, offset) => sum + offset, 0),
    async close() {
      open.delete(member);
      await consumer.close(true);
    },
  };
  open.add(member);
  return member;
}

async function send(topic: string, values: readonly string[]): Promise<void> {
  const producer = new Producer({ ...base, autocreateTopics: false });
  await producer.send({
    messages: values.map((value) => ({
      topic,
      key: Buffer.from(value),
      value: Buffer.from(value),
    })),
  });
  await producer.close();
}

/** Closes what a failing test left open. */
const open = new Set<Member>();

const numbers = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

for (const protocol of ['classic', 'consumer'] as const) {
  const options: Options = protocol === 'consumer' ? { groupProtocol: protocol } : {};

  test(`${protocol}: members share, read everything, and share anew`, async () => {
    const topic = `shared-${protocol}`;
    await admin.createTopics({ topics: [topic], partitions: 6, replicas: 1 });
    const one = await join(topic, topic, options);
    await until('one has all', () => one.count() === 6);
    const two = await join(topic, topic, options);
    const three = await join(topic, topic, options);
    const members = [one, two, three];
    await until('each has two', () => members.every((member) => member.count() === 2), 10_000);
    await send(topic, numbers(100));
    const got = (): Set<string> => new Set(members.flatMap(({ values }) => values));
    await until('everything is read', () => got().size === 100, 10_000);
    await three.close();
    await until('two share', () => one.count() === 3 && two.count() === 3, 10_000);
    await send(topic, numbers(100, 'more '));
    await until('all of the rest is read', () => got().size === 200, 10_000);
    const groups = await admin.listGroups({ types: [protocol] });
    assert.match(String(groups.get(topic)?.state), /^stable$/i);
    await two.close();
    await one.close();
  });

  test(`${protocol}: a member goes on where the group has committed`, async () => {
    const topic = `resumed-${protocol}`;
    await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    await send(topic, numbers(20));
    const first = await join(topic, topic, options);
    await until('all is committed', () => first.committed() === 20, 10_000);
    await first.close();
    await send(topic, numbers(20, 'later '));
    const second = await join(topic, topic, options);
    await until('the rest is read', () => second.values.length === 20, 10_000);
    assert.deepEqual(second.values.toSorted(), numbers(20, 'later ').sort());
    await second.close();
  });
}
