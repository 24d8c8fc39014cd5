import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SyncMode } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import { batch, numbers, partitionOf, readAll, recordsOf, type Seen, valuesOf } from './records.ts';

const MODES: readonly SyncMode[] = ['always', 'interval', 'never'];

/** Values without what fills them up. */
function textsOf(seen: readonly Seen[]): string[] {
  return valuesOf(seen).map((value) => value!.replace(/z+$/, ''));
}

export function lendingSuite(makeHost: MakeHost): void {
  describe('bytes that were appended', () => {
    it('may be written into as soon as they are answered', () =>
      withEngine(makeHost, async (engine, reopen) => {
        for (const sync of MODES) {
          const partition = await partitionOf(engine, { sync }, sync);
          const held: (readonly Buffer[])[] = [];
          // Small ones and large ones are written in different ways; several are in flight.
          const lend = async (caller: number): Promise<void> => {
            const memory = Buffer.alloc(400_000);
            for (const place of numbers(10)) {
              const text = `${caller}:${place}`;
              const bytes = batch([text + 'z'.repeat(place % 2 === 0 ? 10 : 80_000)]);
              const lent = memory.subarray(0, bytes.copy(memory));
              const answer = await partition.append(lent);
              memory.fill(0xee);
              held.push(await partition.read(answer.baseOffset, 1, answer.baseOffset + 1));
            }
          };
          await Promise.all(numbers(4).map(lend));
          const all = numbers(40).map((index) => `${Math.floor(index / 10)}:${index % 10}`);
          assert.deepEqual(held.flatMap((buffers) => textsOf(recordsOf(buffers))).toSorted(), all);
          assert.deepEqual(textsOf(await readAll(partition)).toSorted(), all);
        }
        const again = await reopen();
        for (const sync of MODES) {
          const partition = again.stream(sync)!.partitions[0]!;
          assert.equal(new Set(textsOf(await readAll(partition))).size, 40);
        }
      }));

    it('and as soon as they are refused', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        const memory = batch(['first']);
        const good = Buffer.from(memory);
        memory[memory.length - 1]! ^= 1;
        await assert.rejects(async () => partition.append(memory), { reason: 'corrupt' });
        good.copy(memory);
        await partition.append(memory);
        memory.fill(0xee);
        assert.deepEqual(valuesOf(await readAll(partition)), ['first']);
      }));
  });
}
