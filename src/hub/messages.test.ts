import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Contract, EventType } from '../model/contract.ts';
import type { Fault } from '../model/fault.ts';
import type { Delivery, Message } from '../model/message.ts';
import { ANONYMOUS, LOCAL, type Principal } from '../model/principal.ts';
import { application, eventType, message } from './application.test-support.ts';
import { createHub, type HubOptions, type RunningHub } from './create-hub.ts';
import type { Origin, SubscribeOptions, Subscription } from './hub.ts';

async function hubWith(options: HubOptions = {}, events: EventType[] = []): Promise<RunningHub> {
  const hub = createHub(options);
  hub.add(application([], { events }));
  await hub.start();
  return hub;
}

function originOf(hub: RunningHub, principal: Principal = LOCAL, name = 'test'): Origin {
  return { principal, meter: hub.diagnostics.meter(name) };
}

/** Publishes, and expects that nothing is left to wait for. */
function publishNow(hub: RunningHub, messages: readonly Message[], origin: Origin): void {
  assert.equal(hub.publish(messages, origin), undefined);
}

class Receiver {
  readonly batches: (readonly Delivery[])[] = [];
  lost = 0;
  ends = 0;
  onBatch: ((batch: readonly Delivery[]) => void) | undefined;
  readonly subscription: Subscription;

  constructor(
    hub: RunningHub,
    options: Partial<SubscribeOptions> = {},
    principal: Principal = LOCAL,
  ) {
    this.subscription = hub.subscribe(
      { filter: '>', credit: 1000, ...options },
      this,
      originOf(hub, principal, 'receiver'),
    );
  }

  deliver(batch: readonly Delivery[]): void {
    this.batches.push(batch);
    this.onBatch?.(batch);
  }

  dropped(count: number): void {
    this.lost += count;
  }

  closed(): void {
    this.ends++;
  }

  get subjects(): string[] {
    return this.batches.flat().map(({ message: { subject } }) => subject);
  }
}

function numbered(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(`n.${from + index}`));
}

test('a batch reaches each subscriber as one delivery, in order, after publish returned', async () => {
  const hub = await hubWith();
  const all = new Receiver(hub);
  const some = new Receiver(hub, { filter: 'n.2' });
  publishNow(hub, numbered(1, 3), originOf(hub));
  assert.equal(all.batches.length, 0, 'never from inside publish');
  await turn();
  assert.equal(all.batches.length, 1);
  assert.deepEqual(all.subjects, ['n.1', 'n.2', 'n.3']);
  assert.deepEqual(some.subjects, ['n.2']);
  assert.equal(all.batches[0]![1], some.batches[0]![0], 'a message is shared, not copied');
  const meter = hub.diagnostics.meter('test');
  assert.deepEqual([meter.received, meter.refused], [3, 0]);
  assert.equal(hub.diagnostics.meter('receiver').sent, 4);
});

test('credit is never exceeded, and what waits comes with more credit', async () => {
  const hub = await hubWith();
  const receiver = new Receiver(hub, { credit: 2 });
  publishNow(hub, numbered(1, 5), originOf(hub));
  await turn();
  assert.deepEqual(receiver.subjects, ['n.1', 'n.2']);
  receiver.subscription.credit(1);
  await turn();
  assert.deepEqual(receiver.subjects, ['n.1', 'n.2', 'n.3']);
  receiver.subscription.credit(10);
  await turn();
  assert.equal(receiver.subjects.length, 5);
  assert.equal(receiver.lost, 0);
});

test('a slow subscriber loses the oldest beyond its buffer, and is told how many', async () => {
  const hub = await hubWith({ subscriberBufferMessages: 3 });
  const receiver = new Receiver(hub, { credit: 1 });
  publishNow(hub, numbered(1, 10), originOf(hub));
  await turn();
  // One by credit, of the nine others three are kept; the loss is told before what follows it.
  assert.equal(receiver.lost, 6);
  receiver.subscription.credit(10);
  await turn();
  assert.deepEqual(receiver.subjects, ['n.7', 'n.8', 'n.9', 'n.10']);
  assert.equal(hub.diagnostics.meter('receiver').dropped, 6);
});

test('a slow subscriber is bounded in bytes as well', async () => {
  const hub = await hubWith({ subscriberBufferBytes: 10_000 });
  const receiver = new Receiver(hub, { credit: 0 });
  for (let index = 0; index < 20; index++) {
    publishNow(hub, [message('big', 'x'.repeat(4000))], originOf(hub));
  }
  await turn();
  receiver.subscription.credit(100);
  await turn();
  assert.equal(receiver.subjects.length, 2);
  assert.equal(receiver.lost, 18);
});

test('subscribers may publish, close and throw while they receive; order is kept', async () => {
  const logged: object[] = [];
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (f: object) => void logged.push(f),
  };
  const hub = await hubWith({ logger });
  const publisher = new Receiver(hub, { filter: 'n.*' });
  publisher.onBatch = (batch) => {
    for (const { message: one } of batch) {
      publishNow(hub, [message(`echo.${one.subject}`)], originOf(hub));
    }
  };
  const thrower = new Receiver(hub, { filter: 'n.>' });
  thrower.onBatch = () => {
    throw new Error('receiver broke');
  };
  const closer = new Receiver(hub, { filter: 'n.>' });
  closer.onBatch = () => closer.subscription.close();
  const all = new Receiver(hub);
  publishNow(hub, numbered(1, 2), originOf(hub));
  await turn();
  publishNow(hub, numbered(3, 3), originOf(hub));
  await turn();
  await turn();
  assert.deepEqual(all.subjects, ['n.1', 'n.2', 'echo.n.1', 'echo.n.2', 'n.3', 'echo.n.3']);
  assert.equal(closer.subjects.length, 2);
  assert.equal(thrower.subjects.length, 3);
  assert.equal(logged.length, 2);
});

test('a subscriber that answers itself for ever leaves room for everything else', async () => {
  const hub = await hubWith();
  const loop = new Receiver(hub, { filter: 'loop' });
  loop.onBatch = () => {
    loop.subscription.credit(1);
    publishNow(hub, [message('loop')], originOf(hub));
  };
  publishNow(hub, [message('loop')], originOf(hub));
  // With microtasks alone this test would never get here.
  for (let index = 0; index < 5; index++) await turn();
  assert.ok(loop.batches.length >= 2);
  loop.subscription.close();
});

test('a closed subscription gets nothing more', async () => {
  const hub = await hubWith();
  const receiver = new Receiver(hub);
  publishNow(hub, numbered(1, 1), originOf(hub));
  receiver.subscription.close();
  receiver.subscription.credit(5);
  await turn();
  assert.deepEqual(receiver.batches, []);
  assert.equal(receiver.ends, 0);
});

test('a subscriber resumes after the last position it saw', async () => {
  const hub = await hubWith();
  const first = new Receiver(hub, { filter: 'n.*', credit: 2 });
  publishNow(hub, [...numbered(1, 4), message('other')], originOf(hub));
  await turn();
  const after = first.batches.flat().at(-1)!.position;
  const second = new Receiver(hub, { filter: 'n.*', after });
  assert.equal(second.subscription.gap, false);
  publishNow(hub, numbered(5, 5), originOf(hub));
  await turn();
  assert.deepEqual(second.subjects, ['n.3', 'n.4', 'n.5']);
  const positions = second.batches.flat().map(({ position }) => Number(position.split('-')[1]));
  assert.deepEqual(positions, [3, 4, 6], 'ascending');
});

test('catching up respects credit and may exceed the live buffer', async () => {
  const hub = await hubWith({ subscriberBufferMessages: 2 });
  const probe = new Receiver(hub);
  publishNow(hub, numbered(1, 50), originOf(hub));
  await turn();
  const after = probe.batches[0]![0]!.position;
  const late = new Receiver(hub, { after, credit: 10 });
  await turn();
  assert.equal(late.subjects.length, 10);
  late.subscription.credit(100);
  await turn();
  assert.equal(late.subjects.length, 49);
  assert.equal(late.lost, 0);
});

test('a position that is no longer held, of another run or no position at all is a gap', async () => {
  const hub = await hubWith({ historyRecords: 3 });
  const probe = new Receiver(hub);
  publishNow(hub, numbered(1, 5), originOf(hub));
  await turn();
  const positions = probe.batches.flat().map(({ position }) => position);
  const resumed = async (after: string): Promise<[boolean, string[]]> => {
    const receiver = new Receiver(hub, { after });
    await turn();
    receiver.subscription.close();
    return [receiver.subscription.gap, receiver.subjects];
  };
  const held = ['n.3', 'n.4', 'n.5'];
  assert.deepEqual(await resumed(positions[0]!), [true, held]);
  assert.deepEqual(await resumed(positions[1]!), [false, held]);
  assert.deepEqual(await resumed(positions[4]!), [false, []]);
  assert.deepEqual(await resumed('earlier-2'), [true, held]);
  assert.deepEqual(await resumed('nonsense'), [true, held]);
  assert.deepEqual(await resumed(`${positions[0]!.split('-')[0]}-999`), [true, held]);
});

test('bad subjects and filters are refused with the reason, and nothing of a batch is taken', async () => {
  const hub = await hubWith();
  const receiver = new Receiver(hub);
  for (const bad of ['', 'a.*', 'a b', 'x'.repeat(5000), 'a.'.repeat(200)]) {
    assert.throws(() => hub.publish([message('fine'), message(bad)], originOf(hub)), {
      code: 'INVALID_ARGUMENT',
    });
  }
  for (const filter of ['', 'a.>.b', 'a*', 'a.b>', 'a b']) {
    assert.throws(() => new Receiver(hub, { filter }), { code: 'INVALID_ARGUMENT' });
  }
  await turn();
  assert.deepEqual(receiver.batches, []);
  const meter = hub.diagnostics.meter('test');
  assert.deepEqual([meter.received, meter.refused], [10, 10]);
});

test('two spellings of one subject are one subject', async () => {
  const hub = await hubWith();
  const receiver = new Receiver(hub, { filter: 'a.x%2ey' });
  publishNow(hub, [message('a.x%2Ey')], originOf(hub));
  await turn();
  assert.equal(receiver.subjects.length, 1);
});

const PLACED = eventType('placed', {
  subject: 'orders.{id}.placed',
  schema: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
  },
});

test('a payload from outside on the subject of an event is held against its schema', async () => {
  const hub = await hubWith({}, [PLACED]);
  const publish = (payload: string, contentType?: string): unknown =>
    publishNow(hub, [message('orders.7.placed', payload, { contentType })], originOf(hub));
  publish('{"id":"7"}', 'application/json; charset=utf-8');
  publish('{"id":"7"}');
  publish('not json at all');
  publish('<id/>', 'application/xml');
  for (const type of ['application/json', 'application/cloudevents+json', undefined]) {
    assert.throws(
      () => publish('{"id":7}', type),
      (fault: Fault) => fault.code === 'INVALID_ARGUMENT' && fault.violations?.[0]?.path === '/id',
    );
  }
  assert.throws(() => publish('{"id"', 'application/json'), { code: 'INVALID_ARGUMENT' });
  publishNow(hub, [message('orders.7.other', '{"id":7}')], originOf(hub));
});

const SECRET = { ...PLACED, scopes: ['orders'] };
const ann: Principal = { id: 'ann', authenticated: true, scopes: new Set(['other']) };
const bob: Principal = { id: 'bob', authenticated: true, scopes: new Set(['orders']) };

test("an event's scopes are needed to publish it and to subscribe to it", async () => {
  const hub = await hubWith({}, [SECRET]);
  const publish = (principal: Principal): unknown =>
    publishNow(hub, [message('orders.7.placed', '{"id":"7"}')], originOf(hub, principal));
  assert.throws(() => publish(ann), { code: 'PERMISSION_DENIED' });
  publish(bob);
  for (const filter of ['orders.*.placed', 'orders.7.placed']) {
    assert.throws(() => new Receiver(hub, { filter }, ann), { code: 'PERMISSION_DENIED' });
    new Receiver(hub, { filter }, bob).subscription.close();
  }
});

test('a wide subscription does not leak events that the principal may not see', async () => {
  const hub = await hubWith({}, [SECRET]);
  const probe = new Receiver(hub, {}, bob);
  const wide = ['>', 'orders.>', '*.*.*', 'orders.*.*'].map((filter) => ({
    seen: new Receiver(hub, { filter }, bob),
    hidden: new Receiver(hub, { filter }, ann),
  }));
  publishNow(
    hub,
    [message('orders.0.open'), message('orders.7.placed', '{"id":"7"}')],
    originOf(hub, bob),
  );
  await turn();
  for (const { seen, hidden } of wide) {
    assert.deepEqual(seen.subjects, ['orders.0.open', 'orders.7.placed']);
    assert.deepEqual(hidden.subjects, ['orders.0.open']);
  }
  const after = probe.batches[0]![0]!.position;
  const resumed = new Receiver(hub, { after }, ann);
  await turn();
  assert.deepEqual(resumed.subjects, [], 'not by resuming either');
});

test('an anonymous caller neither publishes nor subscribes where anonymous is denied', async () => {
  const hub = await hubWith({ authenticator: { anonymous: 'deny', authenticate: () => LOCAL } });
  const origin = originOf(hub, ANONYMOUS);
  assert.throws(() => hub.publish([message('a')], origin), { code: 'UNAUTHENTICATED' });
  assert.throws(() => new Receiver(hub, {}, ANONYMOUS), { code: 'UNAUTHENTICATED' });
  const open = await hubWith({ authenticator: { anonymous: 'allow', authenticate: () => LOCAL } });
  publishNow(open, [message('a')], originOf(open, ANONYMOUS));
});

test('an event that a handler gives is checked before it is published', async () => {
  let emit!: (event: string, payload: unknown) => Promise<void>;
  const hub = createHub();
  const contract: Partial<Contract> = { name: 'emits' };
  hub.add(
    application([], {
      contract,
      events: [PLACED],
      start: (services) => {
        emit = services.emit;
      },
    }),
  );
  await hub.start();
  const receiver = new Receiver(hub);
  await assert.rejects(emit('test.placed', { id: 7 }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(emit('test.unknown', {}), /no contract of this hub has an event/);
  await emit('test.placed', { id: 'a b' });
  await turn();
  assert.deepEqual(receiver.subjects, ['orders.a%20b.placed']);
});

test('middleware around publishing may refuse a batch, now or later', async () => {
  const hub = await hubWith({
    middleware: [
      {
        name: 'picky',
        publish: (next) => async (messages, origin) => {
          await turn();
          if (messages.length > 1) throw new Error('too picky');
          await next(messages, origin);
        },
      },
    ],
  });
  const receiver = new Receiver(hub);
  await hub.publish(numbered(1, 1), originOf(hub));
  await assert.rejects(async () => hub.publish(numbered(2, 3), originOf(hub)), {
    code: 'INTERNAL',
  });
  await turn();
  assert.deepEqual(receiver.subjects, ['n.1']);
  assert.equal(hub.diagnostics.meter('test').refused, 2);
});
