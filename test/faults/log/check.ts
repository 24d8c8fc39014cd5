import assert from 'node:assert/strict';
import { batchBytes, isControl, nextOffsetOf } from '../../../src/formats/records/batch.ts';
import { RecordReader } from '../../../src/formats/records/record-reader.ts';
import type { Engine, Partition, SyncMode } from '../../../src/hub/engine.ts';
import {
  isCommitted,
  KEYS,
  type Progress,
  plainValue,
  producerValue,
  recordsOfBatch,
  SYNCS,
  transactionValue,
  WRITERS,
  wordsOf,
} from './plan.ts';

interface Found {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
}

/**
 * Reads all that the killed writer left and holds it against what it had said: everything that was
 * answered is there, in order, nothing twice, nothing that nobody sent.
 */
export async function checkLog(
  engine: Engine,
  progress: Progress,
  syncs: readonly SyncMode[] = SYNCS,
): Promise<string> {
  let records = 0;
  for (const sync of syncs) records += await checkStream(engine, sync, progress);
  records += await checkTransactions(engine, progress);
  records += await checkCompacted(engine, progress);
  await checkTable(engine, progress);
  return `${records} records`;
}

async function checkStream(engine: Engine, stream: string, progress: Progress): Promise<number> {
  const found = await readRecords(engine.stream(stream)!.partitions[0]!);
  for (const [place, { offset }] of found.entries()) assert.equal(offset, place, 'dense offsets');
  const plain = new Map<number, number[]>();
  const produced = new Map<number, [batch: number, record: number][]>();
  for (const { value } of found) {
    const words = wordsOf(value);
    assert.ok(words, `nobody wrote this: ${value}`);
    assert.equal(words[1], stream);
    const writer = Number(words[2]);
    if (words[0] === 'plain') list(plain, writer).push(Number(words[3]));
    else list(produced, writer).push([Number(words[3]), Number(words[4])]);
  }
  for (let writer = 0; writer < WRITERS; writer++) {
    const own = progress.plain[`${stream} ${writer}`];
    const counts = plain.get(writer) ?? [];
    assert.deepEqual(
      counts,
      [...new Set(counts)].toSorted((a, b) => a - b),
      'once, in order',
    );
    assert.ok((counts.at(-1) ?? -1) < (own?.sent ?? 0), 'what was not sent');
    for (const [count, offset] of own?.acknowledged ?? []) {
      const there = found[offset]?.value;
      assert.equal(there, plainValue(stream, writer, count), `lost, or elsewhere: ${count}`);
    }
    checkProducer(stream, writer, produced.get(writer) ?? [], progress);
  }
  return found.length;
}

/** Every batch up to some place, once, whole and in order. */
function checkProducer(
  stream: string,
  writer: number,
  own: readonly [batch: number, record: number][],
  progress: Progress,
): void {
  let batch = 0;
  let record = 0;
  for (const place of own) {
    assert.deepEqual(
      place,
      [batch, record],
      `producer ${stream} ${writer}: gap, double or disorder`,
    );
    record++;
    if (record === recordsOfBatch(batch)) {
      batch++;
      record = 0;
    }
  }
  assert.equal(record, 0, `half a batch: ${producerValue(stream, writer, batch, record)}`);
  const acknowledged = progress.producers[`${stream} ${writer}`]?.acknowledged ?? 0;
  assert.ok(
    batch >= acknowledged,
    `producer ${stream} ${writer}: ${acknowledged} answered, ${batch} there`,
  );
}

async function checkTransactions(engine: Engine, progress: Progress): Promise<number> {
  const partition = engine.stream('transactions')?.partitions[0];
  if (partition === undefined) return 0;
  const { stableOffset } = partition;
  const aborted = await partition.abortedTransactions(0, stableOffset);
  const visible = new Map<number, number>();
  const found = await readRecords(partition, stableOffset);
  for (const { offset, value } of found) {
    const words = wordsOf(value);
    assert.ok(words, `nobody wrote this: ${value}`);
    const hidden = aborted.some((one) => one.firstOffset <= offset && offset <= one.lastOffset);
    if (!hidden) visible.set(Number(words[1]), (visible.get(Number(words[1])) ?? 0) + 1);
  }
  for (let number = 0; number < progress.transactions.sent; number++) {
    const count = visible.get(number) ?? 0;
    assert.ok(count === 0 || count === 2, `half of ${transactionValue(number, 0)}`);
    if (!isCommitted(number)) assert.equal(count, 0, `aborted ${transactionValue(number, 0)}`);
  }
  for (const number of progress.ended.filter(isCommitted)) {
    assert.equal(visible.get(number), 2, `lost: ${transactionValue(number, 0)}`);
  }
  return found.length;
}

async function checkCompacted(engine: Engine, progress: Progress): Promise<number> {
  const partition = engine.stream('compacted')?.partitions[0];
  if (partition === undefined) return 0;
  const found = await readRecords(partition);
  const last = new Map<string, number>();
  let previous = -1;
  for (const { offset, key, value } of found) {
    assert.ok(offset > previous, 'order');
    previous = offset;
    const count = Number(wordsOf(value)?.[3]);
    assert.equal(key, `k${count % KEYS}`);
    assert.ok(count >= (last.get(key) ?? 0), 'an older record after a newer one');
    last.set(key, count);
  }
  const { acknowledged, sent } = progress.compacted;
  for (let count = Math.max(0, acknowledged - KEYS); count < acknowledged; count++) {
    const there = last.get(`k${count % KEYS}`) ?? -1;
    assert.ok(
      there >= count && there < sent,
      `key k${count % KEYS}: ${count} answered, ${there} there`,
    );
  }
  return found.length;
}

async function checkTable(engine: Engine, progress: Progress): Promise<void> {
  const table = await engine.table('table');
  const { acknowledged, sent } = progress.table;
  if (acknowledged === 0) return;
  const all = Number(String(table.get('all')).split(' ')[0]);
  assert.ok(all >= acknowledged - 1 && all < sent, `table: ${acknowledged} answered, ${all} there`);
  // All of a change or nothing of it, and only the last of each key.
  for (let count = Math.max(0, all - KEYS + 1); count <= all; count++) {
    assert.equal(String(table.get(`k${count % KEYS}`)).split(' ')[0], String(count));
  }
  assert.equal(table.get(`gone${all % KEYS}`), undefined);
  assert.equal(String(table.get(`gone${(all + 1) % KEYS}`)).split(' ')[0], String(all));
}

async function readRecords(partition: Partition, before?: number): Promise<Found[]> {
  const reader = new RecordReader();
  const found: Found[] = [];
  let offset = partition.startOffset;
  for (;;) {
    const buffers = await partition.read(offset, 256 * 1024, before);
    if (buffers.length === 0) return found;
    for (const buffer of buffers) {
      for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
        offset = nextOffsetOf(buffer, at);
        if (isControl(buffer, at)) continue;
        reader.open(buffer, at);
        while (reader.next()) {
          const key = reader.key === null ? null : String(reader.key);
          found.push({ offset: reader.offset, key, value: String(reader.value) });
        }
      }
    }
  }
}

function list<T>(map: Map<number, T[]>, key: number): T[] {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = []));
  return found;
}
