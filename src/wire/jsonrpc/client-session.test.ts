import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message } from '../../hub/application.test-support.ts';
import { Fault } from '../../model/fault.ts';
import { LOCAL } from '../../model/principal.ts';
import { ClientSession } from './client-session.ts';
import { joinSessions, startService, until } from './service.test-support.ts';

test('calls in flight are answered each, and faults arrive whole', async () => {
  const { client } = joinSessions(await startService());
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => client.call(n % 2 ? 'test.echo' : 'test.later', { n })),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 50 }, (_, n) => ({ n })),
  );
  await assert.rejects(client.call('test.fail'), (fault: Fault) => {
    assert.deepEqual(fault.toJSON(), {
      code: 'FAILED_PRECONDITION',
      message: 'Not today.',
      error: 'Refused',
      data: { day: 1 },
    });
    return fault instanceof Fault;
  });
  assert.equal(client.size, 0);
});

test('a call ends by its signal and by its time, on both sides', async () => {
  const service = await startService();
  const { client } = joinSessions(service);
  const controller = new AbortController();
  const call = client.call('test.forever', {}, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(call, { code: 'CANCELLED' });
  await assert.rejects(client.call('test.forever', {}, { timeoutMs: 5 }), {
    code: 'DEADLINE_EXCEEDED',
  });
  await assert.rejects(client.call('test.echo', {}, { signal: AbortSignal.abort() }), {
    code: 'CANCELLED',
  });
  await until(() => service.seen.aborted.length === 2);
});

test('metadata is sent and received', async () => {
  const { client } = joinSessions(await startService());
  let reply: unknown;
  const options = { meta: { a: 'b' }, onMeta: (meta: unknown) => (reply = meta) };
  assert.deepEqual(await client.call('test.metadata', {}, options), { a: 'b' });
  assert.deepEqual(reply, { 'x-reply': 'yes' });
});

test('a stream arrives in order and never outruns its reader by more than the window', async () => {
  const service = await startService();
  const { client } = joinSessions(service);
  let expected = 1;
  for await (const item of client.stream('test.count', { to: 500 }, { window: 10 })) {
    assert.equal(item, expected++);
    assert.ok(service.seen.produced <= expected + 10);
    if (expected % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(expected, 501);
});

test('a fault of a stream comes after its items', async () => {
  const { client } = joinSessions(await startService());
  const items: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const item of client.stream('test.count', { to: 3, fail: true })) items.push(item);
    },
    { code: 'FAILED_PRECONDITION', error: 'Refused', data: 9 },
  );
  assert.deepEqual(items, [1, 2, 3]);
});

test('leaving the loop cancels the stream', async () => {
  const service = await startService();
  const { client, session } = joinSessions(service);
  for await (const item of client.stream('test.count', { to: 1e9 }, { window: 4 })) {
    if (item === 3) break;
  }
  await until(() => session.streams.size === 0);
  assert.ok(service.seen.produced < 20);
  assert.equal(client.size, 0);
});

test('a client stream is taken as fast as the handler takes it', async () => {
  const service = await startService();
  const { client } = joinSessions(service);
  let given = 0;
  async function* numbers() {
    for (let n = 1; n <= 100; n++) {
      given++;
      assert.ok(given - service.seen.taken <= 2 * service.limits.streamWindow);
      yield n;
    }
  }
  assert.equal(await client.send('test.sum', numbers()), 5050);
  assert.equal(await client.send('test.sum', [1, 2, 3]), 6);
  assert.equal(await client.send('test.sum', []), 0);
});

test('items that are there together go together, within the credit and a size', async () => {
  const service = await startService();
  const { client, session } = joinSessions(service);
  const sizes: number[] = [];
  const receive = session.receive.bind(session);
  session.receive = (text) => {
    const { method, params } = JSON.parse(text!);
    if (method === 'rpc.items') {
      sizes.push(params.items.length);
      assert.ok(params.items.length === 1 || text!.length < 9000);
    }
    receive(text);
  };
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  assert.equal(await client.send('test.sum', numbers), 4950);
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    100,
  );
  assert.ok(sizes.length < 40, `${sizes.length} messages`);
  assert.ok(Math.max(...sizes) <= service.limits.streamWindow);

  sizes.length = 0;
  const large = ['x'.repeat(5000), 'y'.repeat(3000), 'z'.repeat(50_000), 'end'];
  const got: unknown[] = [];
  for await (const item of client.exchange('test.same', large)) got.push(item);
  assert.deepEqual(got, large);
  assert.deepEqual(sizes, [2, 1, 1]);

  sizes.length = 0;
  const later = [1, Promise.resolve(2), undefined, 3];
  assert.equal(await client.send('test.length', later), 4);
});

test('a generator that has more than the call wants is ended', async () => {
  const { client } = joinSessions(await startService());
  let ended = false;
  function* endless() {
    try {
      for (let n = 5; ; n++) yield n;
    } finally {
      ended = true;
    }
  }
  assert.equal(await client.send('test.first', endless()), 5);
  await until(() => ended);
});

test('an answer before the end of the items stops their source', async () => {
  const { client } = joinSessions(await startService());
  let ended = false;
  async function* endless() {
    try {
      for (let n = 5; ; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield n;
      }
    } finally {
      ended = true;
    }
  }
  assert.equal(await client.send('test.first', endless()), 5);
  await until(() => ended);
});

test('a source that throws cancels its call', async () => {
  const { client, session } = joinSessions(await startService());
  const source = (async function* () {
    yield 1;
    throw new Error('source');
  })();
  await assert.rejects(client.send('test.sum', source), (fault: Fault) => {
    assert.equal((fault.cause as Error).message, 'source');
    return fault.code === 'CANCELLED';
  });
  await until(() => session.streams.size === 0);
});

test('items go in both directions at once', async () => {
  const { client } = joinSessions(await startService());
  const got: unknown[] = [];
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  for await (const item of client.exchange('test.twice', numbers, { window: 3 })) got.push(item);
  assert.deepEqual(
    got,
    numbers.map((n) => n * 2),
  );
});

test('what is published is delivered in every form of payload, with key and headers', async () => {
  const { client } = joinSessions(await startService());
  const subscription = client.subscribe('parcels.>', { window: 2 });
  assert.equal((await subscription.ready).gap, false);
  await client.publish([
    { subject: 'parcels.a', payload: { n: 1 }, key: 'k', headers: [['h', '1']] },
    { subject: 'parcels.b', text: 'grüße' },
    { subject: 'parcels.c', base64: 'AP8=' },
    { subject: 'parcels.d', base64: 'eyJfX3Byb3RvX18iOjF9', contentType: 'application/json' },
    { subject: 'other', payload: 1 },
    { subject: 'parcels.e', payload: null },
  ]);
  const got: unknown[] = [];
  for await (const { id, timeMs, position, source, ...rest } of subscription) {
    assert.ok(id && timeMs && position && source);
    got.push(rest);
    if (got.length === 5) break;
  }
  assert.deepEqual(got, [
    {
      subject: 'parcels.a',
      key: 'k',
      contentType: 'application/json',
      headers: [['h', '1']],
      payload: { n: 1 },
    },
    { subject: 'parcels.b', contentType: 'text/plain; charset=utf-8', text: 'grüße' },
    { subject: 'parcels.c', contentType: 'application/octet-stream', base64: 'AP8=' },
    {
      subject: 'parcels.d',
      contentType: 'application/json',
      base64: 'eyJfX3Byb3RvX18iOjF9',
    },
    { subject: 'parcels.e', contentType: 'application/json', payload: null },
  ]);
  assert.equal(client.size, 0);
});

test('a subscription without credit of its own gets everything that the connection takes', async () => {
  const service = await startService();
  const { session, transport, receive } = joinSessions(service);
  receive({ jsonrpc: '2.0', id: 1, method: 'rpc.subscribe', params: { filter: '>' } });
  const origin = { principal: LOCAL, meter: service.meter };
  transport.full = true;
  for (let batch = 0; batch < 10; batch++) {
    await service.hub.publish(
      Array.from({ length: 50 }, () => message('a.b', '1')),
      origin,
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
  const delivered = () =>
    transport
      .messages()
      .filter(({ method }) => method === 'rpc.deliver')
      .reduce((sum, one) => sum + (one as { params: { messages: [] } }).params.messages.length, 0);
  assert.ok(delivered() <= 256);
  transport.full = false;
  session.drained();
  await until(() => delivered() === 500);
});

test('what the hub refuses is told by ready and by the loop', async () => {
  const { client } = joinSessions(await startService());
  const subscription = client.subscribe('a.>.b');
  await assert.rejects(subscription.ready, { code: 'INVALID_ARGUMENT' });
  await assert.rejects(subscription.next(), { code: 'INVALID_ARGUMENT' });
  for (const bad of [
    { subject: 'a' },
    { subject: 'a', payload: 1, text: '' },
    { subject: 'a', base64: '*' },
    { subject: '', payload: 1 },
    { subject: 'a', payload: 1, extra: 1 },
    { subject: 'a', payload: 1, headers: [['a']] },
  ]) {
    await assert.rejects(client.publish(bad as never), { code: 'INVALID_ARGUMENT' });
  }
});

test('a connection that is gone ends everything with UNAVAILABLE', async () => {
  const { client, session } = joinSessions(await startService());
  const subscription = client.subscribe('a');
  await subscription.ready;
  const waiting = [
    client.call('test.forever'),
    client
      .stream('test.count', { to: 1e9 }, { window: 1 })
      .next()
      .then(() => client.call('test.forever')),
    client.send(
      'test.sum',
      (async function* () {
        await new Promise(() => {});
      })() as AsyncIterable<unknown>,
    ),
    subscription.next(),
  ];
  await client.call('test.echo');
  client.closed();
  session.closed();
  for (const outcome of await Promise.allSettled(waiting)) {
    assert.equal(outcome.status, 'rejected');
    assert.equal((outcome as PromiseRejectedResult).reason.code, 'UNAVAILABLE');
  }
  await assert.rejects(client.call('test.echo'), { code: 'UNAVAILABLE' });
});

test('hello tells who one is and what the limits are', async () => {
  const { client } = joinSessions(await startService());
  const hello = await client.hello();
  assert.equal(hello.principal, 'local');
  assert.equal(hello.limits.maxBatch, 10);
});

test('what a foreign server sends besides answers does no harm', () => {
  const client = new ClientSession({ send: () => undefined });
  for (const text of ['null', '1', '[]', '{}', '{"id":1,"result":1}', '[{"method":"x"},null]']) {
    client.receive(text);
  }
  for (const method of ['items', 'credit', 'deliver', 'dropped', 'closed']) {
    client.receive(`{"jsonrpc":"2.0","method":"rpc.${method}","params":{"id":9,"items":3}}`);
  }
  assert.throws(() => client.receive('{'), Fault);
});
