import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Consumer, type ConsumerConfig, Kafka, logLevel } from 'kafkajs';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { until } from './until.ts';

let hub: KafkaHub;
let kafka: Kafka;
const open: { disconnect(): Promise<void> }[] = [];

before(async () => {
  hub = await startKafkaHub({ kafka: { groupInitialDelayMs: 0 } });
  kafka = new Kafka({
    clientId: 'tests',
    brokers: [hub.broker],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 10 },
  });
});

after(async () => {
  await Promise.all(open.map((one) => one.disconnect()));
  await hub.stop();
  assert.deepEqual(hub.logged, []);
});

async function topic(name: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.createTopics({ topics: [{ topic: name, numPartitions }] });
  await admin.disconnect();
}

async function send(name: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: name, messages: values.map((value) => ({ key: value, value })) });
  await producer.disconnect();
}

interface Running {
  readonly consumer: Consumer;
  readonly values: string[];
  /** Of the last assignment. */
  partitions: readonly number[];
  rebalances: number;
}

async function run(
  name: string,
  groupId: string,
  config: Partial<ConsumerConfig> = {},
): Promise<Running> {
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 50,
    ...config,
  });
  open.push(consumer);
  const running: Running = { consumer, values: [], partitions: [], rebalances: 0 };
  consumer.on('consumer.group_join', ({ payload }) => {
    running.partitions = payload.memberAssignment[name] ?? [];
    running.rebalances += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topic: name, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      running.values.push(message.value!.toString());
    },
  });
  return running;
}

const numbers = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('members share the partitions, and share anew when one joins or leaves', async () => {
  await topic('shared', 6);
  const one = await run('shared', 'sharing');
  await until('one has all', () => one.partitions.length === 6);
  const two = await run('shared', 'sharing');
  const three = await run('shared', 'sharing');
  const members = [one, two, three];
  const shared = (): boolean => members.every(({ partitions }) => partitions.length === 2);
  await until('each has two', shared, 20_000);
  assert.deepEqual(members.flatMap(({ partitions }) => partitions).sort(), [0, 1, 2, 3, 4, 5]);
  await send('shared', numbers(200));
  const got = (): string[] => members.flatMap(({ values }) => values);
  await until('everything is read', () => got().length >= 200);
  assert.deepEqual(got().sort(), numbers(200).sort());
  await three.consumer.disconnect();
  await until('two share', () => one.partitions.length + two.partitions.length === 6, 20_000);
  assert.equal(one.partitions.length, 3);
});

test('what was committed is where the next member goes on', async () => {
  await topic('resumed', 2);
  await send('resumed', numbers(50));
  const first = await run('resumed', 'resuming', { sessionTimeout: 6000 });
  await until('all is read', () => first.values.length === 50);
  await first.consumer.disconnect();
  await send('resumed', numbers(50, 'later '));
  const second = await run('resumed', 'resuming');
  await until('the rest is read', () => second.values.length >= 50);
  assert.deepEqual(second.values.toSorted(), numbers(50, 'later ').sort());
});

test('groups and offsets are seen and removed by the admin client', async () => {
  await topic('administered', 2);
  await send('administered', numbers(10));
  const admin = kafka.admin({ retry: { retries: 1, initialRetryTime: 20 } });
  open.push(admin);
  await admin.connect();
  const member = await run('administered', 'administering');
  await until('all is read', () => member.values.length === 10);
  const { groups } = await admin.describeGroups(['administering', 'not there']);
  assert.equal(groups[0]!.state, 'Stable');
  assert.equal(groups[0]!.protocolType, 'consumer');
  assert.equal(groups[0]!.members.length, 1);
  assert.match(groups[0]!.members[0]!.memberId, /^tests-/);
  assert.equal(groups[1]!.state, 'Dead');
  assert.ok((await admin.listGroups()).groups.some(({ groupId }) => groupId === 'administering'));
  await assert.rejects(admin.deleteGroups(['administering']), /error/i);
  await member.consumer.disconnect();
  const [fetched] = await admin.fetchOffsets({
    groupId: 'administering',
    topics: ['administered'],
  });
  const sum = fetched!.partitions.reduce((before, { offset }) => before + Number(offset), 0);
  assert.equal(sum, 10);
  await admin.deleteGroups(['administering']);
  const after = await admin.fetchOffsets({ groupId: 'administering', topics: ['administered'] });
  assert.ok(after[0]!.partitions.every(({ offset }) => offset === '-1'));
});

test('a consumer that stops its heartbeats is replaced when its session is over', async () => {
  await topic('stuck', 2);
  const one = await run('stuck', 'sessions', { sessionTimeout: 1500 });
  await until('one has all', () => one.partitions.length === 2);
  const { promise: handled, resolve: handle } = Promise.withResolvers<void>();
  const stuck = kafka.consumer({
    groupId: 'sessions',
    sessionTimeout: 1500,
    heartbeatInterval: 50,
  });
  open.push(stuck);
  let mine: readonly number[] = [];
  stuck.on('consumer.group_join', ({ payload }) => {
    mine = payload.memberAssignment.stuck ?? [];
  });
  await stuck.connect();
  await stuck.subscribe({ topic: 'stuck', fromBeginning: true });
  // This client sends heartbeats between messages only.
  await stuck.run({ eachMessage: () => handled });
  await until('both share', () => one.partitions.length === 1 && mine.length === 1, 10_000);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'stuck', messages: [{ partition: mine[0]!, value: 'v' }] });
  await producer.disconnect();
  await until('one has all again', () => one.partitions.length === 2, 10_000);
  await until('what the other did not finish is read', () => one.values.includes('v'));
  handle();
});
