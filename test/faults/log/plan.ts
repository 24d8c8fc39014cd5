import { createHash } from 'node:crypto';
import { BatchBuilder } from '../../../src/formats/records/batch-builder.ts';
import type { StreamSettings, SyncMode } from '../../../src/hub/engine.ts';
import { STREAM_DEFAULTS } from '../../../src/log/settings.ts';

/**
 * What the writer that is killed writes, and the checker expects: all of it follows from who writes
 * and a count, so that neither has to be told.
 */

export const SYNCS: readonly SyncMode[] = ['always', 'interval', 'never'];

export const SETTINGS: StreamSettings = {
  ...STREAM_DEFAULTS,
  retentionMs: -1,
  // Many segments, so that kills hit their changes too.
  segmentBytes: 64 * 1024,
};

/** Writers of each kind for each stream. */
export const WRITERS = 4;
/** Batches that an idempotent producer has under way. */
export const IN_FLIGHT = 5;
/** Keys of the compacted stream and of the table. */
export const KEYS = 20;

/** `write`, each record once. */
export function plainValue(stream: string, writer: number, count: number): string {
  return signed(`plain ${stream} ${writer} ${count}`);
}

/** Of an idempotent producer, which sends again what it got no answer for. */
export function producerBatch(stream: string, writer: number, batch: number): Buffer {
  const builder = new BatchBuilder();
  const records = recordsOfBatch(batch);
  builder.start({
    producerId: BigInt(1000 + writer),
    producerEpoch: 0,
    baseSequence: sequenceOf(batch),
    compression: batch % 3 === 0 ? 'gzip' : 'none',
  });
  for (let record = 0; record < records; record++) {
    builder.add(Date.now(), null, Buffer.from(producerValue(stream, writer, batch, record)));
  }
  return Buffer.from(builder.finish());
}

export function producerValue(
  stream: string,
  writer: number,
  batch: number,
  record: number,
): string {
  return signed(`producer ${stream} ${writer} ${batch} ${record}`);
}

export function recordsOfBatch(batch: number): number {
  return 1 + ((batch * 7) % 5);
}

export function sequenceOf(batch: number): number {
  let sequence = Math.floor(batch / 5) * 15;
  for (let before = batch - (batch % 5); before < batch; before++)
    sequence += recordsOfBatch(before);
  return sequence;
}

/** The second batch of a transaction has the second part. */
export function transactionBatch(transaction: number, part: number): Buffer {
  const builder = new BatchBuilder();
  builder.start({
    producerId: 2000n,
    // An epoch for each, as after a new InitProducerId.
    producerEpoch: transaction % 30_000,
    baseSequence: part,
    transactional: true,
  });
  builder.add(Date.now(), null, Buffer.from(transactionValue(transaction, part)));
  return Buffer.from(builder.finish());
}

export function transactionValue(transaction: number, part: number): string {
  return signed(`transaction ${transaction} ${part}`);
}

export function isCommitted(transaction: number): boolean {
  return transaction % 3 !== 0;
}

/** With a digest, so that what nobody wrote is known. */
function signed(text: string): string {
  const pad = 'x'.repeat((text.length * 37) % 200);
  return `${text} ${createHash('md5').update(text).digest('hex')} ${pad}`;
}

/** The words of a value, when it is one of ours. */
export function wordsOf(value: string): string[] | undefined {
  const words = value.split(' ');
  const text = words.slice(0, -2).join(' ');
  return signed(text) === value ? words.slice(0, -2) : undefined;
}

/** Where each writer stands: what was answered, what was sent. Counts begin at 0. */
export interface Progress {
  /** By `stream writer`. */
  readonly plain: Record<string, { acknowledged: [count: number, offset: number][]; sent: number }>;
  readonly producers: Record<string, { acknowledged: number }>;
  transactions: { sent: number };
  /** Transactions whose end was answered. */
  readonly ended: number[];
  table: { acknowledged: number; sent: number };
  compacted: { acknowledged: number; sent: number };
}

export function noProgress(): Progress {
  return {
    plain: {},
    producers: {},
    transactions: { sent: 0 },
    ended: [],
    table: { acknowledged: 0, sent: 0 },
    compacted: { acknowledged: 0, sent: 0 },
  };
}

/** Takes down what a writer says, before it sends and after it was answered. */
export function note(progress: Progress, what: string, words: readonly string[]): void {
  const numbers = words.map(Number);
  const key = `${words[0]} ${words[1]}`;
  const plain = (): Progress['plain'][string] =>
    (progress.plain[key] ??= { acknowledged: [], sent: 0 });
  if (what === 'plain-sent') plain().sent = numbers[2]! + 1;
  else if (what === 'plain') plain().acknowledged.push([numbers[2]!, numbers[3]!]);
  else if (what === 'producer') progress.producers[key] = { acknowledged: numbers[2]! + 1 };
  else if (what === 'transaction-sent') progress.transactions.sent = numbers[0]! + 1;
  else if (what === 'transaction') progress.ended.push(numbers[0]!);
  else if (what === 'table-sent') progress.table.sent = numbers[0]! + 1;
  else if (what === 'table') progress.table.acknowledged = numbers[0]! + 1;
  else if (what === 'compacted-sent') progress.compacted.sent = numbers[0]! + 1;
  else if (what === 'compacted') progress.compacted.acknowledged = numbers[0]! + 1;
}
