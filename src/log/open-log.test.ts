import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { batchBytes } from '../formats/records/batch.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { Partition } from '../hub/engine.ts';
import { openLog } from './open-log.ts';
import { STREAM_DEFAULTS } from './settings.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'polywire-log-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function values(partition: Partition, from = partition.startOffset): Promise<string[]> {
  const found: string[] = [];
  const reader = new RecordReader();
  let offset = from;
  for (;;) {
    const buffers = await partition.read(offset, 1000);
    if (buffers.length === 0) return found;
    for (const buffer of buffers) {
      for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
        reader.open(buffer, at);
        while (reader.next()) {
          if (reader.offset >= offset) {
            found.push(`${reader.offset}:${reader.value}`);
            offset = reader.offset + 1;
          }
        }
      }
    }
  }
}

function record(text: string) {
  return { key: null, value: Buffer.from(text), headers: [], timeMs: 1_700_000_000_000 };
}

describe('openLog', () => {
  for (const sync of ['always', 'interval', 'never'] as const) {
    it(`keeps what was acknowledged over a close (sync ${sync})`, async () => {
      const engine = await openLog({ folder: join(folder, sync) });
      const stream = await engine.create('a/b', { ...STREAM_DEFAULTS, sync });
      const partition = stream.partitions[0]!;
      const offsets = await Promise.all([
        partition.write([record('one'), record('two')]),
        partition.write([record('three')]),
      ]);
      assert.deepEqual(offsets, [0, 2]);
      assert.equal(await partition.write([record('four')]), 3);
      assert.deepEqual(await values(partition), ['0:one', '1:two', '2:three', '3:four']);
      const table = await engine.table('offsets');
      await table.set([
        ['a', Buffer.from('1')],
        ['b', Buffer.from('2')],
      ]);
      await table.set([['a', undefined]]);
      await engine.close();

      const again = await openLog({ folder: join(folder, sync) });
      assert.deepEqual(again.recovery, []);
      const kept = again.stream('a/b')!.partitions[0]!;
      assert.equal(kept.epoch, 0);
      assert.deepEqual(await values(kept), ['0:one', '1:two', '2:three', '3:four']);
      assert.equal(await kept.write([record('five')]), 4);
      assert.deepEqual((await values(kept)).slice(3), ['3:four', '4:five']);
      assert.deepEqual([...(await again.table('offsets')).entries()], [['b', Buffer.from('2')]]);
      await again.close();
    });
  }

  it('lets nobody else in', async () => {
    const engine = await openLog({ folder: join(folder, 'locked') });
    await assert.rejects(openLog({ folder: join(folder, 'locked') }), /is open in this process/);
    await engine.close();
    await (await openLog({ folder: join(folder, 'locked') })).close();
  });
});
