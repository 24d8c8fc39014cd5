/**
 * The hub beside Apache Kafka (KRaft, one node) on one machine, one after the other, in rounds that
 * alternate. A session is one start of a broker; its measures run in order.
 */
import { spawnSync } from 'node:child_process';
import { startApacheKafka } from '../../test/kafka-clients/apache-kafka.ts';
import type { Broker } from '../../test/kafka-clients/broker.ts';
import { jars, Missing } from '../../test/kafka-clients/installed.ts';
import { startPolywire } from '../../test/kafka-clients/polywire.ts';
import { median, type Result } from '../harness.ts';
import { MEASURES, type Measure, prepare } from './measures.ts';

export interface KafkaOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/** An acknowledgement of both brokers says the same. */
const STARTS: Readonly<Record<Measure['flush'], Readonly<Record<string, () => Promise<Broker>>>>> =
  {
    'page cache': {
      ours: () => startPolywire({ settings: { storage: { sync: 'never' } } }),
      peer: () => startApacheKafka(),
    },
    disk: {
      ours: () => startPolywire({ settings: { storage: { sync: 'always' } } }),
      peer: () => startApacheKafka({ settings: { 'log.flush.interval.messages': 1 } }),
    },
  };

/** Why it cannot be measured here; undefined where it can. */
export function kafkaMissing(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return 'Go is not installed';
  try {
    jars('broker');
    return undefined;
  } catch (error) {
    if (error instanceof Missing) return error.message;
    throw error;
  }
}

export async function compareKafka(
  chosen: (name: string) => boolean,
  options: KafkaOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const flush of ['page cache', 'disk'] as const) {
    const measures = MEASURES.filter((measure) => measure.flush === flush && chosen(measure.name));
    if (measures.length > 0) results.push(...(await rounds(measures, flush, options)));
  }
  return results;
}

async function rounds(
  measures: readonly Measure[],
  flush: Measure['flush'],
  options: KafkaOptions,
): Promise<Result[]> {
  const ours: number[][] = [];
  const peer: number[][] = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await session(STARTS[flush].ours!, measures, options.seconds));
    peer.push(await session(STARTS[flush].peer!, measures, options.seconds));
  }
  return measures.map((measure, i) => {
    const [our, theirs] = [ours, peer].map((all) => all.map((figures) => figures[i]!));
    const ratio = median(our!) / median(theirs!);
    return {
      name: measure.name,
      title: measure.title,
      unit: measure.unit,
      ours: { name: 'polywire', median: median(our!), rounds: our! },
      peer: { name: 'Apache Kafka', median: median(theirs!), rounds: theirs! },
      ratio: measure.lower === true ? 1 / ratio : ratio,
      target: measure.target,
    };
  });
}

async function session(
  start: () => Promise<Broker>,
  measures: readonly Measure[],
  seconds: number,
): Promise<number[]> {
  const broker = await start();
  try {
    const firstProduceMs = await prepare(broker);
    const figures: number[] = [];
    for (const measure of measures) {
      figures.push(await measure.run({ broker, firstProduceMs, seconds }));
    }
    return figures;
  } finally {
    await broker.stop();
  }
}
