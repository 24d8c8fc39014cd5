/** Scenarios with Apache Kafka's command-line tools; the first argument is their class path. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { address, named, run } from './outcomes.ts';

const CLASS_PATH = process.argv[2] ?? '';
const JVM = [
  ...['-Xmx192m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'],
  ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', CLASS_PATH],
];

/** Runs a class below org.apache.kafka.tools; answers what it printed, errors too. */
async function tool(name: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(
    'java',
    [...JVM, `org.apache.kafka.tools.${name}`, '--bootstrap-server', address, ...args],
    { timeout: 60_000 },
  );
  child.stdin.end(input);
  const [said, complained] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return `${said}${complained}`.trim();
}

const lines = (said: string): string[] => said.split('\n').map((line) => line.trim());

async function topics(): Promise<unknown> {
  const topic = named('topics');
  const command = (...args: string[]): Promise<string> => tool('TopicCommand', args);
  const created = await command(
    ...['--create', '--topic', topic, '--partitions', '2', '--config', 'retention.ms=3600000'],
  );
  const described = await command('--describe', '--topic', topic);
  const grown = await command('--alter', '--topic', topic, '--partitions', '3');
  const listed = lines(await command('--list')).filter((name) => name === topic);
  const deleted = await command('--delete', '--topic', topic);
  return {
    created: lines(created).at(-1),
    described: lines(described).map((line) =>
      line
        .replace(/TopicId: \S+/, 'TopicId: ID')
        .replace(/\s+/g, ' ')
        .replace(/(segment.bytes|min.insync.replicas)=\d+,?/g, ''),
    ),
    grown,
    listed,
    deleted,
  };
}

async function console_(): Promise<unknown> {
  const topic = named('console');
  await tool('TopicCommand', ['--create', '--topic', topic]);
  const produced = await tool(
    'ConsoleProducer',
    [
      ...['--topic', topic, '--reader-property', 'parse.key=true'],
      ...['--reader-property', 'key.separator=:', '--reader-property', 'parse.headers=true'],
      ...['--reader-property', 'null.marker=NULL', '--compression-codec', 'zstd'],
    ],
    'h1:v1,h2:v2\tk1:one\nh1:v1\tk2:two\nh1:v1\tk3:NULL\n',
  );
  const consume = (...args: string[]): Promise<string> =>
    tool('consumer.ConsoleConsumer', [
      ...['--topic', topic, '--max-messages', '3', '--timeout-ms', '20000'],
      ...['--formatter-property', 'print.key=true', '--formatter-property', 'print.headers=true'],
      ...['--formatter-property', 'print.offset=true', ...args],
    ]);
  const group = named('console');
  const consumed = lines(await consume('--from-beginning', '--group', group));
  const [offsets, described, listed] = await Promise.all([
    tool('GetOffsetShell', ['--topic', topic]),
    tool('consumer.group.ConsumerGroupCommand', ['--describe', '--group', group]),
    tool('consumer.group.ConsumerGroupCommand', ['--list']),
  ]);
  const reset = await tool('consumer.group.ConsumerGroupCommand', [
    ...['--reset-offsets', '--to-earliest', '--group', group, '--topic', topic, '--execute'],
  ]);
  const again = lines(await consume('--group', group));
  const deleted = await tool('consumer.group.ConsumerGroupCommand', ['--delete', '--group', group]);
  return {
    produced,
    consumed,
    offsets,
    described: lines(described).map((line) => line.replaceAll(/\s+/g, ' ')),
    listed: lines(listed).filter((name) => name === group),
    reset: lines(reset).map((line) => line.replaceAll(/\s+/g, ' ')),
    again,
    deleted,
  };
}

async function records(): Promise<unknown> {
  const topic = named('records');
  await tool('TopicCommand', ['--create', '--topic', topic]);
  const produced = await tool('ProducerPerformance', [
    ...['--topic', topic, '--num-records', '5000', '--record-size', '100', '--throughput', '-1'],
    ...['--command-property', 'acks=all'],
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'kafka-tools-'));
  const file = join(folder, 'offsets.json');
  writeFileSync(
    file,
    JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset: 2000 }] }),
  );
  const deleted = await tool('DeleteRecordsCommand', ['--offset-json-file', file]);
  rmSync(folder, { recursive: true });
  const [earliest, consumed] = await Promise.all([
    tool('GetOffsetShell', ['--topic', topic, '--time', 'earliest']),
    tool('ConsumerPerformance', ['--topic', topic, '--num-records', '3000', '--hide-header']),
  ]);
  return {
    produced: /^(\d+ records sent)/m.exec(lines(produced).at(-1) ?? '')?.[1],
    deleted: lines(deleted).at(-1),
    earliest,
    consumed: lines(consumed).at(-1)?.split(', ')[4],
  };
}

async function verified(): Promise<unknown> {
  const topic = named('verified');
  await tool('TopicCommand', ['--create', '--topic', topic]);
  const produced = await tool('VerifiableProducer', [
    ...['--topic', topic, '--max-messages', '50', '--acks', '-1'],
  ]);
  const consumed = await tool('VerifiableConsumer', [
    ...['--topic', topic, '--group-id', named('verified'), '--max-messages', '50'],
    ...['--reset-policy', 'earliest'],
  ]);
  const events = (said: string): { name: string; count?: number }[] =>
    lines(said)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { name: string; count?: number });
  return {
    acknowledged: events(produced).filter(({ name }) => name === 'producer_send_success').length,
    read: events(consumed)
      .filter(({ name }) => name === 'records_consumed')
      .reduce((sum, { count = 0 }) => sum + count, 0),
  };
}

await run({ topics, console: console_, records, verified }, ({ name }) => name);
