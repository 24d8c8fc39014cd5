import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BatchBuilder } from '../../formats/records/batch-builder.ts';
import { Fault } from '../../model/fault.ts';
import type { Principal } from '../../model/principal.ts';
import { eventType, message } from '../application.test-support.ts';
import { MemoryEngine } from './memory-engine.test-support.ts';
import { originOf, Receiver, streamHub } from './streams.test-support.ts';

const CONFIGURED = { orders: { subjects: ['orders.>'] } };

function numbered(subject: string, from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => message(subject, `${from + index}`));
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

test('what a stream captures reaches subscribers when it is committed, with everything it has', async () => {
  const engine = new MemoryEngine();
  const { hub } = await streamHub({ engine, configured: CONFIGURED });
  const receiver = new Receiver(hub, { filter: 'orders.*' });
  const other = new Receiver(hub, { filter: 'other' });
  engine.held = true;
  const sent = message('orders.1', 'payload', {
    key: 'k',
    headers: [['x', 'y']],
    contentType: 'text/plain',
    timeMs: 5,
    id: 'id',
    source: 'test',
  });
  const published = hub.publish([sent, message('other', 'x')], originOf(hub));
  await turn();
  assert.deepEqual(receiver.messages, [], 'not before the commit');
  assert.deepEqual(other.messages, [], 'a batch is seen as a whole');
  engine.commit();
  await published;
  await turn();
  assert.deepEqual(receiver.messages, [sent]);
  assert.deepEqual(other.payloads, ['x']);
});

test('a refusal of the engine is one of the whole batch', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const receiver = new Receiver(hub);
  engine.refusing = new Fault('UNAVAILABLE', 'The disk is full.');
  const batch = [message('other'), message('orders.1')];
  assert.throws(() => hub.publish(batch, originOf(hub)), { code: 'UNAVAILABLE' });
  await turn();
  assert.deepEqual(receiver.messages, []);
  engine.refusing = undefined;
  await hub.publish(batch, originOf(hub));
  await turn();
  assert.deepEqual(receiver.subjects.sort(), ['orders.1', 'other']);
});

for (const slow of [false, true]) {
  test(`a subscriber without credit holds its place, misses nothing and sees nothing twice${slow ? ' (slow disk)' : ''}`, async () => {
    const engine = new MemoryEngine();
    engine.slow = slow;
    const { hub } = await streamHub({
      engine,
      configured: CONFIGURED,
      subscriberBufferMessages: 1,
    });
    const quick = new Receiver(hub, { filter: 'orders.>', steady: true, credit: 10 });
    const slowly = new Receiver(hub, { filter: 'orders.>', credit: 3 });
    for (let from = 1; from <= 2000; from += 50) {
      await hub.publish(numbered('orders.a', from, from + 49), originOf(hub));
      if (from % 4 === 1) await turn();
    }
    await quick.count(2000);
    assert.deepEqual(quick.payloads, numbers(1, 2000));
    assert.deepEqual(slowly.payloads, numbers(1, 3));
    for (let credit = 1; slowly.deliveries.length < 2000; credit = (credit * 2) % 301) {
      const before = slowly.deliveries.length;
      slowly.subscription.credit(credit);
      await slowly.count(Math.min(2000, before + credit));
      assert.ok(slowly.deliveries.length <= before + credit, 'credit is never exceeded');
    }
    assert.deepEqual(slowly.payloads, numbers(1, 2000));
    assert.deepEqual([slowly.lost, quick.lost], [0, 0]);
  });
}

test('records are decoded once for all who are together, and not at all for nobody', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  await hub.publish(numbered('orders.a', 1, 10), originOf(hub));
  await turn();
  assert.equal(engine.reads, 0);
  const receivers = Array.from({ length: 20 }, () => new Receiver(hub, { filter: 'orders.a' }));
  await hub.publish(numbered('orders.a', 11, 20), originOf(hub));
  await turn();
  assert.equal(engine.reads, 1);
  const [first, ...rest] = receivers;
  for (const one of rest) {
    assert.deepEqual(one.payloads, numbers(11, 20));
    assert.equal(one.messages[3], first!.messages[3], 'a message is shared, not copied');
  }
});

test('a long backlog does not keep others from what is new', async () => {
  const { hub } = await streamHub({ configured: CONFIGURED });
  for (let from = 1; from <= 20_000; from += 500) {
    await hub.publish(numbered('orders.old', from, from + 499), originOf(hub));
  }
  const live = new Receiver(hub, { filter: 'orders.new' });
  const late = new Receiver(hub, { filter: 'orders.old', from: 'start', steady: true });
  await turn();
  await hub.publish([message('orders.new', 'now')], originOf(hub));
  await live.count(1);
  assert.ok(late.deliveries.length < 20_000, 'in the middle of the backlog');
  await late.count(20_000);
  assert.deepEqual(late.payloads, numbers(1, 20_000));
});

test('a subscription begins now, at the start, at a time or with the latest', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const at = (timeMs: number) => message('orders.a', `${timeMs}`, { timeMs });
  for (let time = 1; time <= 50; time++) await hub.publish([at(time)], originOf(hub));
  engine.slow = true;
  const filter = 'orders.>';
  const now = new Receiver(hub, { filter });
  const start = new Receiver(hub, { filter, from: 'start' });
  const timed = new Receiver(hub, { filter, from: 31 });
  const future = new Receiver(hub, { filter, from: 100 });
  const last = new Receiver(hub, { filter, last: 4 });
  await start.count(50);
  await timed.count(20);
  await last.count(4);
  await hub.publish([at(51)], originOf(hub));
  await Promise.all([
    now.count(1),
    start.count(51),
    timed.count(21),
    future.count(1),
    last.count(5),
  ]);
  assert.deepEqual(now.payloads, ['51']);
  assert.deepEqual(start.payloads, numbers(1, 51));
  assert.deepEqual(timed.payloads, numbers(31, 51));
  assert.deepEqual(future.payloads, ['51']);
  assert.deepEqual(last.payloads, numbers(47, 51));
  for (const one of [now, start, timed, future, last]) assert.equal(one.caught, 1);
});

test('scopes decide what each principal sees of a stream', async () => {
  const placed = eventType('placed', {
    subject: 'orders.{id}.placed',
    scopes: ['orders'],
    durable: false,
  });
  const { hub } = await streamHub({ configured: CONFIGURED, events: [placed] });
  const ann: Principal = { id: 'ann', authenticated: true, scopes: new Set(['other']) };
  const bob: Principal = { id: 'bob', authenticated: true, scopes: new Set(['orders']) };
  const hidden = new Receiver(hub, { filter: 'orders.>' }, ann);
  const seen = new Receiver(hub, { filter: 'orders.>' }, bob);
  await hub.publish(
    [message('orders.7.placed', '{"id":7}'), message('orders.8.open')],
    originOf(hub),
  );
  const late = new Receiver(hub, { filter: '>', from: 'start' }, ann);
  await seen.count(2);
  await late.count(1);
  assert.deepEqual(hidden.subjects, ['orders.8.open']);
  assert.deepEqual(late.subjects, ['orders.8.open']);
});

function transactional(producerId: bigint, ...payloads: string[]): Buffer {
  const builder = new BatchBuilder();
  builder.start({ producerId, producerEpoch: 0, baseSequence: 0, transactional: true });
  for (const payload of payloads) builder.add(1, null, Buffer.from(payload));
  return Buffer.from(builder.finish());
}

test('transactions are seen when they are committed, without markers, and aborted ones never', async () => {
  const { hub, engine } = await streamHub({ configured: { plain: {} } });
  const partition = engine.stream('plain')!.partitions[0]!;
  const receiver = new Receiver(hub, { filter: 'plain' });
  const marker = { producerEpoch: 0, coordinatorEpoch: 0 };
  await partition.append(transactional(1n, 'one'));
  await partition.append(transactional(2n, 'no'));
  await hub.publish([message('plain', 'between')], originOf(hub));
  await turn();
  assert.deepEqual(receiver.payloads, [], 'nothing past the first open transaction');
  await partition.writeMarker({ ...marker, producerId: 2n, commit: false });
  await turn();
  assert.deepEqual(receiver.payloads, []);
  await partition.writeMarker({ ...marker, producerId: 1n, commit: true });
  await receiver.count(2);
  await partition.append(transactional(2n, 'again'));
  await partition.writeMarker({ ...marker, producerId: 2n, commit: true });
  await receiver.count(3);
  assert.deepEqual(receiver.payloads, ['one', 'between', 'again']);
  const late = new Receiver(hub, { filter: 'plain', from: 'start' });
  await late.count(3);
  assert.deepEqual(late.payloads, receiver.payloads);
});

test('retention that passes a subscriber is told as a loss', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const receiver = new Receiver(hub, { filter: 'orders.>', credit: 1 });
  for (let at = 1; at <= 10; at++) await hub.publish(numbered('orders.a', at, at), originOf(hub));
  await receiver.count(1);
  await engine.stream('orders')!.partitions[0]!.trim(6);
  // What was decoded is forgotten when a stream changes.
  engine.tell(engine.stream('orders')!, 'changed');
  receiver.subscription.credit(100);
  await receiver.count(5);
  assert.deepEqual(receiver.payloads, ['1', ...numbers(7, 10)]);
  assert.equal(receiver.lost, 5);
});

test('records that cannot be read are told as lost, and what follows is delivered', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const live = new Receiver(hub, { filter: 'orders.>' });
  const behind = new Receiver(hub, { filter: 'orders.>', credit: 0 });
  engine.broken = new Fault('DATA_LOSS', 'The checksum is wrong.');
  await hub.publish(numbered('orders.a', 1, 3), originOf(hub));
  await turn();
  behind.subscription.credit(100);
  await turn();
  engine.broken = undefined;
  await hub.publish(numbered('orders.a', 4, 5), originOf(hub));
  await Promise.all([live.count(2), behind.count(2)]);
  for (const one of [live, behind]) assert.deepEqual([one.lost, one.payloads], [3, ['4', '5']]);
});

test('a disk that fails to read is asked again, and nothing is lost', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const live = new Receiver(hub, { filter: 'orders.>' });
  const behind = new Receiver(hub, { filter: 'orders.>', credit: 0 });
  engine.broken = new Fault('UNAVAILABLE', 'Input/output error.');
  await hub.publish(numbered('orders.a', 1, 3), originOf(hub));
  behind.subscription.credit(100);
  await turn();
  engine.broken = undefined;
  context.mock.timers.runAll();
  await Promise.all([live.count(3), behind.count(3)]);
  for (const one of [live, behind]) assert.deepEqual([one.lost, one.payloads], [0, numbers(1, 3)]);
});

test('streams, partitions and subjects that come later are followed, and one that goes is left', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const receiver = new Receiver(hub, { filter: '>' });
  const origin = originOf(hub);
  await hub.streams!.create('late', { partitions: 2 }, origin);
  const keyed = (key: string) => message('late', key, { key });
  await hub.publish(['a', 'b', 'c', 'd'].map(keyed), origin);
  await receiver.count(4);
  await hub.streams!.change('late', { partitions: 5 }, origin);
  await hub.publish(['e', 'f', 'g', 'h', 'i', 'j'].map(keyed), origin);
  await receiver.count(10);
  await hub.streams!.remove('late', origin);
  await hub.publish([message('late', 'memory'), message('orders.1', 'kept')], origin);
  await receiver.count(12);
  assert.equal(engine.stream('late'), undefined);
  assert.deepEqual(receiver.payloads.toSorted(), [...'abcdefghij', 'kept', 'memory']);
});

test('draining waits for commits, and subscribers see them', async () => {
  const { hub, engine } = await streamHub({ configured: CONFIGURED });
  const receiver = new Receiver(hub, { filter: 'orders.>' });
  engine.held = true;
  const published = hub.publish([message('orders.1', 'last')], originOf(hub));
  const drained = hub.drain(1000);
  await turn();
  assert.throws(() => hub.publish([message('orders.2')], originOf(hub)), { code: 'UNAVAILABLE' });
  engine.commit();
  await published;
  assert.equal((await drained).subscriptionsClosed, 1);
  assert.deepEqual(receiver.payloads, ['last']);
  assert.equal(receiver.ends, 1);
});
