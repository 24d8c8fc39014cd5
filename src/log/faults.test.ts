import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { BatchBuilder } from '../formats/records/batch-builder.ts';
import type { StreamSettings, SyncMode } from '../hub/engine.ts';
import { FailingFiles, type Step } from './failing-files.test-support.ts';
import { record, until, valuesOf, withFolder } from './log.test-support.ts';
import { openLog } from './open-log.ts';
import { STREAM_DEFAULTS } from './settings.ts';

const SYNCS: SyncMode[] = ['always', 'interval', 'never'];
const SETTINGS: StreamSettings = { ...STREAM_DEFAULTS, retentionMs: -1 };

async function opened(folder: string, files: FailingFiles, settings: Partial<StreamSettings> = {}) {
  const engine = await openLog({ folder, files, retryMs: 5, syncIntervalMs: 5 });
  const stream = engine.stream('s') ?? (await engine.create('s', { ...SETTINGS, ...settings }));
  return { engine, partition: stream.partitions[0]! };
}

describe('a disk that fails', () => {
  for (const sync of SYNCS) {
    for (const [code, steps] of [
      ['ENOSPC', ['write', 'open']],
      ['EROFS', ['write', 'open', 'truncate', 'rename', 'remove']],
      ['EIO', ['write', 'sync']],
    ] as [string, Step[]][]) {
      it(`has writes refused and reads served, and is used again when it works (${code}, sync ${sync})`, () =>
        withFolder(async (folder) => {
          const files = new FailingFiles();
          const { engine, partition } = await opened(folder, files, { sync });
          await partition.write([record('before')]);
          files.tornBytes = 40;
          files.fail(code, steps);
          const refused = await Promise.allSettled(
            ['x', 'y', 'z'].map(async (value) => partition.write([record(value)])),
          );
          for (const outcome of refused) {
            assert.equal(outcome.status, 'rejected');
            assert.equal(outcome.reason.reason, 'storage');
          }
          assert.match(engine.refusing!.message, /disk|file system/);
          await assert.rejects(async () => partition.write([record('later')]), {
            reason: 'storage',
          });
          assert.deepEqual(await valuesOf(partition), ['0:before']);
          files.heal();
          await until(() => engine.refusing === undefined);
          assert.equal(await partition.write([record('after')]), 1);
          assert.deepEqual(await valuesOf(partition), ['0:before', '1:after']);
          await engine.close();
          const again = await opened(folder, files);
          assert.deepEqual(again.engine.recovery, []);
          assert.deepEqual(await valuesOf(again.partition), ['0:before', '1:after']);
          await again.engine.close();
        }));
    }
  }

  it('never shows later what it refused, not even after a crash', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const { engine, partition } = await opened(folder, files);
      await partition.write([record('before')]);
      // The bytes are in the file, whole, and the fdatasync fails.
      files.fail('EIO', ['sync'], /\.log$/);
      await assert.rejects(async () => partition.write([record('refused')]), { reason: 'storage' });
      files.heal();
      await until(() => engine.refusing === undefined);
      const copy = `${folder}-crashed`;
      await cp(folder, copy, { recursive: true, filter: (path) => !/lock\.\d+$/.test(path) });
      await engine.close();
      const again = await opened(copy, files);
      assert.deepEqual(await valuesOf(again.partition), ['0:before']);
      await again.engine.close();
    }));

  it('has what was acknowledged before an interval sync failed written once more', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const { engine, partition } = await opened(folder, files, { sync: 'interval' });
      files.fail('EIO', ['sync'], /\.log$/);
      await partition.write([record('one'), record('two')]);
      const { writes } = files;
      await until(() => engine.refusing !== undefined);
      files.heal();
      await until(() => engine.refusing === undefined);
      // A probe, and the records.
      assert.ok(files.writes >= writes + 2);
      await partition.write([record('three')]);
      assert.deepEqual(await valuesOf(partition), ['0:one', '1:two', '2:three']);
      await engine.close();
    }));

  it('lets a producer send again what was refused', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const { engine, partition } = await opened(folder, files);
      await partition.append(produced(0));
      files.fail('ENOSPC', ['write'], /\.log$/);
      for (const sequence of [1, 2]) {
        await assert.rejects(async () => partition.append(produced(sequence)), {
          reason: 'storage',
        });
      }
      files.heal();
      await until(() => engine.refusing === undefined);
      const again = await partition.append(produced(1));
      assert.deepEqual([again.baseOffset, again.duplicate], [1, false]);
      assert.deepEqual(await valuesOf(partition), ['0:0', '1:1']);
      await engine.close();
    }));

  it('leaves a table as it was', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const engine = await openLog({ folder, files, retryMs: 5 });
      const table = await engine.table('t');
      await table.set([['a', Buffer.from('1')]]);
      files.fail('ENOSPC', ['write']);
      const refused = await Promise.allSettled([
        table.set([
          ['a', Buffer.from('2')],
          ['b', Buffer.from('2')],
        ]),
        table.set([['a', undefined]]),
      ]);
      assert.deepEqual(
        refused.map(({ status }) => status),
        ['rejected', 'rejected'],
      );
      assert.deepEqual([...table.entries()], [['a', Buffer.from('1')]]);
      files.heal();
      await until(() => engine.refusing === undefined);
      await table.set([['b', Buffer.from('3')]]);
      await engine.close();
      const again = await openLog({ folder, files });
      assert.equal((await again.table('t')).size, 2);
      await again.close();
    }));

  it('refuses a new segment, and takes up where it was', () =>
    withFolder(async (folder) => {
      const files = new FailingFiles();
      const { engine, partition } = await opened(folder, files, { segmentBytes: 1024 });
      const values = Array.from({ length: 30 }, (_, place) => `${place} ${'x'.repeat(200)}`);
      for (const value of values) {
        for (;;) {
          if (Math.random() < 0.3) {
            files.fail('ENOSPC', ['open', 'rename', 'syncFolder'], /\d{20}|0$/);
          }
          try {
            await partition.write([record(value)]);
            break;
          } catch {
            files.heal();
            await until(() => engine.refusing === undefined);
          }
        }
        files.heal();
      }
      const expected = values.map((value, offset) => `${offset}:${value}`);
      assert.deepEqual(await valuesOf(partition), expected);
      await engine.close();
      const again = await opened(folder, files);
      assert.deepEqual(await valuesOf(again.partition), expected);
      await again.engine.close();
    }));
});

function produced(sequence: number): Buffer {
  const builder = new BatchBuilder();
  builder.start({ producerId: 7n, producerEpoch: 0, baseSequence: sequence });
  builder.add(1, null, Buffer.from(String(sequence)));
  return Buffer.from(builder.finish());
}
