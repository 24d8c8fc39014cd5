import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Partition } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import { batch, numbers, partitionOf, readAll, valuesOf } from './records.ts';

const ID = 2n ** 40n + 7n;

function from(sequence: number, count = 1, producerEpoch = 0): Buffer {
  const values = numbers(count).map((place) => `${producerEpoch}/${sequence + place}`);
  return batch(values, { producerId: ID, producerEpoch, baseSequence: sequence });
}

export function producerSuite(makeHost: MakeHost): void {
  describe('idempotent producers', () => {
    it('have a batch stored once, however often they send it', () =>
      withEngine(makeHost, async (engine, reopen) => {
        let partition = await partitionOf(engine, { sync: 'always' });
        const first = partition.append(from(0, 3));
        // Before the first is committed.
        const again = partition.append(from(0, 3));
        assert.deepEqual([(await first).baseOffset, (await first).duplicate], [0, false]);
        assert.deepEqual([(await again).baseOffset, (await again).duplicate], [0, true]);
        for (const sequence of numbers(6, 3)) await partition.append(from(sequence));
        for (const reopened of [false, true]) {
          if (reopened) partition = (await reopen()).stream('orders')!.partitions[0]!;
          for (const sequence of numbers(5, 4)) {
            const answer = await partition.append(from(sequence));
            assert.deepEqual([answer.baseOffset, answer.duplicate], [sequence, true]);
          }
          // Older than the last five.
          await refused(partition, from(0, 3), 'duplicate');
          assert.equal(partition.endOffset, 9);
        }
        await partition.append(from(9));
        assert.deepEqual(
          valuesOf(await readAll(partition)),
          numbers(10).map((sequence) => `0/${sequence}`),
        );
      }));

    it('are refused with a gap, and as an older instance', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        await partition.append(from(0));
        await refused(partition, from(2), 'out-of-order');
        await refused(partition, from(0, 2), 'out-of-order');
        await refused(partition, from(3, 1, 1), 'out-of-order');
        await partition.append(from(0, 1, 1));
        await refused(partition, from(1), 'fenced');
        await partition.append(from(1, 1, 1));
        const [state] = partition.producers();
        assert.equal(state?.producerId, ID);
        assert.equal(state?.producerEpoch, 1);
        assert.equal(state?.lastSequence, 1);
        assert.equal(partition.endOffset, 3);
      }));

    it('count on over the largest sequence number', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        const last = 2 ** 31 - 1;
        const options = { producerId: ID, producerEpoch: 0 };
        await partition.append(batch(['a'], { ...options, baseSequence: last - 1 }));
        await partition.append(batch(['b', 'c', 'd'], { ...options, baseSequence: last }));
        await partition.append(batch(['e'], { ...options, baseSequence: 2 }));
        const again = await partition.append(
          batch(['b', 'c', 'd'], { ...options, baseSequence: last }),
        );
        assert.equal(again.duplicate, true);
        assert.deepEqual(valuesOf(await readAll(partition)), ['a', 'b', 'c', 'd', 'e']);
      }));
  });
}

async function refused(partition: Partition, bytes: Buffer, reason: string): Promise<void> {
  await assert.rejects(async () => partition.append(bytes), { reason });
}
