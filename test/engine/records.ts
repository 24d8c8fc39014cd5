import { setTimeout as sleep } from 'node:timers/promises';
import { batchBytes, nextOffsetOf } from '../../src/formats/records/batch.ts';
import { BatchBuilder, type BatchOptions } from '../../src/formats/records/batch-builder.ts';
import { RecordReader } from '../../src/formats/records/record-reader.ts';
import type { Engine, Partition, StreamRecord, StreamSettings } from '../../src/hub/engine.ts';

export const SETTINGS: StreamSettings = {
  subjects: [],
  partitions: 1,
  keySubject: undefined,
  retentionMs: -1,
  retentionBytes: -1,
  retentionRecords: -1,
  compact: false,
  expire: true,
  tombstoneMs: 0,
  sync: 'interval',
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 3_600_000,
  maxBatchBytes: 1024 * 1024,
  time: 'created',
  extra: {},
};

export const TIME_MS = 1_700_000_000_000;

/** A new stream's first partition. */
export async function partitionOf(
  engine: Engine,
  settings: Partial<StreamSettings> = {},
  name = 'orders',
): Promise<Partition> {
  return (await engine.create(name, { ...SETTINGS, ...settings })).partitions[0]!;
}

export function record(
  value: string | null,
  key: string | null = null,
  timeMs = TIME_MS,
): StreamRecord {
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
    timeMs,
  };
}

/** A record batch as a producer sends it. */
export function batch(
  values: readonly string[],
  options: BatchOptions = {},
  timeMs = TIME_MS,
): Buffer {
  const builder = new BatchBuilder();
  builder.start(options);
  for (const value of values)
    builder.add(timeMs, Buffer.from(`key of ${value}`), Buffer.from(value));
  return Buffer.from(builder.finish());
}

export interface Seen {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timeMs: number;
}

/** The records of batches from an offset on. */
export function recordsOf(buffers: readonly Buffer[], from = 0): Seen[] {
  const reader = new RecordReader();
  const seen: Seen[] = [];
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
      reader.open(buffer, at);
      while (reader.next()) {
        if (reader.offset < from) continue;
        seen.push({
          offset: reader.offset,
          key: reader.key === null ? null : String(reader.key),
          value: reader.value === null ? null : String(reader.value),
          timeMs: reader.timeMs,
        });
      }
    }
  }
  return seen;
}

/** Offset behind the last batch. */
export function endOf(buffers: readonly Buffer[]): number {
  let end = 0;
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; at += batchBytes(buffer, at))
      end = nextOffsetOf(buffer, at);
  }
  return end;
}

/** All records from an offset on, read in steps. */
export async function readAll(
  partition: Partition,
  from = partition.startOffset,
  maxBytes = 64 * 1024,
  before?: number,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  let offset = from;
  for (;;) {
    const buffers = await partition.read(offset, maxBytes, before);
    if (buffers.length === 0) return seen;
    seen.push(...recordsOf(buffers, offset));
    offset = endOf(buffers);
  }
}

export function valuesOf(seen: readonly Seen[]): (string | null)[] {
  return seen.map(({ value }) => value);
}

/** Waits for a condition that something in the background brings about. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
