import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { message } from '../application.test-support.ts';
import { MemoryEngine } from './memory-engine.test-support.ts';
import { decodePlaces, encodePlaces } from './position.ts';
import { originOf, Receiver, streamHub } from './streams.test-support.ts';

const CONFIGURED = {
  orders: { subjects: ['orders.>'], partitions: 3 },
  stock: { subjects: ['stock.*', 'store'] },
};

test('places are read as they were written', () => {
  const place = fc.record({
    number: fc.nat(1000),
    tag: fc.nat(0xffff),
    index: fc.nat(50),
    epoch: fc.nat(300),
    next: fc.maxSafeNat(),
  });
  const places = fc.uniqueArray(place, { selector: ({ number }) => number, maxLength: 20 });
  fc.assert(
    fc.property(places, fc.nat(), (some, newest) => {
      const placed = some.map(({ number, tag, index, epoch }) => ({
        feed: { stream: { number, tag }, index, epoch },
      }));
      const text = encodePlaces(
        newest,
        placed,
        some.map(({ next }) => next),
      );
      const read = decodePlaces(text)!;
      assert.deepEqual(
        [read.newest, read.complete, read.streams.size],
        [newest, true, some.length],
      );
      for (const { number, tag, index, epoch, next } of some) {
        assert.equal(read.streams.get(number)!.tag, tag);
        assert.deepEqual(read.streams.get(number)!.partitions.get(index), { epoch, next });
      }
    }),
  );
});

test('any text is read as places or as none, and does no harm', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from([1, 1, ...some]));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        bytes.map((some) => some.toString('base64url')),
      ),
      (text) => {
        for (const { partitions } of decodePlaces(text)?.streams.values() ?? []) {
          for (const { next } of partitions.values()) assert.ok(Number.isSafeInteger(next));
        }
      },
    ),
    { numRuns: 2000 },
  );
  assert.equal(decodePlaces('A'.repeat(20_000)), undefined);
});

test('positions are bounded, however many partitions a filter touches', async () => {
  const { hub } = await streamHub({ configured: { wide: { partitions: 5000 } } });
  const receiver = new Receiver(hub, { filter: 'wide' });
  await hub.publish([message('wide', 'x', { key: 'k' })], originOf(hub));
  await receiver.count(1);
  const { position } = receiver.deliveries[0]!;
  assert.ok(position.length <= 12_000, `${position.length}`);
  const again = new Receiver(hub, { filter: 'wide', after: position });
  assert.equal(again.subscription.gap, false, 'partitions that it leaves out are empty');
});

type Step =
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'reconnect' | 'restart' | 'turn' | 'create' }
  | { readonly kind: 'credit'; readonly count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('reconnect', 'restart', 'turn', 'create') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('credit' as const),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
);

test('whoever resumes gets everything once and in order, through restarts and new streams', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, slow) => {
      const engine = new MemoryEngine();
      engine.slow = slow;
      let { hub } = await streamHub({ engine, configured: CONFIGURED });
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const subjects = ['orders.a', 'orders.b.c', 'stock.x', 'store'];
      const seen = new Map<string, string[]>();
      const sent = new Map<string, string[]>();
      let count = 0;
      let receiver = new Receiver(hub, { filter: '>', credit: 5 });
      let after: string | undefined;
      const take = (): void => {
        for (const { message: one, position } of receiver.deliveries.splice(0)) {
          const lane = `${one.subject} ${one.key}`;
          seen.set(lane, [...(seen.get(lane) ?? []), Buffer.from(one.payload).toString()]);
          after = position;
        }
      };
      // A position to begin with.
      await hub.publish([message('store', 'first', { key: 'a' })], originOf(hub));
      await receiver.count(1);
      take();
      seen.clear();
      for (const one of steps) {
        if (one.kind === 'publish') {
          const batch = Array.from({ length: one.count }, () => {
            const key = keys[count % keys.length]!;
            const subject = subjects[(count * 7) % subjects.length]!;
            const payload = `${count++}`;
            sent.set(`${subject} ${key}`, [...(sent.get(`${subject} ${key}`) ?? []), payload]);
            return message(subject, payload, { key });
          });
          await hub.publish(batch, originOf(hub));
        } else if (one.kind === 'turn') await turn();
        else if (one.kind === 'credit') receiver.subscription.credit(one.count);
        else if (one.kind === 'create') {
          const name = `extra-${count++}`;
          await hub.streams!.create(name, {}, originOf(hub));
          subjects.push(name);
        } else {
          receiver.subscription.close();
          take();
          if (one.kind === 'restart') {
            await hub.stop();
            ({ hub } = await streamHub({ engine, configured: CONFIGURED }));
          }
          receiver = new Receiver(hub, { filter: '>', credit: 3, after });
        }
      }
      receiver.subscription.credit(100_000);
      const all = [...sent.values()].flat().length;
      const had = [...seen.values()].flat().length;
      await receiver.count(all - had);
      take();
      await turn();
      assert.equal(receiver.deliveries.length, 0, 'nothing is seen twice');
      assert.deepEqual([...seen].sort(), [...sent].sort());
      await hub.stop();
    }),
    { numRuns: 150 },
  );
});

test('a gap is told where something may be missing, and nowhere else', async () => {
  const engine = new MemoryEngine();
  let { hub } = await streamHub({ engine, configured: CONFIGURED });
  const positions = async (filter: string): Promise<string> => {
    const receiver = new Receiver(hub, { filter });
    await hub.publish([message('stock.x', 'x'), message('memory', 'm')], originOf(hub));
    await receiver.count(1);
    receiver.subscription.close();
    return receiver.deliveries.at(-1)!.position;
  };
  const gapAfter = (filter: string, after: string): boolean => {
    const { subscription } = new Receiver(hub, { filter, after });
    subscription.close();
    return subscription.gap;
  };
  const durable = await positions('stock.x');
  const mixed = await positions('>');
  const memory = await positions('memory');
  assert.deepEqual(
    [gapAfter('stock.x', durable), gapAfter('>', mixed), gapAfter('memory', memory)],
    [false, false, false],
  );
  await hub.stop();
  ({ hub } = await streamHub({ engine, configured: CONFIGURED }));
  assert.equal(gapAfter('stock.x', durable), false, 'a restart is no gap in a stream');
  assert.equal(gapAfter('>', mixed), true, 'what no stream holds may have been missed');
  assert.equal(gapAfter('memory', memory), true);
  assert.equal(gapAfter('stock.x', 'nonsense'), true);
  assert.equal(gapAfter('orders.>', durable), false, 'nothing was ever there');
  await hub.publish([message('orders.x')], originOf(hub));
  assert.equal(gapAfter('orders.>', durable), true, 'the position knows nothing of this stream');
  await positions('stock.x');
  await engine.stream('stock')!.partitions[0]!.trim(2);
  assert.equal(gapAfter('stock.x', durable), true, 'retention has passed it');
});

test('a position of a stream that was removed and made anew is none', async () => {
  const { hub } = await streamHub({ configured: CONFIGURED });
  const origin = originOf(hub);
  const receiver = new Receiver(hub, { filter: 'stock.x' });
  await hub.publish([message('stock.x', 'old')], origin);
  await receiver.count(1);
  await hub.streams!.remove('stock', origin);
  await hub.streams!.create('stock', { subjects: ['stock.>'] }, origin);
  await hub.publish([message('stock.x', 'new')], origin);
  const after = receiver.deliveries[0]!.position;
  const late = new Receiver(hub, { filter: 'stock.x', after });
  await late.count(1);
  assert.deepEqual([late.payloads, late.subscription.gap], [['new'], true]);
});
