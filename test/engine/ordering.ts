import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { baseOffsetOf, batchBytes } from '../../src/formats/records/batch.ts';
import { checkBatches } from '../../src/formats/records/check.ts';
import type { SyncMode } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import { batch, numbers, partitionOf, readAll, record, TIME_MS, valuesOf } from './records.ts';

export function orderingSuite(makeHost: MakeHost): void {
  for (const sync of ['always', 'interval', 'never'] satisfies SyncMode[]) {
    describe(`appending with sync ${sync}`, () => {
      it('gives dense offsets, each caller his own records in his order', () =>
        withEngine(makeHost, async (engine, reopen) => {
          const partition = await partitionOf(engine, { sync });
          const callers = numbers(20).map(async (caller) => {
            const offsets: number[] = [];
            for (const round of numbers(10)) {
              const values = [`${caller}:${round}:a`, `${caller}:${round}:b`];
              const first =
                caller % 2 === 0
                  ? await partition.write(values.map((value) => record(value)))
                  : (await partition.append(batch(values))).baseOffset;
              offsets.push(first, first + 1);
            }
            return offsets;
          });
          const offsets = await Promise.all(callers);
          assert.deepEqual(
            offsets.flat().toSorted((one, other) => one - other),
            numbers(400),
          );
          const check = async (stored: typeof partition): Promise<void> => {
            const seen = await readAll(stored, 0, 500);
            assert.deepEqual(
              seen.map(({ offset }) => offset),
              numbers(400),
            );
            for (const [caller, own] of offsets.entries()) {
              assert.deepEqual(
                own.map((offset) => seen[offset]!.value),
                numbers(10).flatMap((round) => [`${caller}:${round}:a`, `${caller}:${round}:b`]),
              );
            }
          };
          await check(partition);
          const again = (await reopen()).stream('orders')!.partitions[0]!;
          assert.equal(again.endOffset, 400);
          await check(again);
          assert.equal(await again.write([record('next')]), 400);
        }));

      it('shows nothing before it is committed', () =>
        withEngine(makeHost, async (engine) => {
          const partition = await partitionOf(engine, { sync });
          const answer = partition.write([record('x')]);
          assert.ok(partition.endOffset === 0 || !(answer instanceof Promise));
          await answer;
          assert.equal(partition.endOffset, 1);
        }));
    });
  }

  describe('appending', () => {
    it('keeps the bytes of batches, but for offset, epoch, and time where the stream says so', () =>
      withEngine(makeHost, async (engine) => {
        const sent = [
          batch(['a', 'b'], { compression: 'gzip' }),
          batch(['c'], { compression: 'zstd' }),
        ];
        const created = await partitionOf(engine, {}, 'created');
        const before = sent.map((one) => Buffer.from(one));
        await created.append(Buffer.concat(sent));
        const [stored] = await created.read(0, 100_000);
        for (const original of before) original.fill(0, 0, 8).fill(0, 12, 16);
        const bytes = Buffer.from(stored!);
        assert.equal(baseOffsetOf(bytes, batchBytes(bytes, 0)), 2);
        for (let at = 0; at < bytes.length; at += batchBytes(bytes, at)) {
          bytes.fill(0, at, at + 8).fill(0, at + 12, at + 16);
        }
        assert.deepEqual(bytes, Buffer.concat(before));

        const appended = await partitionOf(engine, { time: 'appended' }, 'appended');
        const earliest = Date.now();
        const answer = await appended.append(batch(['a'], { compression: 'gzip' }));
        assert.ok(answer.appendTimeMs >= earliest && answer.appendTimeMs <= Date.now());
        await appended.write([record('b')]);
        for (const { timeMs } of await readAll(appended)) assert.ok(timeMs >= earliest);
        const [again] = await appended.read(0, 100_000);
        assert.equal(checkBatches(again!, { maxBatchBytes: 2 ** 20, from: 'stored' }), undefined);
      }));

    it('keeps keys, values, headers and times of records, and what is null in them', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        await partition.write([record('v', 'k', TIME_MS + 5), record(null, 'k'), record('', '')]);
        const seen = await readAll(partition);
        assert.deepEqual(
          seen.map(({ key, value, timeMs }) => [key, value, timeMs - TIME_MS]),
          [
            ['k', 'v', 5],
            ['k', null, 0],
            ['', '', 0],
          ],
        );
      }));

    it('refuses what is broken, too large or without a key it needs, and stores none of it', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, { maxBatchBytes: 1000 });
        const flipped = batch(['a']);
        flipped[flipped.length - 2]! ^= 1;
        const cases: [string, () => unknown][] = [
          ['corrupt', () => partition.append(flipped)],
          ['corrupt', () => partition.append(Buffer.concat([batch(['a']), flipped]))],
          ['corrupt', () => partition.append(batch(['a']).subarray(0, 40))],
          ['corrupt', () => partition.append(Buffer.alloc(0))],
          [
            'invalid',
            () =>
              partition.append(
                batch(['a'], {
                  control: true,
                  transactional: true,
                  producerId: 1n,
                  producerEpoch: 0,
                  baseSequence: 0,
                }),
              ),
          ],
          ['too-large', () => partition.append(batch(['x'.repeat(2000)]))],
          ['too-large', () => partition.write([record('x'.repeat(2000))])],
        ];
        for (const [reason, append] of cases) {
          await assert.rejects(async () => append(), { reason }, `${append}`);
        }
        const compacted = await partitionOf(engine, { compact: true }, 'compacted');
        await assert.rejects(async () => compacted.write([record('a')]), { reason: 'invalid' });
        assert.equal(await partition.write([record('good')]), 0);
        assert.deepEqual(valuesOf(await readAll(partition)), ['good']);
        assert.equal(compacted.endOffset, 0);
      }));

    it('stores or refuses each of very many at once, and stores what it answered for', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const partition = await partitionOf(engine, { sync: 'always' });
        const value = 'x'.repeat(10_000);
        const outcomes = await Promise.allSettled(
          numbers(2000).map(async (place) => partition.write([record(`${place} ${value}`)])),
        );
        const stored = new Map<number, string>();
        for (const [place, outcome] of outcomes.entries()) {
          if (outcome.status === 'fulfilled') stored.set(outcome.value, String(place));
          else {
            assert.equal(outcome.reason.reason, 'storage');
            assert.ok(outcome.reason.retryAfterMs > 0);
          }
        }
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        const seen = await readAll(again);
        assert.deepEqual(
          seen.map((one) => [one.offset, one.value!.split(' ')[0]]),
          [...stored].toSorted(([one], [other]) => one - other),
        );
      }));
  });
}
