import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  type CompressionAlgorithmValue,
  createRecordsBatch,
  Reader,
  readRecordsBatch,
} from '@platformatic/kafka';
import { BATCH, COMPRESSIONS, type Compression, compressionOf } from './batch.ts';
import { checkBatches } from './check.ts';
import { checkRecords } from './check-records.ts';
import { convertLegacy, isLegacy } from './legacy.ts';
import { readMarker } from './marker.ts';
import { buildBatch, type ReadRecord, readBatch } from './records.test-support.ts';
import { seal } from './stamp.ts';

const FOLDER = new URL('../../../test/fixtures/kafka-records/', import.meta.url);
const TIME = 1_700_000_000_000;
const PRODUCER = { maxBatchBytes: 1_000_000, from: 'producer' } as const;

const HEADERS: ReadRecord['headers'] = [
  ['a', Buffer.from('1')],
  ['a', null],
  ['ü', Buffer.from([0xff, 0])],
];

/** The five records of every fixture. */
function sample(compression: Compression, magic = 2): ReadRecord[] {
  const large = Buffer.from('polywire '.repeat(compression === 'none' ? 10 : 20_000));
  const text = (value: string) => Buffer.from(value);
  const records: Omit<ReadRecord, 'offset'>[] = [
    { timeMs: TIME, key: text('k1'), value: text('hello'), headers: [] },
    { timeMs: TIME + 1, key: null, value: text('{"n":1}'), headers: magic === 2 ? HEADERS : [] },
    { timeMs: TIME - 5, key: text('é'), value: null, headers: [] },
    { timeMs: TIME, key: text(''), value: text(''), headers: [] },
    { timeMs: TIME + 100_000, key: null, value: large, headers: [] },
  ];
  return records.map((record, offset) => ({
    offset,
    ...record,
    timeMs: magic === 0 ? -1 : record.timeMs,
  }));
}

const fixture = (name: string) => readFileSync(new URL(name, FOLDER));
const fixtures = readdirSync(FOLDER).filter((name) => /-magic\d-/.test(name));

test('there are fixtures of two clients in every format and compression', () => {
  assert.equal(fixtures.length, 2 * (5 + 4 + 4));
});

for (const name of fixtures) {
  const [, magic, compression] = /-magic(\d)-(\w+)\.bin$/.exec(name)!;
  test(`${name} is read to the last byte`, () => {
    const bytes = fixture(name);
    const expected = sample(compression as Compression, Number(magic));
    assert.equal(isLegacy(bytes), magic !== '2');
    const batch = magic === '2' ? bytes : convertLegacy(bytes);
    assert.equal(compressionOf(batch), compression);
    assert.equal(checkBatches(batch, PRODUCER), undefined);
    assert.equal(checkRecords(batch, 0, { from: 'producer' }), undefined);
    assert.deepEqual(readBatch(batch), expected);
  });
}

for (const compression of COMPRESSIONS) {
  test(`librdkafka-${compression}.bin is read to the last byte`, () => {
    const bytes = fixture(`librdkafka-${compression}.bin`);
    assert.equal(compressionOf(bytes), compression);
    assert.equal(checkBatches(bytes, PRODUCER), undefined);
    assert.equal(checkRecords(bytes, 0, { from: 'producer' }), undefined);
    const records = readBatch(bytes).map(({ key, value, headers }) => ({ key, value, headers }));
    const headers = [
      ['a', Buffer.from('1')],
      ['b', Buffer.alloc(0)],
    ];
    assert.deepEqual(records, [
      { key: Buffer.from('k1'), value: Buffer.from('hello'), headers },
      { key: Buffer.from('k2'), value: sample(compression)[4]!.value, headers },
    ]);
  });
}

test('what is built has the very bytes of the Java client', () => {
  const built = buildBatch(sample('none'));
  // The Java client leaves the leader's epoch unknown (-1).
  built.writeInt32BE(-1, BATCH.epoch);
  assert.deepEqual(built, fixture('java-magic2-none.bin'));
  const idempotent = buildBatch(
    [{ timeMs: TIME, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }],
    { producerId: 2n ** 40n, producerEpoch: 3, baseSequence: 17, leaderEpoch: -1 },
  );
  assert.deepEqual(idempotent, fixture('java-idempotent.bin'));
});

test('markers of the Java client are read', () => {
  const marker = { producerId: 2n ** 40n, producerEpoch: 3, coordinatorEpoch: 7 };
  assert.deepEqual(readMarker(fixture('java-commit.bin')), { ...marker, commit: true });
  assert.deepEqual(readMarker(fixture('java-abort.bin')), { ...marker, commit: false });
});

for (const compression of COMPRESSIONS) {
  test(`@platformatic/kafka and we read each other's batches: ${compression}`, () => {
    const records = sample(compression);
    const theirs = createRecordsBatch(
      records.map(({ timeMs, key, value, headers }) => ({
        topic: 't',
        timestamp: BigInt(timeMs),
        key: key as Buffer,
        value: value as Buffer,
        headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes as Buffer])),
      })),
      { compression: compression as CompressionAlgorithmValue },
    ).buffer;
    assert.equal(checkBatches(theirs, PRODUCER), undefined);
    assert.equal(checkRecords(theirs, 0, { from: 'producer' }), undefined);
    assert.deepEqual(readBatch(theirs), records);

    const read = readRecordsBatch(Reader.from(buildBatch(records, { compression })));
    const got = read.records.map((record) => ({
      offset: record.offsetDelta,
      timeMs: Number(read.firstTimestamp + record.timestampDelta),
      key: record.key,
      value: record.value,
      headers: record.headers.map(([name, bytes]) => [name!.toString(), bytes]),
    }));
    assert.deepEqual(got, records);
  });
}

test('kafkajs and we read each other in none and gzip', async () => {
  const require = createRequire(import.meta.url);
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');
  const Record = require('kafkajs/src/protocol/recordBatch/record/v0');
  const Decoder = require('kafkajs/src/protocol/decoder');
  const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder');
  for (const compression of ['none', 'gzip'] as const) {
    // It knows no header without a value, and a name once.
    const records = sample(compression).map((record) => ({
      ...record,
      headers: record.headers.slice(2),
    }));
    const encoder = await RecordBatch({
      compression: COMPRESSIONS.indexOf(compression),
      firstTimestamp: TIME,
      maxTimestamp: TIME + 100_000,
      lastOffsetDelta: records.length - 1,
      records: records.map(({ offset, timeMs, key, value, headers }) =>
        Record({
          offsetDelta: offset,
          timestampDelta: timeMs - TIME,
          key,
          value,
          headers: Object.fromEntries(headers),
        }),
      ),
    });
    assert.equal(checkBatches(encoder.buffer, PRODUCER), undefined);
    assert.deepEqual(readBatch(encoder.buffer), records);

    const batch = buildBatch(records, { compression });
    const read = await decodeBatch(new Decoder(batch));
    const got = read.records.map((record: { timestamp: string; offset: string } & ReadRecord) => ({
      offset: Number(record.offset),
      timeMs: Number(record.timestamp),
      key: record.key,
      value: record.value,
      headers: Object.entries(record.headers),
    }));
    assert.deepEqual(got, records);
  }
});

test('a checksum that is sealed is the one the Java client wrote', () => {
  const bytes = fixture('java-magic2-zstd.bin');
  const resealed = Buffer.from(bytes);
  resealed.writeUInt32BE(0, BATCH.crc);
  seal(resealed);
  assert.deepEqual(resealed, bytes);
});
