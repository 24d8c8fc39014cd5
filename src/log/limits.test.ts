import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { Partition } from '../hub/engine.ts';
import { FailingFiles } from './failing-files.test-support.ts';
import { record, valuesOf, withFolder } from './log.test-support.ts';
import { openLog } from './open-log.ts';
import { STREAM_DEFAULTS } from './settings.ts';

const SETTINGS = { ...STREAM_DEFAULTS, retentionMs: -1 };

describe('limits', () => {
  it('keeps few files open, however many partitions are written and read', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder, maxOpenFiles: 8 });
      for (const sync of ['always', 'interval', 'never'] as const) {
        const stream = await engine.create(sync, { ...SETTINGS, sync, partitions: 40 });
        for (const round of ['a', 'b']) {
          await Promise.all(
            stream.partitions.map(async (partition) => partition.write([record(round)])),
          );
        }
        await engine.maintenance.sync();
        // One more use of each lets go of the others.
        for (const partition of stream.partitions) {
          await partition.write([record('c')]);
          if (sync !== 'always') await partition.sync();
        }
        assert.ok(engine.environment.cache.size <= 10, `${engine.environment.cache.size} open`);
        for (const partition of stream.partitions) {
          assert.deepEqual(await valuesOf(partition), ['0:a', '1:b', '2:c']);
        }
      }
      await engine.close();
    }));

  it('reads many segments with few files and little memory', () =>
    withFolder(async (folder) => {
      const options = { folder, maxOpenFiles: 4, maxTailBytes: 10_000, maxTailBytesTotal: 20_000 };
      const engine = await openLog(options);
      const stream = await engine.create('s', { ...SETTINGS, segmentBytes: 2000 });
      const [partition] = stream.partitions;
      const values = Array.from({ length: 300 }, (_, place) => `${place} ${'x'.repeat(200)}`);
      for (const value of values) await partition!.write([record(value)]);
      const expected = values.map((value, offset) => `${offset}:${value}`);
      const reads = [0, 10, 20, 290].map((from) => valuesOf(partition!, from));
      assert.deepEqual(
        await Promise.all(reads),
        [0, 10, 20, 290].map((from) => expected.slice(from)),
      );
      assert.ok(engine.environment.cache.size <= 5);
      assert.ok(engine.environment.tails.used <= 20_000);
      await engine.close();
      assert.equal(engine.environment.tails.used, 0);
      assert.equal(engine.environment.pending.used, 0);
    }));

  it('keeps the latest records in memory only where somebody reads them', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder, maxTailBytes: 10_000 });
      const { tails } = engine.environment;
      const write = async (partition: Partition, count: number): Promise<void> => {
        for (let place = 0; place < count; place++) await partition.write([record('v'.repeat(99))]);
      };
      const ended = () => undefined;
      const stream = await engine.create('s', { ...SETTINGS, partitions: 3 });
      const [unread, read, watched] = stream.partitions;
      unread!.watch({ committed: ended, ended, reading: false });
      await write(unread!, 10);
      await write(read!, 10);
      assert.equal(tails.used, 0);
      assert.equal((await valuesOf(read!)).length, 10);
      await write(read!, 1);
      const one = tails.used;
      assert.ok(one > 99);
      assert.ok(Array.isArray(read!.read(10, 1)), 'it is at hand');
      watched!.watch({ committed: ended, ended });
      await write(watched!, 1);
      assert.equal(tails.used, one * 2);
      // The oldest go, whatever is read of what is held.
      const held = await watched!.read(0, 1);
      const bytes = Buffer.concat(held);
      await write(watched!, 300);
      assert.ok(tails.used <= 10_000 + one);
      assert.deepEqual(Buffer.concat(held), bytes);
      assert.equal((await valuesOf(watched!)).length, 301);
      await engine.close();
      assert.equal(tails.used, 0);
    }));

  it('refuses more streams and partitions than may be', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder, maxStreams: 3, maxPartitions: 10 });
      await engine.create('a', { ...SETTINGS, partitions: 6 });
      const code = 'RESOURCE_EXHAUSTED';
      await assert.rejects(engine.create('b', { ...SETTINGS, partitions: 5 }), { code });
      await assert.rejects(engine.stream('a')!.change({ partitions: 11 }), { code });
      await engine.create('b', { ...SETTINGS, partitions: 4 });
      await engine.table('t');
      await assert.rejects(engine.table('u'), { code });
      await engine.remove('a');
      await engine.table('u');
      await engine.close();
    }));

  it('refuses what comes while too much waits, and takes it later', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder, maxPendingBytes: 10_000 });
      const [partition] = (await engine.create('s', SETTINGS)).partitions;
      const value = 'x'.repeat(3000);
      const first = [1, 2, 3].map(() => partition!.write([record(value)]));
      await assert.rejects(
        async () => partition!.write([record(value)]),
        (fault: Error) => {
          assert.match(fault.message, /wait for the disk/);
          assert.equal((fault as unknown as { reason: string }).reason, 'storage');
          return true;
        },
      );
      await Promise.all(first);
      assert.equal(await partition!.write([record(value)]), 3);
      // What is larger than the limit by itself is taken when nothing else waits.
      assert.equal(await partition!.write([record('y'.repeat(20_000))]), 4);
      assert.equal(engine.environment.pending.used, 0);
      await engine.close();
    }));

  it('makes all that waits at a time durable together, not one after the other', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const engine = await openLog({ folder, files });
      const [partition] = (await engine.create('s', SETTINGS)).partitions;
      await partition!.write([record('first')]);
      const { syncs } = files;
      await Promise.all(Array.from({ length: 500 }, async () => partition!.write([record('x')])));
      // One for all of them; the engine's own upkeep may fall into the same time.
      assert.ok(files.syncs - syncs < 5, `${files.syncs - syncs} syncs for 500 writes`);
      await engine.close();
    }));

  it('leaves nothing of a removed stream on the disk', () =>
    withFolder(async (folder) => {
      const engine = await openLog({ folder });
      const stream = await engine.create('s', { ...SETTINGS, partitions: 2 });
      for (const partition of stream.partitions) await partition.write([record('x')]);
      await engine.remove('s');
      assert.deepEqual(await readdir(`${folder}/streams`), []);
      assert.equal(engine.environment.cache.size, 0);
      await engine.close();
    }));
});
