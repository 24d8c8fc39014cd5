import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchBytes, nextOffsetOf } from '../formats/records/batch.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { Partition, StreamRecord } from '../hub/engine.ts';

/** Runs `test` with a folder of its own. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'polywire-log-'));
  try {
    await test(join(parent, 'data'));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

export function record(value: string, key: string | null = null): StreamRecord {
  return {
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    headers: [],
    timeMs: 1_700_000_000_000,
  };
}

/** `offset:value` of all records. */
export async function valuesOf(
  partition: Partition,
  from = partition.startOffset,
): Promise<string[]> {
  const found: string[] = [];
  const reader = new RecordReader();
  let offset = from;
  for (;;) {
    const buffers = await partition.read(offset, 5000);
    if (buffers.length === 0) return found;
    for (const buffer of buffers) {
      for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
        reader.open(buffer, at);
        while (reader.next()) found.push(`${reader.offset}:${reader.value}`);
        offset = nextOffsetOf(buffer, at);
      }
    }
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
