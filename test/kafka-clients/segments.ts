/**
 * Polywire's segment files are read by Apache Kafka's own DumpLogSegments: batches of every
 * compression, each valid by its checksum. `node test/kafka-clients/segments.ts`
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type CompressionAlgorithmValue, ProduceAcks, Producer } from '@platformatic/kafka';
import { jars, Missing } from './installed.ts';
import { startPolywire } from './polywire.ts';

const CODECS: readonly CompressionAlgorithmValue[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const RECORDS = 20;

async function produce(port: number): Promise<void> {
  const producer = new Producer({
    clientId: 'segments',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    autocreateTopics: true,
  });
  for (const compression of CODECS) {
    const messages = Array.from({ length: RECORDS }, (_, i) => ({
      topic: 'segments',
      partition: 0,
      key: Buffer.from(`key-${i}`),
      value: Buffer.from(`${compression}-${i}`),
    }));
    await producer.send({ messages, compression, acks: ProduceAcks.ALL });
  }
  await producer.close();
}

function dumped(classPath: string, file: string): string[] {
  const tool = 'org.apache.kafka.tools.DumpLogSegments';
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=off';
  const args = [quiet, '-cp', classPath, tool, '--files', file, '--print-data-log'];
  return execFileSync('java', args, { encoding: 'utf8', timeout: 60_000 }).split('\n');
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function check(): Promise<void> {
  const classPath = jars('broker');
  const broker = await startPolywire();
  try {
    await produce(broker.port);
    // A file that is written to has room behind its batches, which a hub that stops cuts off.
    process.kill(broker.pid, 'SIGTERM');
    while (runs(broker.pid)) await wait(20);
    const [file, ...others] = globSync(join(broker.folder, 'open/log/streams/*-segments/0/*.log'));
    assert.ok(file !== undefined && others.length === 0, 'the stream has one segment file');
    const lines = dumped(classPath, file);
    const batches = lines.filter((line) => line.startsWith('baseOffset:'));
    assert.deepEqual(
      batches.map((line) => /compresscodec: (\w+) .* isvalid: (\w+)/.exec(line)?.slice(1)),
      CODECS.map((codec) => [codec, 'true']),
    );
    const payloads = lines.map((line) => /payload: (.*)$/.exec(line)?.[1]).filter(Boolean);
    assert.deepEqual(
      payloads,
      CODECS.flatMap((codec) => Array.from({ length: RECORDS }, (_, i) => `${codec}-${i}`)),
    );
    console.log(`DumpLogSegments reads ${batches.length} batches, ${payloads.length} records`);
  } finally {
    await broker.stop();
  }
}

try {
  await check();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.log(`left out, because ${error.message}`);
}
