/**
 * What record batches cost: building, checking, reading, unpacking. In one process, no disk:
 *
 *     node bench/records/micro.ts
 */
import { COMPRESSIONS } from '../../src/formats/records/batch.ts';
import { BatchBuilder } from '../../src/formats/records/batch-builder.ts';
import { checkBatches } from '../../src/formats/records/check.ts';
import { checkRecords } from '../../src/formats/records/check-records.ts';
import { pack, unpack } from '../../src/formats/records/compression.ts';
import { RecordReader } from '../../src/formats/records/record-reader.ts';

const RECORDS = 1000;
const WARM_UP = 50;
const ROUNDS = 200;
const RULES = { maxBatchBytes: 100_000_000, from: 'producer' } as const;

function measure(name: string, perRound: number, unit: string, work: () => void): void {
  for (let round = 0; round < WARM_UP; round++) work();
  const startMs = performance.now();
  for (let round = 0; round < ROUNDS; round++) work();
  const seconds = (performance.now() - startMs) / 1000;
  const rate = Math.round((perRound * ROUNDS) / seconds);
  console.log(`${name.padEnd(44)} ${rate.toLocaleString('en-US').padStart(14)} ${unit}/s`);
}

const builder = new BatchBuilder();
const key = Buffer.from('key-1');
const value = Buffer.alloc(100, 'v');
const headers = [
  ['content-type', Buffer.from('application/json')],
  ['ce_id', Buffer.from('0b9f0ad2-7a4a-4d6c-8f0a-7e3c0f9b1d5e')],
] as const;

function build(withHeaders: boolean): Buffer {
  builder.start();
  for (let index = 0; index < RECORDS; index++) {
    builder.add(1_700_000_000_000 + index, key, value, withHeaders ? headers : []);
  }
  return builder.finish();
}

measure('build, 100 B values', RECORDS, 'records', () => build(false));
measure('build, 100 B values, two headers', RECORDS, 'records', () => build(true));
const batch = Buffer.from(build(false));
measure('check header and CRC, batches of 1000', RECORDS, 'records', () => {
  checkBatches(batch, RULES);
});
measure('check every record', RECORDS, 'records', () => {
  checkRecords(batch, 0, RULES);
});
const reader = new RecordReader();
let bytes = 0;
measure('read keys and values', RECORDS, 'records', () => {
  reader.open(batch);
  while (reader.next()) bytes += reader.key!.length + reader.value!.length;
});
builder.start();
builder.add(1, key, value);
const single = Buffer.from(builder.finish());
measure('check header and CRC, batches of one', 1, 'batches', () => {
  checkBatches(single, RULES);
});
const text = Buffer.from(
  Array.from({ length: 8000 }, (_, id) => JSON.stringify({ id, value: Math.sin(id) })).join('\n'),
);
for (const compression of COMPRESSIONS.slice(1)) {
  const packed = pack(compression, text);
  measure(`unpack ${compression}, JSON`, text.length / 1e6, 'MB', () => {
    bytes += unpack(compression, packed, text.length).length;
  });
}
console.log(`${bytes} bytes were read`);
