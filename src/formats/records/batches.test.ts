import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BATCH, baseOffsetOf, COMPRESSIONS, nextOffsetOf, readInt64 } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import { checkBatch, checkBatches, wholeBatchBytes } from './check.ts';
import { checkRecords } from './check-records.ts';
import { RecordsFault } from './fault.ts';
import { buildMarker, readMarker } from './marker.ts';
import { RecordReader } from './record-reader.ts';
import { buildBatch, readBatch, someRecords } from './records.test-support.ts';
import { setAppendTime, setBaseOffset, setLeaderEpoch } from './stamp.ts';

const PRODUCER = { maxBatchBytes: 1_000_000, from: 'producer' } as const;
const STORED = { maxBatchBytes: 1_000_000, from: 'stored' } as const;

test('what is built is read again, in every compression', () => {
  fc.assert(
    fc.property(someRecords, fc.constantFrom(...COMPRESSIONS), (records, compression) => {
      const batch = buildBatch(records, { compression, baseOffset: 5_000_000_000 });
      assert.equal(checkBatches(batch, PRODUCER), undefined);
      assert.equal(checkRecords(batch, 0, { from: 'producer' }), undefined);
      const expected = records.map((record, index) => ({
        offset: 5_000_000_000 + index,
        ...record,
      }));
      assert.deepEqual(readBatch(batch), expected);
      const latest = Math.max(...records.map((record) => record.timeMs));
      assert.equal(readInt64(batch, BATCH.maxTime), latest);
      assert.equal(nextOffsetOf(batch), 5_000_000_000 + records.length);
    }),
  );
});

test('offset, epoch and time of append are written in place, and the batch stays whole', () => {
  const records = [{ key: null, value: Buffer.from('a'), headers: [], timeMs: 7 }];
  const two = Buffer.concat([buildBatch(records), buildBatch(records)]);
  const at = two.length / 2;
  setBaseOffset(two, 2 ** 40, at);
  setLeaderEpoch(two, 3, at);
  setAppendTime(two, 1234, at);
  assert.equal(checkBatches(two, STORED), undefined);
  assert.equal(baseOffsetOf(two), 0);
  assert.equal(baseOffsetOf(two, at), 2 ** 40);
  assert.equal(two.readInt32BE(at + BATCH.epoch), 3);
  assert.equal(readBatch(two, at)[0]!.timeMs, 1234);
  assert.equal(readBatch(two)[0]!.timeMs, 7);
});

test('one builder serves batch after batch and keeps nothing of the last', () => {
  const builder = new BatchBuilder(64);
  builder.start({ producerId: 9n, producerEpoch: 1, baseSequence: 4, transactional: true });
  builder.add(1000, Buffer.from('k'), Buffer.alloc(5000, 1));
  const first = Buffer.from(builder.finish());
  builder.start();
  builder.add(-1, null, null);
  const second = Buffer.from(builder.finish());
  assert.equal(checkBatches(Buffer.concat([first, second]), PRODUCER), undefined);
  assert.deepEqual(second, buildBatch([{ key: null, value: null, headers: [], timeMs: -1 }]));
  assert.equal(first.readBigInt64BE(BATCH.producerId), 9n);
});

test('a compacted copy keeps offsets, times and headers, and covers what is gone', () => {
  fc.assert(
    fc.property(someRecords, (records) => {
      const reader = new RecordReader();
      const builder = new BatchBuilder();
      reader.open(buildBatch(records, { baseOffset: 100 }));
      builder.start({ baseOffset: 100 });
      while (reader.next()) if (reader.offset % 3 === 0) builder.copy(reader);
      const batch = builder.finish({ lastOffsetDelta: records.length - 1 });
      assert.equal(checkBatches(batch, STORED), undefined);
      assert.equal(checkRecords(batch, 0, STORED), undefined);
      assert.equal(nextOffsetOf(batch), 100 + records.length);
      const kept = records
        .map((record, index) => ({ offset: 100 + index, ...record }))
        .filter(({ offset }) => offset % 3 === 0);
      assert.deepEqual(readBatch(batch), kept);
    }),
  );
});

test('a marker says which transaction ended and how', () => {
  for (const commit of [true, false]) {
    const marker = { producerId: 2n ** 60n, producerEpoch: 12, commit, coordinatorEpoch: 5 };
    const batch = buildMarker(marker, 99);
    assert.equal(checkBatches(batch, STORED), undefined);
    assert.deepEqual(readMarker(batch), marker);
    assert.match(checkBatches(batch, PRODUCER)!.message, /control batches are not for clients/);
  }
});

test('the bytes of a batch are asked for until it is whole, wherever they are split', () => {
  const batch = buildBatch([{ key: null, value: Buffer.from('abc'), headers: [], timeMs: 1 }]);
  for (let bytes = 0; bytes < batch.length; bytes++) {
    assert.equal(wholeBatchBytes(batch.subarray(0, bytes), 0, 1000), 0);
    assert.equal(checkBatch(batch, 0, bytes, PRODUCER)?.reason, 'corrupt');
  }
  const padded = Buffer.concat([Buffer.alloc(3), batch, Buffer.alloc(2)]);
  assert.equal(wholeBatchBytes(padded, 3, 1000), batch.length);
  assert.equal(wholeBatchBytes(batch, 0, batch.length - 1), -1);
  assert.equal(wholeBatchBytes(Buffer.alloc(20), 0, 1000), -1);
});

test('every changed bit is found, by the checksum or before it', () => {
  const batch = buildBatch([
    { key: Buffer.from('k'), value: Buffer.from('v'), headers: [], timeMs: 1 },
  ]);
  for (let bit = BATCH.length * 8; bit < batch.length * 8; bit++) {
    // The leader's epoch is the broker's to write and not in the checksum.
    if (bit >= BATCH.epoch * 8 && bit < BATCH.magic * 8) continue;
    const changed = Buffer.from(batch);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.ok(checkBatches(changed, PRODUCER) instanceof RecordsFault, `bit ${bit}`);
  }
});
