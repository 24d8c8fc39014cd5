import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Partition, ProducerState, Stream, TransactionMarker } from '../../../hub/engine.ts';
import { ERROR } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import { FakeTable } from '../fake-table.test-support.ts';
import { Budget } from '../groups/budget.ts';
import { OffsetStore } from '../groups/offsets/store.ts';
import { FakeClock } from '../time/fake-clock.test-support.ts';
import { recover } from './recovery.ts';
import { LAST_EPOCH } from './transaction.ts';
import { Transactions } from './transactions.ts';

interface Written extends TransactionMarker {
  readonly places: string[];
}

/** The coordinator on tables that outlive it. */
class World {
  readonly clock = new FakeClock();
  readonly table = new FakeTable();
  readonly offsetsTable = new FakeTable();
  markers: Written[] = [];
  markersFail = false;
  nextId = 100n;
  offsets!: OffsetStore;
  transactions!: Transactions;

  constructor() {
    this.restart();
  }

  restart(): void {
    this.transactions?.stop();
    this.offsets = new OffsetStore(this.offsetsTable, new Budget(1_000_000));
    this.transactions = new Transactions(
      {
        clock: this.clock,
        settings: {
          maxTransactionTimeoutMs: 60_000,
          maxTransactionalIds: 3,
          transactionalIdExpiryMs: 100_000,
        },
        producerIds: { next: async () => this.nextId++ },
        offsets: this.offsets,
        markers: {
          write: async (marker, partitions) => {
            if (this.markersFail) throw new Error('disk full');
            const places = [...partitions].flatMap(([id, list]) =>
              [...list].map((p) => `${id}${p}`),
            );
            this.markers.push({ ...marker, places });
          },
        },
      },
      this.table,
    );
  }

  pending(producerId: bigint, offset: number): void {
    void this.offsets.addPending(producerId, 'g', [
      {
        topic: 't',
        partition: 0,
        committed: {
          offset,
          leaderEpoch: -1,
          metadata: '',
          commitMs: 0,
          expireMs: -1,
          streamNumber: 1,
          sequence: this.offsets.nextSequence(),
        },
      },
    ]);
  }

  get committed(): number | undefined {
    return this.offsets.group('g')?.get('t', 0)?.offset;
  }
}

const place = (partition: number) => ({ streamId: 's', partition });

async function refused(work: Promise<unknown>, error: number): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof KafkaFailure, String(thrown));
    assert.equal(thrown.wireError, error);
    return true;
  });
}

/** Lets everything go on that waits for nothing. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a transaction: begun by its first partition, decided, marked in all of them', async () => {
  const world = new World();
  const { transactions } = world;
  const producer = await transactions.init('id', 1000, undefined);
  assert.deepEqual(producer, { producerId: 100n, epoch: 0 });
  assert.equal(transactions.writeError('id', producer, place(0)), ERROR.INVALID_TXN_STATE);
  await transactions.add('id', producer, [place(0), place(1), { group: 'g' }]);
  assert.equal(transactions.writeError('id', producer, place(0)), ERROR.NONE);
  assert.equal(transactions.writeError('id', producer, place(2)), ERROR.INVALID_TXN_STATE);
  world.pending(100n, 7);
  assert.equal(world.committed, undefined);
  await transactions.end('id', producer, true);
  assert.equal(world.committed, 7);
  assert.deepEqual(world.markers[0]!.places, ['s0', 's1']);
  assert.equal(world.markers[0]!.commit, true);
  assert.equal(transactions.get('id')!.state, 'CompleteCommit');
  await transactions.end('id', producer, true);
  assert.equal(world.markers.length, 1, 'a repeated end is answered and not done again');
  await refused(transactions.end('id', producer, false), ERROR.INVALID_TXN_STATE);
});

test('whoever takes over fences the one before, and aborts what it left', async () => {
  const world = new World();
  const { transactions } = world;
  const older = await transactions.init('id', 1000, undefined);
  await transactions.add('id', older, [place(0)]);
  const newer = await transactions.init('id', 1000, undefined);
  assert.deepEqual(newer, { producerId: 100n, epoch: 2 });
  assert.deepEqual(
    world.markers.map(({ producerEpoch, commit }) => [producerEpoch, commit]),
    [[1, false]],
  );
  await refused(transactions.add('id', older, [place(0)]), ERROR.PRODUCER_FENCED);
  await refused(transactions.end('id', older, true), ERROR.PRODUCER_FENCED);
  assert.equal(transactions.writeError('id', older, place(0)), ERROR.INVALID_PRODUCER_EPOCH);
  await refused(transactions.end('other', older, true), ERROR.INVALID_PRODUCER_ID_MAPPING);
});

test('a producer goes on after an error with what it had, and may repeat that', async () => {
  const world = new World();
  const { transactions } = world;
  const first = await transactions.init('id', 1000, undefined);
  const second = await transactions.init('id', 1000, first);
  assert.equal(second.epoch, 1);
  assert.deepEqual(await transactions.init('id', 1000, first), second, 'its answer was lost');
  const third = await transactions.init('id', 1000, second);
  assert.equal(third.epoch, 2);
  await refused(transactions.init('id', 1000, first), ERROR.PRODUCER_FENCED);
  await refused(transactions.init('id', 1000, { producerId: 5n, epoch: 2 }), ERROR.PRODUCER_FENCED);
});

test('with the last epoch comes a new id', async () => {
  const world = new World();
  const { transactions } = world;
  const producer = await transactions.init('id', 1000, undefined);
  transactions.get('id')!.producerEpoch = LAST_EPOCH;
  const last = { ...producer, epoch: LAST_EPOCH };
  const next = await transactions.init('id', 1000, last);
  assert.deepEqual(next, { producerId: 101n, epoch: 0 });
  assert.deepEqual(await transactions.init('id', 1000, last), next, 'its answer was lost');
  assert.equal(transactions.byProducer(100n), undefined);
  assert.equal(transactions.byProducer(101n)?.id, 'id');
});

test('second version: places are added by writing, and each end gives a new epoch', async () => {
  const world = new World();
  const { transactions } = world;
  let producer = await transactions.init('id', 1000, undefined);
  for (const commit of [true, false, true]) {
    assert.equal(transactions.addWritten('id', producer, place(0)), ERROR.NONE);
    const next = await transactions.endAndRenew('id', producer, commit);
    assert.equal(next.epoch, producer.epoch + 1);
    assert.equal(world.markers.at(-1)!.producerEpoch, next.epoch);
    assert.deepEqual(await transactions.endAndRenew('id', producer, commit), next, 'repeated');
    assert.equal(
      transactions.addWritten('id', producer, place(0)),
      ERROR.INVALID_PRODUCER_EPOCH,
      'what comes late gets into no transaction',
    );
    producer = next;
  }
  const aborted = await transactions.endAndRenew('id', producer, false);
  assert.equal(aborted.epoch, producer.epoch + 1, 'an abort of nothing');
  await refused(transactions.endAndRenew('id', aborted, true), ERROR.INVALID_TXN_STATE);
  transactions.get('id')!.producerEpoch = LAST_EPOCH;
  const last = { ...aborted, epoch: LAST_EPOCH };
  transactions.addWritten('id', last, place(0));
  const renewed = await transactions.endAndRenew('id', last, true);
  assert.deepEqual(renewed, { producerId: 101n, epoch: 0 });
  assert.deepEqual(await transactions.endAndRenew('id', last, true), renewed, 'repeated');
});

test('what takes too long is aborted, and its producer shut out', async () => {
  const world = new World();
  const { transactions, clock } = world;
  const producer = await transactions.init('id', 1000, undefined);
  await transactions.add('id', producer, [place(0)]);
  clock.advance(900);
  await settle();
  assert.equal(transactions.get('id')!.state, 'Ongoing');
  clock.advance(120);
  await settle();
  assert.equal(transactions.get('id')!.state, 'CompleteAbort');
  await refused(transactions.end('id', producer, true), ERROR.PRODUCER_FENCED);
});

test('markers that fail are written later; meanwhile the next transaction has to wait', async () => {
  const world = new World();
  const { transactions, clock } = world;
  const producer = await transactions.init('id', 1000, undefined);
  await transactions.add('id', producer, [place(0)]);
  world.markersFail = true;
  await transactions.end('id', producer, true);
  assert.equal(transactions.get('id')!.state, 'PrepareCommit');
  await refused(transactions.add('id', producer, [place(1)]), ERROR.CONCURRENT_TRANSACTIONS);
  assert.equal(transactions.addWritten('id', producer, place(1)), ERROR.CONCURRENT_TRANSACTIONS);
  clock.advance(200);
  await settle();
  assert.equal(transactions.get('id')!.state, 'PrepareCommit');
  world.markersFail = false;
  clock.advance(400);
  await settle();
  assert.equal(transactions.get('id')!.state, 'CompleteCommit');
  await transactions.add('id', producer, [place(1)]);
});

test('a decision that cannot be stored is none', async () => {
  const world = new World();
  const { transactions, table } = world;
  const producer = await transactions.init('id', 1000, undefined);
  await transactions.add('id', producer, [place(0)]);
  table.hold = true;
  const ending = transactions.end('id', producer, true);
  const waiting = transactions.end('id', producer, true);
  await settle();
  table.settle(new Error('disk full'));
  await assert.rejects(ending, /disk full/);
  assert.equal(transactions.get('id')!.state, 'PrepareCommit', 'the second one tries');
  table.hold = false;
  table.settle();
  await waiting;
  assert.equal(transactions.get('id')!.state, 'CompleteCommit');
});

test('after a restart what was decided is done, and what was open has its time', async () => {
  const world = new World();
  const decided = await world.transactions.init('decided', 1000, undefined);
  const open = await world.transactions.init('open', 1000, undefined);
  await world.transactions.add('decided', decided, [place(0)]);
  await world.transactions.add('open', open, [place(1)]);
  world.pending(decided.producerId, 3);
  world.markersFail = true;
  await world.transactions.end('decided', decided, true);
  world.markersFail = false;
  world.restart();
  await recover(world.transactions, [], world.offsets);
  assert.equal(world.transactions.get('decided')!.state, 'CompleteCommit');
  assert.equal(world.committed, 3);
  assert.equal(world.transactions.get('open')!.state, 'Ongoing');
  assert.deepEqual(
    world.markers.map(({ places }) => places),
    [['s0']],
  );
  world.clock.advance(1020);
  await settle();
  assert.equal(world.transactions.get('open')!.state, 'CompleteAbort');
});

test('after a restart what belongs to no transaction is aborted', async () => {
  const world = new World();
  const producer = await world.transactions.init('id', 1000, undefined);
  world.pending(producer.producerId, 3);
  world.pending(77n, 4);
  world.restart();
  const marked: bigint[] = [];
  const producers = [100n, 88n, 99n].map((producerId) => ({
    producerId,
    producerEpoch: 0,
    transactionStart: producerId === 99n ? undefined : 5,
  })) as ProducerState[];
  const partition = {
    producers: () => producers,
    writeMarker: ({ producerId, commit }: TransactionMarker) => {
      assert.equal(commit, false);
      marked.push(producerId);
      return 1;
    },
    index: 0,
  } as unknown as Partition;
  const stream = { id: 's', partitions: [partition] } as unknown as Stream;
  await recover(world.transactions, [stream], world.offsets);
  assert.deepEqual(marked, [100n, 88n]);
  assert.deepEqual(world.offsets.pendingProducers(), []);
  assert.equal(world.committed, undefined);
});

test('ids are bounded, and forgotten when nobody uses them', async () => {
  const world = new World();
  const { transactions, clock } = world;
  for (const id of ['a', 'b', 'c']) await transactions.init(id, 1000, undefined);
  await refused(transactions.init('d', 1000, undefined), ERROR.THROTTLING_QUOTA_EXCEEDED);
  await refused(transactions.init('a', 60_001, undefined), ERROR.INVALID_TRANSACTION_TIMEOUT);
  await refused(transactions.init('', 1000, undefined), ERROR.INVALID_REQUEST);
  clock.advance(100_000);
  await transactions.expire();
  assert.equal(world.table.size, 0);
  assert.equal((await transactions.init('d', 1000, undefined)).epoch, 0);
});
