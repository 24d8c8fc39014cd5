/** Scenarios with kcat (an older librdkafka); the first argument is its path. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { address, attempt, named, run, saslAddress } from './outcomes.ts';

const KCAT = process.argv[2] ?? 'kcat';

async function kcat(args: readonly string[], input = ''): Promise<string> {
  const broker = args.includes('-b') ? [] : ['-b', address];
  // At the end of a partition it waits for the fetch under way.
  const settings = ['-X', 'fetch.wait.max.ms=50'];
  const child = spawn(KCAT, [...broker, ...settings, ...args], { timeout: 20_000 });
  child.stdin.end(input);
  const [said, complained, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (status !== 0) throw new Error(complained.trim().split('\n').at(-1));
  return said;
}

/** What librdkafka says in words, without its own prefix and addresses. */
function kind(error: Error): string {
  return error.message
    .replace(/^%?[^:]*ERROR: /, '')
    .replaceAll(/\d+\.\d+\.\d+\.\d+:\d+\S*/g, 'broker');
}

const FORMAT =
  '{"offset":%o,"key":"%k","length":%S,"value":"%s","time":%T,"headers":"%h","keyLength":%K}\n';

async function read(topic: string): Promise<unknown[]> {
  return (await kcat(['-C', '-q', '-e', '-t', topic, '-f', FORMAT]))
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
  await kcat([...common, '-K', ':'], 'k1:v1\nk2:v2\n:no key\nключ:значение\n');
  await kcat([...common, '-K', ':', '-Z'], 'tombstone:\n');
  await kcat([...common, '-H', 'a=1', '-H', 'a=2', '-H', 'b='], 'headers\n');
  await kcat([...common, '-X', 'acks=0'], 'unanswered\n');
  await kcat([...common, '-X', 'enable.idempotence=true'], 'idempotent\n');
  return read(topic);
}

async function positions(): Promise<unknown> {
  const topic = named('positions');
  await kcat(['-P', '-t', topic, '-p', '0'], '0\n1\n2\n3\n4\n');
  const values = async (...more: string[]): Promise<string[]> => {
    const read = await kcat(['-C', '-q', '-e', '-t', topic, ...more]);
    return read.trim().split('\n');
  };
  const asked = async (time: number): Promise<string> => {
    const found = await kcat(['-Q', '-t', `${topic}:0:${time}`]);
    return found.trim().replace(topic, 'topic');
  };
  return {
    'from 2': await values('-o', '2'),
    'last two': await values('-o', '-2'),
    'two of them': await values('-o', 'beginning', '-c', '2'),
    end: await values('-o', 'end'),
    'unknown partition': await attempt(() => values('-p', '9'), kind),
    'by time': await asked(1),
    latest: await asked(-1),
  };
}

async function metadata(): Promise<unknown> {
  const topic = named('metadata');
  await kcat(['-P', '-t', topic], 'x\n');
  const { brokers, topics } = JSON.parse(await kcat(['-L', '-J', '-t', topic])) as {
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
  await kcat(['-P', '-t', topic], '0\n1\n2\n');
  const consume = (): Promise<string> =>
    kcat([
      ...['-G', named('group'), '-q', '-e', '-X', 'auto.offset.reset=earliest'],
      ...['-X', 'session.timeout.ms=6000', topic],
    ]);
  const first = await consume();
  await kcat(['-P', '-t', topic], '3\n4\n');
  return { first: first.trim().split('\n'), second: (await consume()).trim().split('\n') };
}

async function transaction(): Promise<unknown> {
  const topic = named('transaction');
  await kcat(['-P', '-t', topic, '-X', `transactional.id=${named('transaction')}`], 'a\nb\n');
  return read(topic);
}

/** SCRAM of this librdkafka repeats the client's nonce, which no broker has taken since CVE-2024-56128. */
async function sasl(): Promise<unknown> {
  const login = (mechanism: string, password: string): Promise<unknown> => {
    const settings = [
      'security.protocol=SASL_PLAINTEXT',
      `sasl.mechanism=${mechanism}`,
      'sasl.username=alice',
      `sasl.password=${password}`,
    ].flatMap((setting) => ['-X', setting]);
    return attempt(async () => {
      const listed = await kcat(['-b', saslAddress, '-L', '-J', '-m', '3', ...settings]);
      return (JSON.parse(listed) as { brokers: unknown[] }).brokers.length;
    }, kind);
  };
  const [right, wrong, scram] = await Promise.all([
    login('PLAIN', 'alice-secret'),
    login('PLAIN', 'wrong'),
    login('SCRAM-SHA-256', 'alice-secret'),
  ]);
  return { right, wrong, scram };
}

const invalidName = async (): Promise<unknown> =>
  attempt(() => kcat(['-P', '-t', 'a/b'], 'x\n'), kind);

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
    'invalid-name': invalidName,
    sasl,
  },
  kind,
);
