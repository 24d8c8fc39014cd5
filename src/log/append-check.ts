import { BATCH, batchBytes, compressionOf } from '../formats/records/batch.ts';
import { checkBatches } from '../formats/records/check.ts';
import { checkRecords } from '../formats/records/check-records.ts';
import { AppendFault, type Partition, type Stream, type StreamRecord } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import type { Producers, SeenBatch } from './producers.ts';
import { hasProducer } from './replay.ts';

/** What a stream takes, and what its callers are told otherwise. */

/** @throws AppendFault corrupt, invalid, too-large */
export function checkBatchesOf(stream: Stream, batches: Buffer): void {
  const { maxBatchBytes, compact } = stream.settings;
  let wrong = checkBatches(batches, { maxBatchBytes, from: 'producer' });
  for (let at = 0; wrong === undefined && at < batches.length; at += batchBytes(batches, at)) {
    // How many records a compressed batch has, only its maker knows: offsets hang on it.
    if (!compact && compressionOf(batches, at) === 'none') continue;
    wrong = checkRecords(batches, at, { from: 'producer', keys: compact });
  }
  if (wrong !== undefined) throw new AppendFault(wrong.reason, wrong.message, { cause: wrong });
}

/** How many bytes the records take at most. @throws AppendFault invalid, too-large */
export function checkRecordsOf(stream: Stream, records: readonly StreamRecord[]): number {
  const { compact, maxBatchBytes } = stream.settings;
  let bytes = 0;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    bytes += mostBytes(record);
    if (compact && record.key === null) throw withoutKey(stream);
  }
  if (bytes + BATCH.records > maxBatchBytes) throw tooLarge(stream, bytes, maxBatchBytes);
  return bytes;
}

/** Where the batches lie when their producer had sent them before. @throws AppendFault */
export function seenBefore(producers: Producers, batches: Buffer): SeenBatch | undefined {
  let seen: SeenBatch | undefined;
  for (let at = 0; at < batches.length; at += batchBytes(batches, at)) {
    if (!hasProducer(batches, at)) continue;
    if (batchBytes(batches, 0) !== batches.length) throw severalBatches();
    seen = producers.check(batches, at);
  }
  return seen;
}

/** At most so many bytes a record takes in a batch. */
export function mostBytes(record: StreamRecord): number {
  let bytes = 40 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (let index = 0; index < record.headers.length; index++) {
    const header = record.headers[index]!;
    // A UTF-16 unit has three bytes of UTF-8 at most.
    bytes += 10 + header[0].length * 3 + (header[1]?.length ?? 0);
  }
  return bytes;
}

function severalBatches(): AppendFault {
  return new AppendFault(
    'invalid',
    'Several batches of an idempotent producer came as one; send one batch at a time.',
  );
}

export function lost(): AppendFault {
  return new AppendFault('storage', 'The batch that was sent before was not stored; send again.');
}

function withoutKey(stream: Stream): AppendFault {
  return new AppendFault(
    'invalid',
    `The stream ${stream.name} keeps the last record of each key; a record without a key cannot be stored.`,
  );
}

function tooLarge(stream: Stream, bytes: number, most: number): AppendFault {
  return new AppendFault(
    'too-large',
    `The records take up to ${bytes} bytes; the stream ${stream.name} takes ${most} at a time (maxBatchBytes).`,
  );
}

export function outOfRange(partition: Partition, offset: number): Fault {
  const { stream, index, startOffset, endOffset } = partition;
  return new Fault(
    'OUT_OF_RANGE',
    `Offset ${offset} is not in partition ${index} of ${stream.name}, which has ${startOffset} to ${endOffset}.`,
  );
}

export function unreadable(partition: Partition, cause: unknown): Fault {
  const { code } = cause as NodeJS.ErrnoException;
  const { stream, index } = partition;
  const what = `Partition ${index} of ${stream.name} could not be read from the disk`;
  return new Fault('UNAVAILABLE', `${what} (${code ?? 'unknown error'}).`, { cause });
}
