import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeTable } from '../../fake-table.test-support.ts';
import { Budget } from '../budget.ts';
import {
  decodeOffset,
  encodeOffset,
  offsetKey,
  type PartitionOffset,
  readOffsetKey,
} from './record.ts';
import { OffsetStore } from './store.ts';

function offset(store: OffsetStore, at: number, topic = 't', partition = 0): PartitionOffset {
  return {
    topic,
    partition,
    committed: {
      offset: at,
      leaderEpoch: -1,
      metadata: 'm',
      commitMs: 5,
      expireMs: -1,
      streamNumber: 1,
      sequence: store.nextSequence(),
    },
  };
}

function open(table = new FakeTable()) {
  const budget = new Budget(1_000_000);
  return { table, budget, store: new OffsetStore(table, budget) };
}

test('keys and values are read as they were written', () => {
  fc.assert(
    fc.property(
      fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { nil: undefined }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.nat(),
      fc.record({
        offset: fc.maxSafeNat(),
        leaderEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
        metadata: fc.string({ unit: 'grapheme' }),
        commitMs: fc.maxSafeNat(),
        expireMs: fc.integer({ min: -1, max: 2 ** 31 }),
        streamNumber: fc.nat(),
        sequence: fc.maxSafeNat(),
      }),
      (producerId, group, topic, partition, committed) => {
        const place = { producerId, group, topic, partition };
        assert.deepEqual(readOffsetKey(offsetKey(place)), place);
        assert.deepEqual(decodeOffset(encodeOffset(committed)), { ...committed });
      },
    ),
  );
});

test('offsets are there after opening again', async () => {
  const { table, store } = open();
  await store.commit('g', [offset(store, 7), offset(store, 8, 't', 1)]);
  await store.addPending(4n, 'h', [offset(store, 9)]);
  const again = open(table).store;
  assert.equal(again.group('g')?.get('t', 1)?.offset, 8);
  assert.deepEqual(again.pendingGroups(4n), ['h']);
  assert.equal(again.group('h'), undefined);
  assert.ok(again.isPending('h', 't', 0));
  assert.ok(again.nextSequence() > 3);
});

test('what a transaction commits is seen when it ends, all at once, and once', async () => {
  const { table, store, budget } = open();
  await store.addPending(4n, 'g', [offset(store, 5), offset(store, 6, 't', 1)]);
  assert.equal(store.group('g'), undefined);
  await store.endPending(4n, true);
  assert.equal(store.group('g')?.get('t', 0)?.offset, 5);
  assert.equal(store.group('g')?.get('t', 1)?.offset, 6);
  assert.equal(table.writes, 2);
  await store.endPending(4n, true);
  assert.equal(table.writes, 2);
  await store.addPending(5n, 'g', [offset(store, 50)]);
  await store.endPending(5n, false);
  assert.equal(store.group('g')?.get('t', 0)?.offset, 5);
  assert.ok(!store.isPending('g', 't', 0));
  assert.equal(store.count, 2);
  await store.remove('g', [...store.group('g')!.all()]);
  assert.equal(store.count, 0);
  assert.equal(budget.used, 0);
  assert.equal(table.size, 0);
});

test('a commit that came after a transaction wrote its offsets outlives its end', async () => {
  const { store } = open();
  await store.addPending(4n, 'g', [offset(store, 5)]);
  await store.commit('g', [offset(store, 9)]);
  await store.endPending(4n, true);
  assert.equal(store.group('g')?.get('t', 0)?.offset, 9);
});

test('a commit is seen when it is durable, and not at all when it fails', async () => {
  const { table, store } = open();
  table.hold = true;
  const first = store.commit('g', [offset(store, 1)]);
  assert.equal(store.group('g'), undefined);
  table.settle();
  await first;
  assert.equal(store.group('g')?.get('t', 0)?.offset, 1);
  const second = store.commit('g', [offset(store, 2)]);
  table.settle(new Error('disk full'));
  await assert.rejects(async () => second, /disk full/);
  assert.equal(store.group('g')?.get('t', 0)?.offset, 1);
});

test('offsets go with their topic, and not with another of its name', async () => {
  const { store } = open();
  await store.commit('g', [offset(store, 1), offset(store, 2, 'other')]);
  await store.addPending(4n, 'g', [offset(store, 3)]);
  await store.removeTopic('t', 99);
  assert.equal(store.count, 3);
  await store.removeTopic('t', 1);
  assert.deepEqual([...store.group('g')!.topics()], ['other']);
  assert.ok(!store.hasPending('g'));
  await store.removeOrphans((number) => number !== 1);
  assert.equal(store.count, 0);
});
