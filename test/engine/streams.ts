import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stream } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import { partitionOf, readAll, record, SETTINGS, valuesOf } from './records.ts';

/** Names that some file system or protocol would mind. */
const NAMES = [
  '..',
  '.',
  'a/b',
  'a\\b',
  'CON',
  'Orders',
  'orders',
  'orders.new',
  'removed.1-x',
  '%2F',
  'a b\n\u0000c',
  '日本',
  '🙂'.repeat(100),
  'x'.repeat(900),
];

export function streamSuite(makeHost: MakeHost): void {
  describe('streams', () => {
    it('have the names, settings, ids and numbers that they were made with, for ever', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const made: Stream[] = [];
        for (const name of NAMES) {
          const extra = { 'cleanup.policy': name };
          made.push(await engine.create(name, { ...SETTINGS, partitions: 2, extra }));
        }
        const facts = (stream: Stream) => [
          stream.name,
          stream.id,
          stream.number,
          stream.createdMs,
          stream.settings.extra,
          stream.partitions.map(({ index }) => index),
        ];
        const before = made.map(facts);
        assert.equal(new Set(made.map(({ id }) => id)).size, NAMES.length);
        assert.equal(new Set(made.map(({ number }) => number)).size, NAMES.length);
        await made[0]!.partitions[1]!.write([record('in the second')]);
        const again = await reopen();
        assert.deepEqual(
          NAMES.map((name) => facts(again.stream(name)!)),
          before,
        );
        assert.deepEqual(
          again.streams().map(({ name }) => name),
          NAMES.toSorted(),
        );
        assert.equal(again.streamById(made[3]!.id)?.name, NAMES[3]);
        assert.deepEqual(valuesOf(await readAll(again.stream('..')!.partitions[1]!)), [
          'in the second',
        ]);
      }));

    it('are refused with a name that is taken, none, or settings that cannot be', () =>
      withEngine(makeHost, async (engine) => {
        await engine.create('orders', SETTINGS);
        await assert.rejects(engine.create('orders', SETTINGS), { code: 'ALREADY_EXISTS' });
        await assert.rejects(engine.create('', SETTINGS), { code: 'INVALID_ARGUMENT' });
        await assert.rejects(engine.create('\ud800', SETTINGS), { code: 'INVALID_ARGUMENT' });
        for (const wrong of [{ partitions: 0 }, { retentionMs: -2 }, { segmentBytes: 0.5 }]) {
          await assert.rejects(engine.create('other', { ...SETTINGS, ...wrong }), {
            code: 'INVALID_ARGUMENT',
          });
        }
        assert.equal(engine.streams().length, 1);
      }));

    it('take new settings and more partitions, never fewer', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const stream = await engine.create('orders', SETTINGS);
        const first = stream.partitions[0]!;
        await first.write([record('kept')]);
        await stream.change({ partitions: 3, retentionMs: 1_000_000_000_000, subjects: ['a.>'] });
        assert.equal(stream.partitions.length, 3);
        assert.equal(stream.partitions[0], first);
        await stream.partitions[2]!.write([record('third')]);
        await assert.rejects(async () => stream.change({ partitions: 1 }), {
          code: 'INVALID_ARGUMENT',
        });
        const again = (await reopen()).stream('orders')!;
        assert.deepEqual(again.settings.subjects, ['a.>']);
        assert.equal(again.settings.retentionMs, 1_000_000_000_000);
        assert.deepEqual(valuesOf(await readAll(again.partitions[0]!)), ['kept']);
        assert.deepEqual(valuesOf(await readAll(again.partitions[2]!)), ['third']);
      }));

    it('are gone with their records when they are removed; a new one of the name is another', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const partition = await partitionOf(engine);
        const { id, number } = partition.stream;
        await partition.write([record('old')]);
        let ended = 0;
        partition.watch({ committed: () => undefined, ended: () => ended++ });
        await engine.remove('orders');
        assert.equal(ended, 1);
        assert.equal(engine.stream('orders'), undefined);
        assert.equal(engine.streamById(id), undefined);
        await assert.rejects(engine.remove('orders'), { code: 'NOT_FOUND' });
        await assert.rejects(async () => partition.write([record('late')]), { reason: 'storage' });
        await assert.rejects(async () => partition.read(0, 100), { code: 'NOT_FOUND' });
        const other = await partitionOf(engine);
        assert.notEqual(other.stream.id, id);
        assert.notEqual(other.stream.number, number);
        assert.equal(other.endOffset, 0);
        const again = await reopen();
        assert.deepEqual(await readAll(again.stream('orders')!.partitions[0]!), []);
      }));

    it('can be removed while they are read and written', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, { sync: 'always' });
        await partition.write([record('x'.repeat(10_000))]);
        const reads = Array.from({ length: 20 }, async () => partition.read(0, 1));
        const writes = Array.from({ length: 20 }, async () => partition.write([record('more')]));
        await engine.remove('orders');
        for (const outcome of await Promise.allSettled(reads)) {
          if (outcome.status === 'fulfilled') assert.equal(outcome.value.length, 1);
          else assert.equal(outcome.reason.code, 'NOT_FOUND');
        }
        for (const outcome of await Promise.allSettled(writes)) {
          if (outcome.status === 'rejected') assert.equal(outcome.reason.reason, 'storage');
        }
      }));

    it('tell who listens what was created, changed and removed', () =>
      withEngine(makeHost, async (engine) => {
        const told: string[] = [];
        const stop = engine.onChange((stream, change) => told.push(`${stream.name} ${change}`));
        const stream = await engine.create('a', SETTINGS);
        await stream.change({ partitions: 2 });
        await engine.remove('a');
        stop();
        await engine.create('b', SETTINGS);
        assert.deepEqual(told, ['a created', 'a changed', 'a removed']);
      }));
  });
}
