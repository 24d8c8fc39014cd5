import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MakeHost, withEngine } from './host.ts';
import { numbers, partitionOf, readAll, record, until, valuesOf } from './records.ts';

const PAD = 'p'.repeat(1000);

export function expirySuite(makeHost: MakeHost): void {
  describe('expiry', () => {
    it('keeps about so many records, the last ones', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const partition = await partitionOf(engine, { retentionRecords: 1000 });
        for (const place of numbers(5000)) await partition.write([record(String(place))]);
        await until(() => partition.startOffset >= 2500);
        assert.ok(partition.startOffset <= 4000);
        const { startOffset } = partition;
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        assert.ok(again.startOffset >= startOffset && again.startOffset <= 4000);
        await assert.rejects(async () => again.read(startOffset - 1, 10), { code: 'OUT_OF_RANGE' });
        const seen = await readAll(again);
        assert.deepEqual(
          valuesOf(seen),
          numbers(5000 - seen[0]!.offset, seen[0]!.offset).map(String),
        );
      }));

    it('keeps about so many bytes', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, { retentionBytes: 100_000 });
        for (const _ of numbers(1000)) await partition.write([record(PAD)]);
        await until(() => partition.bytes <= 200_000);
        assert.ok(partition.bytes >= 50_000);
        assert.equal((await readAll(partition)).at(-1)?.offset, 999);
      }));

    it('deletes what is older, all of it when nothing new comes', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, { retentionMs: 60_000 });
        await partition.write([record('old', null, Date.now() - 120_000)]);
        await until(() => partition.startOffset === 1);
        assert.equal(partition.endOffset, 1);
        assert.equal(await partition.write([record('new', null, Date.now())]), 1);
        assert.deepEqual(valuesOf(await readAll(partition)), ['new']);
      }));

    it('keeps all where it is told to', () =>
      withEngine(makeHost, async (engine) => {
        const kept = await partitionOf(engine, { retentionMs: 1000, expire: false }, 'kept');
        const gone = await partitionOf(engine, { retentionMs: 1000 }, 'gone');
        for (const partition of [kept, gone]) await partition.write([record('old', null, 1)]);
        await until(() => gone.startOffset === 1);
        assert.equal(kept.startOffset, 0);
      }));

    it('gives up what lies before an offset when it is told to', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const partition = await partitionOf(engine);
        await partition.write(numbers(10).map((place) => record(String(place))));
        assert.equal(await partition.trim(4), 4);
        assert.equal(await partition.trim(2), 4);
        await assert.rejects(partition.trim(11), { code: 'OUT_OF_RANGE' });
        await assert.rejects(async () => partition.read(3, 100), { code: 'OUT_OF_RANGE' });
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        assert.equal(again.startOffset, 4);
        assert.deepEqual(valuesOf(await readAll(again, 4)), numbers(6, 4).map(String));
        assert.equal(await again.trim(10), 10);
        assert.equal(again.stableOffset, 10);
        assert.deepEqual(await readAll(again), []);
        assert.equal(await again.write([record('next')]), 10);
      }));
  });

  describe('compaction', () => {
    it('keeps the last record of each key, in order, at its offset', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const settings = {
          compact: true,
          expire: false,
          segmentBytes: 8192,
          tombstoneMs: 3_600_000,
        };
        const partition = await partitionOf(engine, settings);
        const last = new Map<string, [number, string | null]>();
        for (const place of numbers(3000)) {
          const key = `k${(place * 7919) % 50}`;
          const value = place > 2000 && place % 5 === 0 ? null : `${place}`;
          last.set(key, [await partition.write([record(value, key, Date.now())]), value]);
        }
        const before = partition.bytes;
        await until(() => partition.bytes < before / 4);
        const check = async (stored: typeof partition): Promise<void> => {
          const seen = await readAll(stored);
          assert.ok(seen.length < 1500, `${seen.length}`);
          let previous = -1;
          const found = new Map<string, [number, string | null]>();
          for (const { offset, key, value } of seen) {
            assert.ok(offset > previous);
            previous = offset;
            found.set(key!, [offset, value]);
          }
          assert.deepEqual(found, last);
        };
        await check(partition);
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        assert.equal(again.endOffset, 3000);
        await check(again);
        await again.write([record('more', 'k1')]);
      }));

    it('forgets a key that was deleted, after its time', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, {
          compact: true,
          expire: false,
          segmentBytes: 4096,
          tombstoneMs: 0,
        });
        await partition.write([record('v', 'gone'), record('v', 'kept')]);
        await partition.write([record(null, 'gone')]);
        for (const place of numbers(200)) {
          await partition.write([record(`${place} ${PAD}`, 'other', Date.now())]);
        }
        await until(async () => !(await readAll(partition)).some(({ key }) => key === 'gone'));
        const keys = new Set((await readAll(partition)).map(({ key }) => key));
        assert.deepEqual(keys, new Set(['kept', 'other']));
      }));
  });
}
