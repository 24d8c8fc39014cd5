import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLog } from '../../src/log/open-log.ts';
import { readAll } from '../engine/records.ts';
import { NAME, PRODUCER, produced, SETTINGS, TIME_MS, TRIMMED, VALUES } from './log-content.ts';

/** Every format version that was ever released. */
const FORMATS = [1];

for (const format of FORMATS) {
  describe(`a data folder of format ${format}`, () => {
    // After a clean close, and as if the process had been killed.
    for (const clean of [true, false]) {
      it(`opens with all that it has (${clean ? 'closed' : 'killed'})`, async () => {
        const parent = await mkdtemp(join(tmpdir(), 'polywire-compat-'));
        try {
          const folder = join(parent, 'data');
          const fixture = new URL(`../fixtures/log-format-${format}`, import.meta.url).pathname;
          await cp(fixture, folder, { recursive: true });
          if (!clean) await rm(join(folder, 'clean'));
          await check(folder, clean ? 0 : 1);
        } finally {
          await rm(parent, { recursive: true, force: true });
        }
      });
    }
  });
}

async function check(folder: string, epoch: number): Promise<void> {
  const engine = await openLog({ folder });
  try {
    assert.deepEqual(engine.recovery, []);
    assert.deepEqual(
      engine.streams().map(({ name, number }) => [name, number]),
      [
        ['compacted', 2],
        [NAME, 1],
      ],
    );
    const stream = engine.stream(NAME)!;
    assert.deepEqual(stream.settings, SETTINGS);
    const [first, second] = stream.partitions;
    assert.equal(first!.startOffset, TRIMMED);
    assert.equal(first!.epoch, epoch);
    assert.deepEqual(
      (await readAll(first!)).map(({ offset, key, value, timeMs }) => [offset, key, value, timeMs]),
      VALUES.map((value, place) => [place, `k${place % 4}`, value, TIME_MS]).slice(TRIMMED),
    );
    assert.equal(second!.endOffset, 6);
    assert.equal(second!.stableOffset, 5);
    assert.deepEqual(await second!.abortedTransactions(0, 6), [
      { producerId: PRODUCER + 1n, firstOffset: 3, lastOffset: 4 },
    ]);
    assert.equal((await second!.append(produced(2, false))).duplicate, true);
    assert.equal((await second!.append(produced(3, false))).baseOffset, 6);
    const compacted = await readAll(engine.stream('compacted')!.partitions[0]!);
    assert.ok(compacted.length < VALUES.length);
    assert.deepEqual(
      compacted.slice(-4).map(({ value }) => value),
      VALUES.slice(-4),
    );
    assert.deepEqual(
      [...(await engine.table('consumer offsets')).entries()],
      [['b', Buffer.from('2')]],
    );
    assert.ok((await engine.create('next', SETTINGS)).number > 4);
  } finally {
    await engine.close();
  }
}
