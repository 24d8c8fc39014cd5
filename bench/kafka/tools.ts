/** Apache Kafka's own performance tools, and a load program that costs next to nothing itself. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jars } from '../../test/kafka-clients/installed.ts';

const CACHE = join(import.meta.dirname, '../../.cache/kafka-load');
const TOOL = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];

export interface Produced {
  readonly perSecond: number;
  /** Milliseconds from sending a record to its acknowledgement. */
  readonly p99: number;
}

export interface Load {
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
  /** Records per second; as many as it can when left out. */
  readonly throughput?: number;
  readonly properties?: readonly string[];
}

/** kafka-producer-perf-test with acks=all. */
export function producerPerformance(port: number, load: Load): Produced {
  const output = tool('ProducerPerformance', [
    ...['--bootstrap-server', `127.0.0.1:${port}`, '--topic', load.topic],
    ...['--num-records', `${load.records}`, '--record-size', `${load.recordBytes}`],
    ...['--throughput', `${load.throughput ?? -1}`, '--command-property', 'acks=all'],
    ...(load.properties ?? []),
  ]);
  const found = /records sent, ([\d.]+) records\/sec .* ([\d.]+) ms 99th, [\d.]+ ms 99\.9th/.exec(
    output,
  );
  if (found === null) throw new Error(`ProducerPerformance said:\n${output}`);
  return { perSecond: Number(found[1]), p99: Number(found[2]) };
}

/** kafka-consumer-perf-test; records per second while it fetches, without joining the group. */
export function consumerPerformance(port: number, topic: string, records: number): number {
  const output = tool('ConsumerPerformance', [
    ...['--bootstrap-server', `127.0.0.1:${port}`, '--topic', topic],
    ...['--num-records', `${records}`, '--hide-header'],
  ]);
  const fields = output.trim().split('\n').at(-1)?.split(', ') ?? [];
  if (fields.length < 10) throw new Error(`ConsumerPerformance said:\n${output}`);
  return Number(fields[9]);
}

function tool(name: string, args: readonly string[]): string {
  const command = [...TOOL, '-cp', jars('broker'), `org.apache.kafka.tools.${name}`, ...args];
  return execFileSync('java', command, { encoding: 'utf8', timeout: 120_000, stdio: 'pipe' });
}

/** The load program of `load/`, built once. */
export function loadProgram(): string {
  const program = join(CACHE, 'load');
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  execFileSync('go', ['build', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'load'),
    stdio: 'pipe',
  });
  return program;
}

export function runLoadProgram(args: readonly (string | number)[]): Produced {
  const output = execFileSync(loadProgram(), args.map(String), {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return JSON.parse(output) as Produced;
}

/** Seconds of processor time that a process has had (Linux). */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
