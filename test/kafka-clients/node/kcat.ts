/** Scenarios with kcat (an older librdkafka); the first argument is its path. */
import { spawnSync } from 'node:child_process';
import { address, attempt, named, run, saslAddress } from './outcomes.ts';

const KCAT = process.argv[2] ?? 'kcat';

function kcat(args: readonly string[], input = ''): string {
  const broker = args.includes('-b') ? [] : ['-b', address];
  const done = spawnSync(KCAT, [...broker, ...args], { input, encoding: 'utf8', timeout: 20_000 });
  if (done.status !== 0) throw new Error(done.stderr.trim().split('\n').at(-1));
  return done.stdout;
}

/** What librdkafka says in words, without its own prefix and addresses. */
function kind(error: Error): string {
  return error.message
    .replace(/^%?[^:]*ERROR: /, '')
    .replaceAll(/\d+\.\d+\.\d+\.\d+:\d+\S*/g, 'broker');
}

const FORMAT =
  '{"offset":%o,"key":"%k","length":%S,"value":"%s","time":%T,"headers":"%h","keyLength":%K}\n';

function read(topic: string, ...more: string[]): unknown[] {
  return kcat(['-C', '-q', '-e', '-t', topic, '-f', FORMAT, ...more])
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { time, ...rest } = JSON.parse(line) as { time: number };
      return { ...rest, 'has a time': time > 0 };
    });
}

async function exact(codec: string): Promise<unknown> {
  const topic = named(`exact-${codec}`);
  const common = ['-P', '-t', topic, '-p', '0', '-z', codec];
  kcat([...common, '-K', ':'], 'k1:v1\nk2:v2\n:no key\nключ:значение\n');
  kcat([...common, '-K', ':', '-Z'], 'tombstone:\n');
  kcat([...common, '-H', 'a=1', '-H', 'a=2', '-H', 'b='], 'headers\n');
  kcat([...common, '-X', 'acks=0'], 'unanswered\n');
  kcat([...common, '-X', 'enable.idempotence=true'], 'idempotent\n');
  return read(topic);
}

async function positions(): Promise<unknown> {
  const topic = named('positions');
  kcat(['-P', '-t', topic, '-p', '0'], '0\n1\n2\n3\n4\n');
  const values = (...more: string[]): string[] =>
    kcat(['-C', '-q', '-e', '-t', topic, ...more])
      .trim()
      .split('\n');
  return {
    'from 2': values('-o', '2'),
    'last two': values('-o', '-2'),
    'two of them': values('-o', 'beginning', '-c', '2'),
    end: values('-o', 'end'),
    'by time': kcat(['-Q', '-t', `${topic}:0:1`])
      .trim()
      .replace(topic, 'topic'),
    latest: kcat(['-Q', '-t', `${topic}:0:-1`])
      .trim()
      .replace(topic, 'topic'),
  };
}

async function metadata(): Promise<unknown> {
  const topic = named('metadata');
  kcat(['-P', '-t', topic], 'x\n');
  const { brokers, topics } = JSON.parse(kcat(['-L', '-J', '-t', topic])) as {
    brokers: { id: number }[];
    topics: { partitions: { leader: number; replicas: unknown[]; isrs: unknown[] }[] }[];
  };
  return {
    brokers: brokers.length,
    partitions: topics[0]?.partitions.map(({ leader, replicas, isrs }) => [
      leader === brokers[0]?.id,
      replicas.length,
      isrs.length,
    ]),
  };
}

async function group(): Promise<unknown> {
  const topic = named('group');
  kcat(['-P', '-t', topic], '0\n1\n2\n');
  const consume = (): string =>
    kcat([
      ...['-G', named('group'), '-q', '-e', '-X', 'auto.offset.reset=earliest'],
      ...['-X', 'session.timeout.ms=6000', topic],
    ]);
  const first = consume();
  kcat(['-P', '-t', topic], '3\n4\n');
  return { first: first.trim().split('\n'), second: consume().trim().split('\n') };
}

async function transaction(): Promise<unknown> {
  const topic = named('transaction');
  kcat(['-P', '-t', topic, '-X', `transactional.id=${named('transaction')}`], 'a\nb\n');
  return read(topic);
}

async function sasl(): Promise<unknown> {
  const outcome: Record<string, unknown> = {};
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    for (const password of ['alice-secret', 'wrong']) {
      const settings = [
        'security.protocol=SASL_PLAINTEXT',
        `sasl.mechanism=${mechanism}`,
        'sasl.username=alice',
        `sasl.password=${password}`,
      ].flatMap((setting) => ['-X', setting]);
      outcome[`${mechanism} ${password}`] = await attempt(() => {
        const listed = kcat(['-b', saslAddress, '-L', '-J', '-m', '3', ...settings]);
        return (JSON.parse(listed) as { brokers: unknown[] }).brokers.length;
      }, kind);
    }
  }
  return outcome;
}

async function refused(): Promise<unknown> {
  return {
    'invalid name': await attempt(() => kcat(['-P', '-t', 'a/b'], 'x\n'), kind),
    'unknown partition': await attempt(
      () => kcat(['-C', '-q', '-e', '-t', named('positions'), '-p', '9']),
      kind,
    ),
  };
}

await run(
  {
    ...Object.fromEntries(
      ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => [
        `exact-${codec}`,
        () => exact(codec),
      ]),
    ),
    positions,
    metadata,
    group,
    transaction,
    refused,
    sasl,
  },
  kind,
);
