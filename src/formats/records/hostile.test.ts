import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { ATTRIBUTE, BATCH, BATCH_HEADER_BYTES, COMPRESSIONS, type Compression } from './batch.ts';
import { checkBatches } from './check.ts';
import { checkRecords } from './check-records.ts';
import { pack, unpack } from './compression.ts';
import { RecordsFault } from './fault.ts';
import { convertLegacy } from './legacy.ts';
import { lz4Package, snappyPackage } from './native.ts';
import { buildBatch, readBatch, someRecords } from './records.test-support.ts';
import { seal } from './stamp.ts';

const PRODUCER = { maxBatchBytes: 1_000_000, from: 'producer' } as const;
const STORED = { maxBatchBytes: 1_000_000, from: 'stored' } as const;
const PACKED = COMPRESSIONS.filter((compression) => compression !== 'none');

/** What the work throws, which must be a RecordsFault if anything. */
function refusal(work: () => unknown): RecordsFault | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RecordsFault, String((error as Error).stack));
    return error;
  }
}

function batchOf(records: Buffer, count: number, compression: Compression = 'none'): Buffer {
  const head = buildBatch([{ key: null, value: null, headers: [], timeMs: 1 }]);
  const batch = Buffer.concat([head.subarray(0, BATCH_HEADER_BYTES), records]);
  batch.writeInt32BE(batch.length - 12, BATCH.length);
  batch.writeInt16BE(COMPRESSIONS.indexOf(compression), BATCH.attributes);
  batch.writeInt32BE(count, BATCH.count);
  batch.writeInt32BE(count - 1, BATCH.lastOffsetDelta);
  seal(batch);
  return batch;
}

test('any bytes behind a good header are read or refused', () => {
  const anyBytes = fc.uint8Array({ maxLength: 300 });
  const count = fc.integer({ min: -1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(
      anyBytes,
      count,
      fc.constantFrom(...COMPRESSIONS),
      (bytes, records, compression) => {
        const batch = batchOf(Buffer.from(bytes), records, compression);
        checkBatches(batch, PRODUCER);
        const wrong = checkRecords(batch, 0, { from: 'stored', maxUnpackedBytes: 100_000 });
        assert.ok(wrong === undefined || wrong instanceof RecordsFault);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a batch that was damaged and sealed again is read or refused', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      someRecords,
      fc.constantFrom(...COMPRESSIONS),
      damage,
      (records, packing, changes) => {
        const batch = buildBatch(records, { compression: packing });
        for (const [at, value] of changes) {
          batch[BATCH_HEADER_BYTES + (at % (batch.length - BATCH_HEADER_BYTES))] = value;
        }
        seal(batch);
        assert.equal(checkBatches(batch, PRODUCER), undefined);
        if (checkRecords(batch, 0, { from: 'producer', maxUnpackedBytes: 100_000 })) return;
        refusal(() => readBatch(batch));
      },
    ),
    { numRuns: 2000 },
  );
});

test('any old message with a good checksum is converted or refused', () => {
  const attributes = fc.integer({ min: 0, max: 15 });
  const length = fc.integer({ min: -2, max: 30 });
  const rest = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(fc.nat(1), attributes, length, length, rest, (magic, bits, key, value, bytes) => {
      const head = Buffer.alloc(magic === 0 ? 18 : 26);
      head[16] = magic;
      head[17] = bits;
      const lengths = Buffer.alloc(8);
      lengths.writeInt32BE(key, 0);
      lengths.writeInt32BE(value, 4);
      const set = Buffer.concat([head, lengths, bytes]);
      set.writeInt32BE(set.length - 12, 8);
      set.writeUInt32BE(crc32(set.subarray(16)), 12);
      refusal(() => convertLegacy(set, 100_000));
    }),
    { numRuns: 2000 },
  );
});

for (const compression of PACKED) {
  test(`what would unpack to more than the limit is refused: ${compression}`, () => {
    const bytes = Buffer.alloc(1_000_000, 'x');
    const packed = pack(compression, bytes);
    assert.ok(unpack(compression, packed, bytes.length).equals(bytes));
    const fault = refusal(() => unpack(compression, packed, bytes.length - 1));
    assert.equal(fault?.reason, 'too-large');
    assert.equal(fault?.code, 'RESOURCE_EXHAUSTED');
  });

  test(`data that was cut anywhere never unpacks as if it were whole: ${compression}`, () => {
    const bytes = Buffer.from('some text, some text, and more of the same text'.repeat(3));
    const packed = pack(compression, bytes);
    for (let length = 0; length < packed.length; length++) {
      let output: Buffer | undefined;
      refusal(() => {
        output = unpack(compression, packed.subarray(0, length), 100_000);
      });
      assert.ok(output === undefined || !output.equals(bytes));
    }
  });
}

test('a length that lies about what follows costs no memory', () => {
  // A raw snappy block that claims 60 MiB; an LZ4 frame that claims a block of 4 MiB.
  const snappy = Buffer.from([0x80, 0x80, 0x80, 0x1e, 0x00, 0x61]);
  assert.equal(refusal(() => unpack('snappy', snappy, 2 ** 26))?.reason, 'corrupt');
  const lz4 = Buffer.from('04224d1860700000000040', 'hex');
  assert.equal(refusal(() => unpack('lz4', lz4, 2 ** 26))?.reason, 'corrupt');
  const many = batchOf(Buffer.alloc(7), 2 ** 31 - 1);
  assert.match(checkBatches(many, PRODUCER)!.message, /more than its \d+ bytes can hold/);
});

test('random text unpacks from LZ4 and raw snappy as the packages packed it', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bb', 'abcabc', 'x'.repeat(300), '\u0000\u0001', 'qwertz'), {
      maxLength: 500,
    })
    .map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array().map(Buffer.from)), (bytes) => {
      const input = Buffer.from(bytes);
      const frame = lz4Package().compressFrameSync(input);
      assert.ok(unpack('lz4', frame, 1_000_000).equals(input));
      const two = unpack('lz4', Buffer.concat([frame, frame]), 1_000_000);
      assert.ok(two.equals(Buffer.concat([input, input])));
      assert.ok(unpack('snappy', snappyPackage().compressSync(input), 1_000_000).equals(input));
    }),
  );
});

test('each rule for what a producer may send is kept', () => {
  const good = () => buildBatch([{ key: null, value: Buffer.from('v'), headers: [], timeMs: 5 }]);
  const attributes = (bits: number) => (batch: Buffer) =>
    batch.writeInt16BE(bits, BATCH.attributes);
  const cases: [RegExp, (batch: Buffer) => unknown][] = [
    [/compression is 5/, attributes(5)],
    [/times are said to be of the append/, attributes(ATTRIBUTE.appendTime)],
    [/control batches/, attributes(ATTRIBUTE.control)],
    [/transactional without a producer id/, attributes(ATTRIBUTE.transactional)],
    [/last offset delta is 3, expected 0/, (batch) => batch.writeInt32BE(3, BATCH.lastOffsetDelta)],
    [/states 0 records/, (batch) => batch.writeInt32BE(0, BATCH.count)],
    [/one of its times is -2/, (batch) => batch.writeBigInt64BE(-2n, BATCH.baseTime)],
    [/one of its times is/, (batch) => batch.writeBigInt64BE(2n ** 62n, BATCH.maxTime)],
    [/epoch -1 and sequence -1/, (batch) => batch.writeBigInt64BE(4n, BATCH.producerId)],
    [/\(magic\) is 1, expected 2/, (batch) => batch.writeInt8(1, BATCH.magic)],
    [/length of 60 is less than a header's/, (batch) => batch.writeInt32BE(48, BATCH.length)],
    [/its length says 500/, (batch) => batch.writeInt32BE(488, BATCH.length)],
  ];
  for (const [message, change] of cases) {
    const batch = good();
    change(batch);
    if (batch.readInt32BE(BATCH.length) === batch.length - 12) seal(batch);
    assert.match(checkBatches(batch, PRODUCER)?.message ?? 'taken', message);
  }
  const large = checkBatches(good(), { ...PRODUCER, maxBatchBytes: 61 });
  assert.equal(large?.reason, 'too-large');
  assert.equal(checkBatches(Buffer.alloc(0), PRODUCER)?.reason, 'corrupt');
  const gapped = good();
  gapped.writeInt32BE(3, BATCH.lastOffsetDelta);
  seal(gapped);
  assert.equal(checkBatches(gapped, STORED), undefined);
});

test('each rule for the records in a batch is kept', () => {
  const record = (delta: number, headers = [0]) =>
    Buffer.from([(6 + headers.length - 1) * 2, 0, 0, delta * 2, 1, 1, ...headers]);
  const cases: [RegExp, Buffer, object?][] = [
    [/offset delta 1 after -1/, batchOf(record(1), 1)],
    [/offset delta 0 after 0/, batchOf(Buffer.concat([record(0), record(0)]), 2)],
    [/has no key/, batchOf(record(0), 1), { keys: true }],
    [/bytes follow its last record/, batchOf(Buffer.concat([record(0), record(1)]), 1)],
    [/4 headers do not fit/, batchOf(record(0, [8]), 1)],
    [/a header has no name/, batchOf(record(0, [2, 1, 1]), 1)],
    [/bytes follow the headers/, batchOf(record(0, [0, 0]), 1)],
    [/more than 32 bits/, batchOf(Buffer.alloc(8, 0xff), 1)],
    [/no valid gzip/, batchOf(record(0), 1, 'gzip')],
    [
      /larger than 10 bytes/,
      batchOf(gzipSync(Buffer.alloc(11)), 1, 'gzip'),
      { maxUnpackedBytes: 10 },
    ],
    [
      /larger than 10 bytes/,
      batchOf(zstdCompressSync(Buffer.alloc(11)), 1, 'zstd'),
      { maxUnpackedBytes: 10 },
    ],
  ];
  for (const [message, batch, rules] of cases) {
    const wrong = checkRecords(batch, 0, { from: 'producer', ...rules });
    assert.match(wrong?.message ?? 'taken', message);
  }
  assert.equal(checkRecords(batchOf(record(0), 1), 0, { from: 'producer' }), undefined);
});
