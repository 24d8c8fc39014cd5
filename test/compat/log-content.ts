import { BatchBuilder } from '../../src/formats/records/batch-builder.ts';
import type { Partition, StreamSettings } from '../../src/hub/engine.ts';

/** What the data folders of `test/fixtures/log-format-*` hold; `make-log.ts` has written them. */

export const SETTINGS: StreamSettings = {
  subjects: ['sensors.>'],
  partitions: 2,
  keySubject: 'sensors.{key}',
  retentionMs: -1,
  retentionBytes: -1,
  retentionRecords: -1,
  compact: false,
  expire: true,
  tombstoneMs: 3_600_000,
  sync: 'always',
  segmentBytes: 2048,
  segmentMs: 3_600_000,
  maxBatchBytes: 65_536,
  time: 'created',
  extra: { 'cleanup.policy': 'delete' },
};

export const NAME = 'sensors/ä';
export const VALUES = Array.from(
  { length: 40 },
  (_, place) => `value ${place} ${'.'.repeat(place * 3)}`,
);
export const TIME_MS = 1_750_000_000_000;
export const TRIMMED = 3;
export const PRODUCER = 77n;

export function produced(sequence: number, transactional: boolean): Buffer {
  const builder = new BatchBuilder();
  builder.start({
    producerId: transactional ? PRODUCER + 1n : PRODUCER,
    producerEpoch: 2,
    baseSequence: sequence,
    transactional,
    compression: 'gzip',
  });
  builder.add(TIME_MS, Buffer.from('k'), Buffer.from(`sequence ${sequence}`), [['h', null]]);
  return Buffer.from(builder.finish());
}

/** One after the other, so that batches and offsets are always the same. */
export async function fill(partition: Partition): Promise<void> {
  for (const [place, value] of VALUES.entries()) {
    await partition.write([
      {
        key: Buffer.from(`k${place % 4}`),
        value: Buffer.from(value),
        headers: [],
        timeMs: TIME_MS,
      },
    ]);
  }
}
