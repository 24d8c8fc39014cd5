import fc from 'fast-check';
import type { StreamRecord } from '../../hub/engine.ts';
import { BatchBuilder, type BatchOptions } from './batch-builder.ts';
import { RecordReader } from './record-reader.ts';

export function buildBatch(records: readonly StreamRecord[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder(64);
  builder.start(options);
  for (const record of records) {
    builder.add(record.timeMs, record.key, record.value, record.headers);
  }
  return Buffer.from(builder.finish());
}

/** A record with its offset, bytes as Buffers. */
export interface ReadRecord extends StreamRecord {
  readonly offset: number;
}

export function readBatch(batch: Buffer, at = 0, maxUnpackedBytes?: number): ReadRecord[] {
  const reader = new RecordReader();
  const records: ReadRecord[] = [];
  reader.open(batch, at, maxUnpackedBytes);
  while (reader.next()) {
    const { offset, timeMs, key, value } = reader;
    records.push({ offset, timeMs, key, value, headers: reader.headers() });
  }
  return records;
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const someHeader = fc.tuple<[string, Uint8Array | null]>(
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.option<Uint8Array>(bytes(20)),
);

export const someRecord: fc.Arbitrary<StreamRecord> = fc.record({
  key: fc.option(bytes(20)),
  value: fc.option(bytes(200)),
  headers: fc.array(someHeader, { maxLength: 5 }),
  // Up to the year 37,000: differences of times stay exact whole numbers, twice over.
  timeMs: fc.oneof(fc.integer({ min: -1, max: 5000 }), fc.integer({ min: 0, max: 2 ** 50 })),
});

export const someRecords = fc.array(someRecord, { minLength: 1, maxLength: 80 });
