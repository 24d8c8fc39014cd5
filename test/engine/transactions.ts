import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchBytes, isControl } from '../../src/formats/records/batch.ts';
import { readMarker } from '../../src/formats/records/marker.ts';
import type { Partition } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import { batch, numbers, partitionOf, record } from './records.ts';

function part(producerId: bigint, baseSequence: number, producerEpoch = 0): Buffer {
  const options = { producerId, producerEpoch, baseSequence, transactional: true };
  return batch([`${producerId}/${baseSequence}`], options);
}

function end(producerId: bigint, commit: boolean, producerEpoch = 0, coordinatorEpoch = 0) {
  return { producerId, producerEpoch, commit, coordinatorEpoch };
}

export function transactionSuite(makeHost: MakeHost): void {
  describe('transactions', () => {
    it('hold the stable offset back until they end', () =>
      withEngine(makeHost, async (engine, reopen) => {
        let partition = await partitionOf(engine);
        await partition.write([record('plain')]);
        await partition.append(part(1n, 0));
        await partition.append(part(2n, 0));
        await partition.write([record('plain')]);
        assert.deepEqual([partition.stableOffset, partition.endOffset], [1, 4]);
        partition = (await reopen()).stream('orders')!.partitions[0]!;
        assert.deepEqual([partition.stableOffset, partition.endOffset], [1, 4]);
        const open = partition.producers().map((one) => [one.producerId, one.transactionStart]);
        assert.deepEqual(open, [
          [1n, 1],
          [2n, 2],
        ]);
        assert.equal(await partition.writeMarker(end(1n, true)), 4);
        assert.equal(partition.stableOffset, 2);
        let told = 0;
        partition.watch({
          committed: ({ stableOffset }) => (told = stableOffset),
          ended: () => undefined,
        });
        assert.equal(await partition.writeMarker(end(2n, false)), 5);
        assert.equal(partition.stableOffset, 6);
        assert.equal(told, 6);
      }));

    it('that were aborted are told, by the offsets that are asked for', () =>
      withEngine(makeHost, async (engine, reopen) => {
        let partition = await partitionOf(engine, { segmentBytes: 1024 });
        for (const sequence of numbers(3)) {
          for (const id of [1n, 2n]) {
            await partition.append(part(id, sequence * 2));
            await partition.append(part(id, sequence * 2 + 1));
          }
          await partition.writeMarker(end(1n, sequence % 2 === 0));
          await partition.writeMarker(end(2n, false));
          for (const _ of numbers(20)) await partition.write([record('filler '.repeat(10))]);
        }
        const all = [
          { producerId: 2n, firstOffset: 2, lastOffset: 5 },
          { producerId: 1n, firstOffset: 26, lastOffset: 30 },
          { producerId: 2n, firstOffset: 28, lastOffset: 31 },
          { producerId: 2n, firstOffset: 54, lastOffset: 57 },
        ];
        for (const reopened of [false, true]) {
          if (reopened) partition = (await reopen()).stream('orders')!.partitions[0]!;
          assert.deepEqual(await partition.abortedTransactions(0, partition.endOffset), all);
          assert.deepEqual(await partition.abortedTransactions(0, 2), []);
          assert.deepEqual(await partition.abortedTransactions(3, 27), all.slice(0, 2));
          assert.deepEqual(await partition.abortedTransactions(6, 26), []);
          assert.deepEqual(await partition.abortedTransactions(31, 60), all.slice(2));
        }
      }));

    it('end with a control batch that says how', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        await partition.append(part(9n, 0));
        await partition.writeMarker(end(9n, false, 0, 5));
        const [buffer] = await partition.read(1, 1000);
        const marker = buffer!.subarray(-batchBytes(buffer!, 0));
        assert.ok(isControl(marker));
        assert.deepEqual(readMarker(marker), end(9n, false, 0, 5));
      }));

    it('fence older instances and coordinators, and want batches inside', () =>
      withEngine(makeHost, async (engine, reopen) => {
        let partition = await partitionOf(engine);
        await partition.append(part(1n, 0));
        const plain = batch(['plain'], { producerId: 1n, producerEpoch: 0, baseSequence: 1 });
        await assert.rejects(async () => partition.append(plain), {
          reason: 'invalid-transaction',
        });
        // A coordinator ends the transaction of a producer that is silent, with the next epoch.
        await partition.writeMarker(end(1n, false, 1, 3));
        for (const reopened of [false, true]) {
          if (reopened) partition = (await reopen()).stream('orders')!.partitions[0]!;
          await fenced(() => partition.append(part(1n, 1)));
          await fenced(() => partition.writeMarker(end(1n, true, 0, 3)));
          await fenced(() => partition.writeMarker(end(1n, true, 1, 2)));
        }
        await partition.append(part(1n, 0, 1));
        await partition.writeMarker(end(1n, true, 1, 3));
        assert.equal(partition.stableOffset, partition.endOffset);
      }));
  });
}

async function fenced(
  action: () => ReturnType<Partition['append' | 'writeMarker']>,
): Promise<void> {
  await assert.rejects(async () => action(), { reason: 'fenced' });
}
