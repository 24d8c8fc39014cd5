import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MakeHost, withEngine } from './host.ts';
import { numbers } from './records.ts';

export function tableSuite(makeHost: MakeHost): void {
  describe('tables', () => {
    it('hold what was set, all or nothing of each change, for ever', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const table = await engine.table('kafka offsets');
        assert.equal(table, await engine.table('kafka offsets'));
        await table.set([
          ['a', Buffer.from('1')],
          ['b', Buffer.from('2')],
          ['', Buffer.alloc(0)],
        ]);
        const waiting = table.set([
          ['a', undefined],
          ['c', Buffer.from('3')],
        ]);
        assert.equal(table.get('a'), undefined);
        assert.equal(String(table.get('c')), '3');
        await waiting;
        await table.set([]);
        const again = await (await reopen()).table('kafka offsets');
        assert.deepEqual(
          new Map(again.entries()),
          new Map([
            ['b', Buffer.from('2')],
            ['', Buffer.alloc(0)],
            ['c', Buffer.from('3')],
          ]),
        );
        assert.equal(again.size, 3);
      }));

    it('stay small whatever is written to them', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const table = await engine.table('many');
        const pad = 'v'.repeat(2000);
        for (const round of numbers(200)) {
          await table.set(numbers(40).map((key) => [`k${key}`, Buffer.from(`${round} ${pad}`)]));
        }
        const again = await (await reopen()).table('many');
        assert.equal(again.size, 40);
        for (const key of numbers(40)) assert.equal(String(again.get(`k${key}`)), `199 ${pad}`);
      }));

    it('are apart from each other and from streams of their name', () =>
      withEngine(makeHost, async (engine) => {
        const one = await engine.table('one');
        const other = await engine.table('other');
        await one.set([['k', Buffer.from('1')]]);
        assert.equal(other.get('k'), undefined);
        assert.deepEqual(engine.streams(), []);
        assert.equal(engine.stream('one'), undefined);
      }));
  });
}
