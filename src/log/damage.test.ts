import assert from 'node:assert/strict';
import { cp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BatchBuilder } from '../formats/records/batch-builder.ts';
import { record, valuesOf, withFolder } from './log.test-support.ts';
import { openLog } from './open-log.ts';
import { STREAM_DEFAULTS } from './settings.ts';

const VALUES = Array.from({ length: 60 }, (_, place) => `${place} ${'v'.repeat(place * 5)}`);
const EXPECTED = VALUES.map((value, offset) => `${offset}:${value}`);

/** A folder with some segments, as a crash leaves it: without the marks of a close. */
async function crashed(folder: string): Promise<string> {
  const engine = await openLog({ folder });
  const settings = { ...STREAM_DEFAULTS, retentionMs: -1, segmentBytes: 4096 };
  const partition = (await engine.create('s', settings)).partitions[0]!;
  for (const value of VALUES) await partition.write([record(value)]);
  // While it is open: what is there is what a killed process leaves. Nothing is written meanwhile.
  await engine.maintenance.stop();
  const copy = `${folder}-crashed`;
  await cp(folder, copy, { recursive: true, filter: (path) => !/lock\.\d+$/.test(path) });
  await engine.close();
  return copy;
}

const partitionFolder = (folder: string): string => join(folder, 'streams', '1-s', '0');

async function filesOf(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(partitionFolder(folder));
  return names
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => join(partitionFolder(folder), name));
}

/** Opens a folder, reads what can be read, writes one more, and does it again. */
async function readTwice(folder: string): Promise<{ values: string[]; notes: string[] }> {
  const engine = await openLog({ folder });
  const notes = engine.recovery.map(({ text }) => text);
  const partition = engine.stream('s')!.partitions[0]!;
  const values = await valuesOf(partition);
  await partition.write([record('one more')]);
  await engine.close();
  const again = await openLog({ folder });
  assert.deepEqual(again.recovery, []);
  const kept = again.stream('s')!.partitions[0]!;
  assert.deepEqual(await valuesOf(kept), [...values, `${values.length}:one more`]);
  await again.close();
  return { values, notes };
}

describe('a damaged folder', () => {
  it('of a killed process has everything', () =>
    withFolder(async (folder) => {
      const { values, notes } = await readTwice(await crashed(folder));
      assert.deepEqual(values, EXPECTED);
      assert.deepEqual(notes, []);
    }));

  it('counts the crash as a new epoch, and knows where the one before ended', () =>
    withFolder(async (folder) => {
      const copy = await crashed(folder);
      const engine = await openLog({ folder: copy });
      const partition = engine.stream('s')!.partitions[0]!;
      assert.equal(partition.epoch, 1);
      assert.deepEqual(partition.epochEnd(0), { epoch: 0, endOffset: 60 });
      await partition.write([record('in the new epoch')]);
      assert.deepEqual(partition.epochEnd(0), { epoch: 0, endOffset: 60 });
      assert.deepEqual(partition.epochEnd(1), { epoch: 1, endOffset: 61 });
      const later = await engine.create('later', STREAM_DEFAULTS);
      assert.equal(later.partitions[0]!.epoch, 0);
      await engine.close();
      const again = await openLog({ folder: copy });
      assert.equal(again.stream('s')!.partitions[0]!.epoch, 1);
      assert.deepEqual(again.stream('s')!.partitions[0]!.epochEnd(0), { epoch: 0, endOffset: 60 });
      await again.close();
    }));

  it('that lost its tail knows nothing of the producers of what it lost', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder });
      const partition = (await engine.create('s', STREAM_DEFAULTS)).partitions[0]!;
      const batches = [0, 1].map((baseSequence) => {
        const builder = new BatchBuilder();
        builder.start({ producerId: 5n, producerEpoch: 0, baseSequence });
        builder.add(1, null, Buffer.from(String(baseSequence)));
        return Buffer.from(builder.finish());
      });
      for (const batch of batches) await partition.append(Buffer.from(batch));
      await engine.close();
      const [log] = await filesOf(folder, '.log');
      await truncate(log!, (await stat(log!)).size - 1);
      const again = await openLog({ folder });
      const kept = again.stream('s')!.partitions[0]!;
      assert.equal(kept.endOffset, 1);
      const answers = [];
      for (const batch of batches) answers.push(await kept.append(Buffer.from(batch)));
      assert.deepEqual(
        answers.map(({ baseOffset, duplicate }) => [baseOffset, duplicate]),
        [
          [0, true],
          [1, false],
        ],
      );
      await again.close();
    }));

  it('with a torn tail loses no more than the torn batch', () =>
    withFolder(async (folder) => {
      const copy = await crashed(folder);
      const last = (await filesOf(copy, '.log')).at(-1)!;
      const bytes = await readFile(last);
      await truncate(last, bytes.findLastIndex((byte) => byte !== 0) - 10);
      const { values, notes } = await readTwice(copy);
      assert.deepEqual(values, EXPECTED.slice(0, -1));
      assert.match(notes.join(), /was cut at byte \d+, before offset 59 .* ends within a batch/);
    }));

  it('with zeros or garbage behind the last batch loses nothing', () =>
    withFolder(async (folder) => {
      for (const tail of [Buffer.alloc(5000), Buffer.alloc(3000, 0xa5), Buffer.alloc(5)]) {
        const zeros = tail[0] === 0;
        const copy = await crashed(`${folder}${tail.length}`);
        const last = (await filesOf(copy, '.log')).at(-1)!;
        await writeFile(last, Buffer.concat([await readFile(last), tail]));
        const { values, notes } = await readTwice(copy);
        assert.deepEqual(values, EXPECTED);
        assert.equal(notes.length, zeros ? 0 : 1);
      }
    }));

  it('without its index files, or with broken ones, has them made anew', () =>
    withFolder(async (folder) => {
      const copy = await crashed(folder);
      const indexes = await filesOf(copy, '.index');
      assert.ok(indexes.length >= 3);
      await rm(indexes[0]!);
      await truncate(indexes[1]!, 30);
      const bytes = await readFile(indexes[2]!);
      bytes[bytes.length - 3]! ^= 4;
      await writeFile(indexes[2]!, bytes);
      for (const snapshot of await filesOf(copy, '.producers')) await rm(snapshot);
      const { values, notes } = await readTwice(copy);
      assert.deepEqual(values, EXPECTED);
      assert.deepEqual(notes, []);
    }));

  it('keeps what lies behind damage in the middle, and says what is lost', () =>
    withFolder(async (folder) => {
      const copy = await crashed(folder);
      const [log] = await filesOf(copy, '.log');
      await flip(log!, 300);
      for (const withIndex of [true, false]) {
        if (!withIndex) await rm((await filesOf(copy, '.index'))[0]!);
        const engine = await openLog({ folder: copy });
        const partition = engine.stream('s')!.partitions[0]!;
        assert.equal(partition.endOffset, EXPECTED.length);
        await assert.rejects(valuesOf(partition), { code: 'DATA_LOSS' });
        const second = Number((await filesOf(copy, '.log'))[1]!.split('/').at(-1)!.slice(0, 20));
        assert.deepEqual(await valuesOf(partition, second), EXPECTED.slice(second));
        if (!withIndex)
          assert.match(engine.recovery[0]!.text, /is damaged at byte .* cannot be read/);
        await engine.close();
      }
    }));

  it('never gives wrong records, whatever bit is flipped', () =>
    withFolder(async (folder) => {
      const copy = await crashed(folder);
      const files = [
        ...(await filesOf(copy, '.log')),
        ...(await filesOf(copy, '.index')),
        ...(await filesOf(copy, '.producers')),
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.nat({ max: 100_000 }),
          fc.nat({ max: 7 }),
          async (file, place, bit) => {
            const trial = `${folder}-trial`;
            await cp(copy, trial, { recursive: true });
            try {
              await flip(file.replace(copy, trial), place, bit);
              const engine = await openLog({ folder: trial });
              const partition = engine.stream('s')!.partitions[0]!;
              for (let offset = 0; offset < partition.endOffset; offset++) {
                try {
                  const values = await valuesOf(partition, offset);
                  assert.deepEqual(values, EXPECTED.slice(offset, offset + values.length));
                  break;
                } catch (error) {
                  assert.equal((error as { code: string }).code, 'DATA_LOSS', String(error));
                }
              }
              await engine.close();
            } finally {
              await rm(trial, { recursive: true, force: true });
            }
          },
        ),
        { numRuns: 40 },
      );
    }));
});

async function flip(path: string, place: number, bit = 0): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (size === 0) return;
    const at = place % size;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    buffer[0]! ^= 1 << bit;
    await file.write(buffer, 0, 1, at);
  } finally {
    await file.close();
  }
}
