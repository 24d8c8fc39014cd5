import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { openLog } from '../../src/log/open-log.ts';
import { STREAM_DEFAULTS } from '../../src/log/settings.ts';
import { readAll, record, until, valuesOf } from '../engine/records.ts';
import { smallDisk } from './small-disk.ts';

it('a full disk: writes are refused, reads go on, and it goes on when there is room', async (test) => {
  const { path, skip, remove } = smallDisk();
  if (skip !== undefined) return test.skip(skip);
  try {
    const engine = await openLog({ folder: join(path, 'data'), retryMs: 20 });
    const settings = { ...STREAM_DEFAULTS, retentionMs: -1, segmentBytes: 512 * 1024 };
    const partition = (await engine.create('s', settings)).partitions[0]!;
    const table = await engine.table('t');
    const filler = join(path, 'filler');
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    const stored: string[] = [];
    const write = async (): Promise<boolean> => {
      const value = `${stored.length} ${'x'.repeat(20_000)}`;
      try {
        const offset = await partition.write([record(value)]);
        assert.equal(offset, stored.length);
        stored.push(value);
        return true;
      } catch (error) {
        assert.equal((error as { reason: string }).reason, 'storage');
        return false;
      }
    };
    while (await write());
    assert.match(engine.refusing!.message, /the disk is full/);
    await assert.rejects(async () => table.set([['a', Buffer.from('1')]]), { reason: 'storage' });
    assert.equal(table.get('a'), undefined);
    assert.deepEqual(valuesOf(await readAll(partition)), stored);
    rmSync(filler);
    await until(() => engine.refusing === undefined);
    for (let more = 0; more < 20; more++) assert.ok(await write());
    await table.set([['a', Buffer.from('2')]]);
    assert.deepEqual(valuesOf(await readAll(partition)), stored);
    await engine.close();
    const again = await openLog({ folder: join(path, 'data') });
    assert.deepEqual(again.recovery, []);
    assert.deepEqual(valuesOf(await readAll(again.stream('s')!.partitions[0]!)), stored);
    assert.equal(String((await again.table('t')).get('a')), '2');
    await again.close();
  } finally {
    remove();
  }
});
