import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { withFolder } from '../../log/log.test-support.ts';
import { openLog } from '../../log/open-log.ts';
import { STREAM_DEFAULTS } from '../../log/settings.ts';
import type { Table } from '../engine.ts';
import { CursorStore } from './cursor.ts';
import { OffsetRanges } from './offset-ranges.ts';

/** A table in memory whose commits are decided by the test. */
class FakeTable implements Table {
  readonly map = new Map<string, Buffer>();
  sets = 0;
  failing = false;

  get size(): number {
    return this.map.size;
  }

  get(key: string): Buffer | undefined {
    return this.map.get(key);
  }

  entries(): IterableIterator<[string, Buffer]> {
    return this.map.entries();
  }

  async set(changes: readonly (readonly [string, Buffer | undefined])[]): Promise<void> {
    this.sets++;
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
    if (this.failing) throw new Error('the disk is full');
    for (const [key, value] of changes) {
      if (value === undefined) this.map.delete(key);
      else this.map.set(key, value);
    }
  }
}

describe('a set of offsets', () => {
  it('is what a plain set would be, whatever is added in whatever order', () => {
    const additions = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 12 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.nat({ max: 10 }), additions, (position, all) => {
        const ranges = new OffsetRanges(position);
        const plain = new Set(Array.from({ length: position }, (_, offset) => offset));
        for (const [from, count] of all) {
          const before = plain.size;
          for (let offset = from; offset < from + count; offset++) plain.add(offset);
          assert.equal(ranges.add(from, from + count), plain.size > before);
        }
        for (let offset = 0; offset < 80; offset++) {
          assert.equal(ranges.has(offset), plain.has(offset), String(offset));
          let missing = offset;
          while (plain.has(missing)) missing++;
          assert.equal(ranges.firstMissing(offset), missing);
        }
        assert.equal(ranges.position, ranges.firstMissing(0));
        let before = ranges.position;
        for (const [from, to] of ranges.above()) {
          assert.ok(from > before && to > from, 'ranges are apart and in order');
          before = to;
        }
      }),
    );
  });
});

describe('durable cursors', () => {
  it('are where they were after a restart', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder });
      const cursors = new CursorStore(await engine.table('cursors'));
      const cursor = cursors.open('a', 100);
      assert.equal(cursors.open('a'), cursor);
      for (const offset of [102, 100, 105, 106, 2 ** 40, 104]) cursor.acknowledge(offset);
      cursor.acknowledge(200, 2000);
      await cursors.saved();
      await engine.close();
      const again = await openLog({ folder });
      const kept = new CursorStore(await again.table('cursors')).open('a');
      assert.equal(kept.position, 101);
      assert.deepEqual(
        [...kept.above()],
        [
          [102, 103],
          [104, 107],
          [200, 2000],
          [2 ** 40, 2 ** 40 + 1],
        ],
      );
      assert.deepEqual(
        [101, 102, 103, 107].map((offset) => kept.isAcknowledged(offset)),
        [false, true, false, false],
      );
      assert.equal(kept.firstOpen(102), 103);
      await again.close();
    }));

  it('are saved together, not one by one', async () => {
    const table = new FakeTable();
    const cursors = new CursorStore(table);
    for (let round = 0; round < 100; round++) {
      for (const name of ['a', 'b', 'c']) cursors.open(name).acknowledge(round);
    }
    await cursors.saved();
    assert.equal(table.sets, 1);
    assert.equal(new CursorStore(table).open('c').position, 100);
    // While a save is under way, the next one gathers.
    for (let round = 100; round < 110; round++) {
      cursors.open('a').acknowledge(round);
      await new Promise(setImmediate);
    }
    await cursors.saved();
    assert.ok(table.sets < 10, `${table.sets}`);
    assert.equal(new CursorStore(table).open('a').position, 110);
  });

  it('are saved later when the disk is full', async () => {
    const table = new FakeTable();
    const cursors = new CursorStore(table);
    cursors.open('a').acknowledge(0, 5);
    table.failing = true;
    await assert.rejects(cursors.saved(), /the disk is full/);
    assert.equal(cursors.open('a').position, 5);
    table.failing = false;
    await cursors.saved();
    assert.equal(new CursorStore(table).open('a').position, 5);
  });

  it('begin anew after they were removed or reset', async () => {
    const table = new FakeTable();
    const cursors = new CursorStore(table);
    cursors.open('a').acknowledge(0, 50);
    cursors.open('b').acknowledge(60);
    await cursors.saved();
    await cursors.remove('a');
    assert.equal(cursors.has('a'), false);
    assert.equal(cursors.open('a', 7).position, 7);
    cursors.open('b').reset(20);
    await cursors.saved();
    assert.deepEqual([...table.map.keys()], ['b']);
    assert.equal(new CursorStore(table).open('b').isAcknowledged(60), false);
  });

  it('go on at what is kept, and say what was lost', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder });
      const stream = await engine.create('s', STREAM_DEFAULTS);
      const [partition] = stream.partitions;
      await partition!.write(
        Array.from({ length: 20 }, () => ({ key: null, value: null, headers: [], timeMs: 1 })),
      );
      const cursor = new CursorStore(await engine.table('cursors')).open('a');
      cursor.acknowledge(0, 3);
      cursor.acknowledge(5, 7);
      cursor.acknowledge(9, 12);
      await partition!.trim(10);
      // 3, 4, 7 and 8.
      assert.equal(cursor.follow(partition!), 4);
      assert.equal(cursor.position, 12);
      assert.equal(cursor.follow(partition!), 0);
      await engine.close();
    }));
});
