/** Scenarios with @platformatic/kafka, which speaks only the newer versions of each API. */
import {
  Admin,
  type CompressionAlgorithmValue,
  Consumer,
  type ConsumerOptions,
  type Message,
  type MessagesStream,
  type MultipleErrors,
  ProduceAcks,
  Producer,
  type SASLMechanismValue,
} from '@platformatic/kafka';
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

const base = { clientId: 'scenarios', bootstrapBrokers: [address], retries: 5, retryDelay: 50 };
const admin = new Admin(base);
const TOPIC_WAIT = { autocreateTopics: false };

/** The innermost error's identity: the broker's name of it, or the client's code. */
function kind(error: Error): string {
  const inner = (error as MultipleErrors).errors?.[0] ?? error.cause;
  if (inner instanceof Error) return kind(inner);
  const { apiId, code, name } = error as Error & { apiId?: string; code?: string };
  return apiId ?? code ?? name;
}

async function topic(name: string, partitions = 1): Promise<string> {
  await admin.createTopics({ topics: [named(name)], partitions, replicas: 1 });
  await until(async () => (await admin.listTopics()).includes(named(name)));
  return named(name);
}

function consumer(group: string, more: Partial<ConsumerOptions<Buffer, Buffer, Buffer, Buffer>>) {
  const options = { ...base, groupId: named(group), sessionTimeout: 10_000, maxWaitTime: 100 };
  return new Consumer({ ...options, heartbeatInterval: 300, ...more } as ConsumerOptions<
    Buffer,
    Buffer,
    Buffer,
    Buffer
  >);
}

/** `isolationLevel` 1 reads what is committed. */
async function read(name: string, count: number, isolationLevel = 1): Promise<Message[]> {
  const reader = consumer(`${name}-reader-${isolationLevel}`, {});
  const stream = await reader.consume({ topics: [name], mode: 'earliest', isolationLevel });
  const messages: Message[] = [];
  stream.on('data', (message: Message) => messages.push(message));
  await until(() => messages.length >= count);
  await stream.close();
  await reader.close(true);
  return messages;
}

async function exact(compression: CompressionAlgorithmValue): Promise<unknown> {
  const name = await topic(`exact-${compression}`);
  const producer = new Producer({ ...base, ...TOPIC_WAIT });
  const sent = await producer.send({
    compression,
    acks: ProduceAcks.ALL,
    messages: RECORDS.map(({ key, value, headers }, i) => ({
      topic: name,
      partition: 0,
      timestamp: BigInt(TIME + i),
      headers: new Map(
        Object.entries(headers).map(([header, bytes]) => [Buffer.from(header), bytes]),
      ),
      ...(key !== null && { key }),
      ...(value !== null && { value }),
    })),
  });
  await producer.close();
  return {
    sent: sent.offsets?.map(({ partition, offset }) => [partition, String(offset)]),
    read: (await read(name, RECORDS.length)).map((message) => ({
      offset: String(message.offset),
      timestamp: String(message.timestamp),
      key: shown(message.key),
      value: shown(message.value),
      headers: [...message.headers].map(([header, bytes]) => [String(header), shown(bytes)]),
    })),
  };
}

async function group(protocol: 'classic' | 'consumer'): Promise<unknown> {
  const name = await topic(`group-${protocol}`, 4);
  const seen: string[] = [];
  const members: {
    readonly member: Consumer;
    readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>;
  }[] = [];
  const settings = protocol === 'consumer' ? { groupProtocol: protocol } : {};
  const join = async (): Promise<void> => {
    const member = consumer(`group-${protocol}`, settings);
    const stream = await member.consume({
      topics: [name],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: true,
    });
    stream.on('data', ({ partition, offset }: Message) => seen.push(`${partition}@${offset}`));
    members.push({ member, stream });
  };
  const held = (): number[] =>
    members.map(({ member }) =>
      (member.assignments ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0),
    );
  await join();
  await until(() => held()[0] === 4);
  await join();
  await until(() => held().every((count) => count === 2));
  const producer = new Producer({ ...base, ...TOPIC_WAIT });
  for (let partition = 0; partition < 4; partition++) {
    await producer.send({
      messages: Array.from({ length: 10 }, (_, i) => ({
        topic: name,
        partition,
        value: Buffer.from(`v${i}`),
      })),
    });
  }
  await producer.close();
  await until(() => new Set(seen).size >= 40);
  await members.pop()?.member.close(true);
  await until(() => held()[0] === 4);
  await members[0]?.member.close(true);
  return { different: new Set(seen).size };
}

async function transactions(): Promise<unknown> {
  const name = await topic('transactions');
  const producer = new Producer({
    ...base,
    ...TOPIC_WAIT,
    idempotent: true,
    transactionalId: named('transactions'),
  });
  for (const end of ['commit', 'abort', 'commit'] as const) {
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic: name, value: Buffer.from(end) }] });
    await transaction[end]();
  }
  await producer.close();
  const shownAs = ({ offset, value }: Message): unknown => [String(offset), String(value)];
  return {
    committed: (await read(name, 2)).map(shownAs),
    all: (await read(name, 3, 0)).map(shownAs),
  };
}

async function administration(): Promise<unknown> {
  const name = await topic('administration', 2);
  const producer = new Producer({ ...base, ...TOPIC_WAIT });
  await producer.send({
    messages: [{ topic: name, partition: 0, value: Buffer.from('v'), timestamp: 1000n }],
  });
  await producer.close();
  const offset = async (timestamp: bigint): Promise<unknown> => {
    const partitions = [{ partitionIndex: 0, timestamp }];
    const [found] = await admin.listOffsets({ topics: [{ name, partitions }] });
    return String(found?.partitions[0]?.offset);
  };
  const create = (topics: string[]): Promise<unknown> =>
    attempt(async () => {
      await admin.createTopics({ topics, partitions: 1, replicas: 1 });
    }, kind);
  return {
    again: await create([name]),
    'bad name': await create(['a/b']),
    latest: await offset(-1n),
    'by time': await offset(500n),
    more: await attempt(
      () => admin.createPartitions({ topics: [{ name, count: 3 }] as never }),
      kind,
    ),
    'unknown group': await attempt(() => admin.deleteGroups({ groups: [named('none')] }), kind),
    deleted: await attempt(() => admin.deleteTopics({ topics: [name] }), kind),
    'deleted again': await attempt(() => admin.deleteTopics({ topics: [name] }), kind),
  };
}

async function sasl(): Promise<unknown> {
  const outcome: Record<string, unknown> = {};
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as SASLMechanismValue[]) {
    for (const password of ['alice-secret', 'wrong']) {
      const secured = new Admin({
        ...base,
        bootstrapBrokers: [saslAddress],
        retries: 0,
        sasl: { mechanism, username: 'alice', password },
      });
      outcome[`${mechanism} ${password}`] = await attempt(
        async () => (await secured.metadata({ topics: [] })).brokers.size,
        kind,
      );
      await secured.close();
    }
  }
  return outcome;
}

await run(
  {
    'exact-none': () => exact('none'),
    'exact-gzip': () => exact('gzip'),
    'exact-snappy': () => exact('snappy'),
    'exact-lz4': () => exact('lz4'),
    'exact-zstd': () => exact('zstd'),
    'group-classic': () => group('classic'),
    'group-consumer': () => group('consumer'),
    transactions,
    administration,
    sasl,
  },
  kind,
);
