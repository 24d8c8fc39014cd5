import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Channel } from './channel.ts';
import { Fault } from './fault.ts';

async function read<T>(channel: Channel<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of channel) items.push(item);
  return items;
}

test('items come out as they went in, however pushes and reads mix', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, capacity) => {
        const channel = new Channel<number>(capacity);
        const reads: Promise<IteratorResult<number, undefined>>[] = [];
        let pushed = 0;
        for (const push of steps) {
          if (push) channel.push(pushed++);
          else reads.push(channel.next());
        }
        channel.end();
        const got = (await Promise.all(reads)).flatMap((one) => (one.done ? [] : [one.value]));
        got.push(...(await read(channel)));
        assert.deepEqual(
          got,
          Array.from({ length: pushed }, (_, index) => index),
        );
      },
    ),
  );
});

test('a full channel says so, and calls when there is room', async () => {
  const channel = new Channel<number>(2);
  let ready = 0;
  channel.onReady = () => ready++;
  assert.equal(channel.push(1), true);
  assert.equal(channel.push(2), false);
  assert.equal(ready, 0);
  await channel.next();
  assert.equal(ready, 1);
  assert.equal(channel.size, 1);
});

test('the end and a fault come after what is queued', async () => {
  const ended = new Channel<number>(5);
  ended.push(1);
  ended.end();
  ended.push(2);
  assert.deepEqual(await read(ended), [1]);
  const failed = new Channel<number>(5);
  failed.push(1);
  failed.fail(new Fault('UNAVAILABLE', 'gone'));
  failed.end();
  assert.deepEqual(await failed.next(), { value: 1, done: false });
  await assert.rejects(failed.next(), { code: 'UNAVAILABLE' });
  assert.deepEqual(await failed.next(), { value: undefined, done: true });
});

test('a reader who waits is told of a fault and of the end', async () => {
  const failed = new Channel<number>(1);
  const waiting = failed.next();
  failed.fail(new Fault('CANCELLED', 'gone'));
  await assert.rejects(waiting, { code: 'CANCELLED' });
  const ended = new Channel<number>(1);
  const last = ended.next();
  ended.end();
  assert.deepEqual(await last, { value: undefined, done: true });
});

test('a reader who leaves is told of once, and what comes later is dropped', async () => {
  const channel = new Channel<number>(1);
  let closed = 0;
  let ready = 0;
  channel.onClose = () => closed++;
  channel.onReady = () => ready++;
  channel.push(1);
  for await (const _ of channel) break;
  await channel.return();
  assert.equal(closed, 1);
  assert.ok(ready > 0, 'whoever waits for room goes on');
  assert.equal(channel.push(2), true);
  assert.equal(channel.size, 0);
});

test('a reader who leaves after the end closes nothing', async () => {
  const channel = new Channel<number>(1);
  let closed = 0;
  channel.onClose = () => closed++;
  channel.end();
  await channel.return();
  assert.equal(closed, 0);
});
