import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchBytes } from '../../src/formats/records/batch.ts';
import type { Partition } from '../../src/hub/engine.ts';
import { type MakeHost, withEngine } from './host.ts';
import {
  batch,
  endOf,
  numbers,
  partitionOf,
  readAll,
  record,
  recordsOf,
  TIME_MS,
  until,
  valuesOf,
} from './records.ts';

export function readingSuite(makeHost: MakeHost): void {
  describe('reading', () => {
    it('answers whole batches from the one with the offset, at least one, up to a size', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const filled = await partitionOf(engine);
        for (const place of numbers(20)) await filled.append(batch([`${place}a`, `${place}b`]));
        const again = await reopen();
        for (const partition of [filled, again.stream('orders')!.partitions[0]!]) {
          if (partition === filled) continue;
          const one = batch(['0a', '0b']).length;
          assert.equal(endOf(await partition.read(5, 1)), 6);
          assert.deepEqual(valuesOf(recordsOf(await partition.read(5, 1))), ['2a', '2b']);
          assert.deepEqual(recordsOf(await partition.read(4, one * 3)).length, 6);
          assert.deepEqual(endOf(await partition.read(30, 1_000_000)), 40);
          assert.deepEqual(endOf(await partition.read(30, 1_000_000, 34)), 34);
          assert.deepEqual(await partition.read(34, 1_000_000, 34), []);
          assert.deepEqual(await partition.read(40, 1_000_000), []);
          await assert.rejects(async () => partition.read(41, 100), { code: 'OUT_OF_RANGE' });
          await assert.rejects(async () => partition.read(-1, 100), { code: 'OUT_OF_RANGE' });
          for (const buffer of await partition.read(0, 1_000_000)) {
            let at = 0;
            while (at < buffer.length) at += batchBytes(buffer, at);
            assert.equal(at, buffer.length);
          }
        }
      }));

    it('goes on over many segments, large batches and small reads', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const partition = await partitionOf(engine, { segmentBytes: 4096 });
        const values = numbers(60).map((place) => `${place} ${'y'.repeat((place * 977) % 9000)}`);
        for (const value of values) await partition.write([record(value)]);
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        for (const maxBytes of [1, 5000, 1_000_000]) {
          assert.deepEqual(valuesOf(await readAll(again, 0, maxBytes)), values);
        }
        for (const from of [1, 17, 59]) {
          assert.deepEqual(valuesOf(await readAll(again, from, 100)), values.slice(from));
        }
        assert.ok(again.bytes > values.join('').length);
      }));

    it('gives bytes that stay as they are while more is written', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine);
        await partition.write([record('first')]);
        const held = await partition.read(0, 1000);
        const copy = held.map((buffer) => Buffer.from(buffer));
        for (const place of numbers(300)) await partition.write([record(`${place}`)]);
        assert.deepEqual(held, copy);
      }));

    it('finds offsets by time', () =>
      withEngine(makeHost, async (engine, reopen) => {
        const filled = await partitionOf(engine, { segmentBytes: 4096 });
        assert.equal(await filled.offsetAtTime(0), undefined);
        assert.equal(await filled.latestTime(), undefined);
        const pad = 'z'.repeat(100);
        for (const place of numbers(200)) {
          // Every tenth is late: times need not rise.
          const timeMs = TIME_MS + (place % 10 === 9 ? place - 50 : place) * 1000;
          await filled.write([record(pad, null, timeMs), record(pad, null, timeMs + 500)]);
        }
        const again = (await reopen()).stream('orders')!.partitions[0]!;
        for (const place of [0, 10, 105, 196]) {
          assert.deepEqual(await again.offsetAtTime(TIME_MS + place * 1000 + 1), {
            offset: place * 2 + 1,
            timeMs: TIME_MS + place * 1000 + 500,
          });
        }
        const latest = { offset: 198 * 2 + 1, timeMs: TIME_MS + 198_500 };
        assert.deepEqual(await again.latestTime(), latest);
        assert.deepEqual(await again.offsetAtTime(TIME_MS - 1_000_000), {
          offset: 0,
          timeMs: TIME_MS,
        });
        assert.equal(await again.offsetAtTime(TIME_MS + 200_000), undefined);
      }));

    it('follows the end with many watchers, each of whom sees every record once', () =>
      withEngine(makeHost, async (engine) => {
        const partition = await partitionOf(engine, { segmentBytes: 64 * 1024 });
        const readers = numbers(100).map(() => new Follower(partition));
        const values = numbers(2000).map(String);
        await Promise.all(
          numbers(20).map(async (caller) => {
            for (const place of numbers(100)) {
              await partition.write([record(values[caller * 100 + place]!)]);
            }
          }),
        );
        await until(() => readers.every(({ seen }) => seen.length >= 2000));
        const order = valuesOf(await readAll(partition));
        for (const reader of readers) {
          assert.deepEqual(reader.seen, order);
          reader.stop();
        }
        assert.deepEqual(new Set(order), new Set(values));
        await partition.write([record('after')]);
        assert.ok(readers.every(({ seen }) => seen.length === 2000));
      }));
  });
}

/** Reads on whenever something was committed, one read at a time. */
class Follower {
  readonly seen: (string | null)[] = [];
  readonly stop: () => void;
  #offset = 0;
  #reading = false;

  constructor(partition: Partition) {
    this.stop = partition.watch({
      committed: () => void this.#read(partition),
      ended: () => undefined,
    });
  }

  async #read(partition: Partition): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#offset < partition.endOffset) {
      const buffers = await partition.read(this.#offset, 2000);
      this.seen.push(...valuesOf(recordsOf(buffers, this.#offset)));
      this.#offset = endOf(buffers);
    }
    this.#reading = false;
  }
}
