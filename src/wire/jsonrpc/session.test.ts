import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Fault } from '../../model/fault.ts';
import { openSession, startService, until } from './service.test-support.ts';

const call = (id: unknown, method: string, params?: unknown, more = {}) => ({
  jsonrpc: '2.0',
  id,
  method: method.startsWith('rpc.') ? method : `test.${method}`,
  ...(params === undefined ? {} : { params }),
  ...more,
});

const notify = (method: string, params: unknown) => ({ jsonrpc: '2.0', method, params });

test('a synchronous handler is answered in the same turn', async () => {
  const { transport, receive } = openSession(await startService());
  receive(call(7, 'echo', { a: 1 }));
  assert.deepEqual(transport.sent, ['{"jsonrpc":"2.0","id":7,"result":{"a":1}}']);
});

test('parameters by position follow the order of the contract', async () => {
  const { transport, receive } = openSession(await startService());
  receive(call(1, 'subtract', [42, 23]));
  receive(call(2, 'subtract', { b: 23, a: 42 }));
  receive(call(3, 'subtract', [42]));
  receive(call(4, 'subtract', [1, 2, 3]));
  const [one, two, three, four] = transport.messages();
  assert.deepEqual([one!.result, two!.result, three!.result], [19, 19, 42]);
  assert.equal(four!.error!.code, -32602);
});

test('a result of nothing is null, and errors keep their declared name and data', async () => {
  const { transport, receive } = openSession(await startService());
  receive(call(1, 'nothing'));
  receive(call(2, 'fail'));
  receive(call(3, 'break'));
  receive(call(4, 'missing'));
  await until(() => transport.sent.length === 4);
  const byId = new Map(transport.messages().map((message) => [message.id, message]));
  assert.equal(byId.get(1)!.result, null);
  assert.deepEqual(byId.get(2)!.error, {
    code: -32009,
    message: 'Not today.',
    data: { code: 'FAILED_PRECONDITION', error: 'Refused', data: { day: 1 } },
  });
  assert.equal(byId.get(3)!.error!.code, -32603);
  assert.ok(!JSON.stringify(byId.get(3)).includes('secret'));
  assert.equal(byId.get(4)!.error!.code, -32601);
});

test('metadata goes with the request and comes back with the answer', async () => {
  const { transport, receive } = openSession(await startService());
  receive(call(1, 'metadata', {}, { meta: { 'X-One': '1' } }));
  assert.deepEqual(transport.messages(), [
    { jsonrpc: '2.0', id: 1, result: { 'x-one': '1' }, meta: { 'x-reply': 'yes' } },
  ]);
});

test('a batch is answered by one array, without its notifications', async () => {
  const { transport, receive } = openSession(await startService());
  receive([
    call(1, 'echo', { n: 1 }),
    notify('test.echo', {}),
    call('x', 'later', { n: 2 }),
    { foo: 'boo' },
    call(3, 'count', { to: 3 }),
  ]);
  await until(() => transport.sent.length === 1);
  const answers = JSON.parse(transport.sent[0]!);
  assert.deepEqual(
    answers.map((answer: { id: unknown; error?: { code: number } }) => [
      answer.id,
      answer.error?.code,
    ]),
    [
      [1, undefined],
      ['x', undefined],
      [null, -32600],
      [3, -32600],
    ],
  );
  receive([notify('test.echo', {}), notify('test.later', {})]);
  receive([]);
  receive(new Array(11).fill(call(1, 'echo')));
  await turn();
  assert.deepEqual(
    transport
      .messages()
      .slice(1)
      .map((message) => [message.id, message.error!.code]),
    [
      [null, -32600],
      [null, -32600],
    ],
  );
});

test('what is no JSON is answered, and the session goes on', async () => {
  const service = await startService();
  const { transport, session, receive } = openSession(service);
  receive('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]');
  session.receive(undefined);
  receive('"2.0"');
  receive(call(1, 'echo', {}));
  assert.deepEqual(
    transport.messages().map((message) => message.error?.code),
    [-32700, -32700, -32600, undefined],
  );
  assert.deepEqual([service.meter.received, service.meter.refused], [4, 3]);
});

test('answers that a peer sends are not answered', async () => {
  const { transport, receive } = openSession(await startService());
  receive({ jsonrpc: '2.0', id: 1, result: 1 });
  receive({ jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no' } });
  assert.deepEqual(transport.sent, []);
});

test('an id that is in use is refused; it is free again after the answer', async () => {
  const { transport, receive } = openSession(await startService());
  receive(call(1, 'later', { a: 1 }));
  receive(call(1, 'echo'));
  await until(() => transport.sent.length === 2);
  receive(call(1, 'echo'));
  assert.deepEqual(
    transport.messages().map((message) => message.error?.code),
    [-32600, undefined, undefined],
  );
});

test('rpc.cancel ends a running call, which is answered once', async () => {
  const { service, transport, receive } = await opened();
  receive(call('a', 'forever'));
  receive(notify('rpc.cancel', { id: 'a' }));
  receive(notify('rpc.cancel', { id: 'a' }));
  await until(() => transport.sent.length > 0);
  await turn();
  assert.deepEqual(
    transport.messages().map((message) => [message.id, message.error!.code]),
    [['a', -32001]],
  );
  assert.deepEqual(service.seen.aborted, ['CANCELLED']);
});

test('timeoutMs is the deadline of the call', async () => {
  const { service, transport, receive } = await opened();
  receive(call(1, 'forever', {}, { timeoutMs: 5 }));
  await until(() => transport.sent.length === 1);
  assert.equal(transport.messages()[0]!.error!.code, -32004);
  assert.deepEqual(service.seen.aborted, ['DEADLINE_EXCEEDED']);
});

test('a stream is sent in order with its count behind, and its error after its items', async () => {
  const { transport, receive } = await opened();
  receive(call(1, 'count', { to: 150 }));
  await until(() => transport.messages().some((message) => message.id === 1));
  receive(call(2, 'count', { to: 2, fail: true }));
  await until(() => transport.messages().some((message) => message.id === 2));
  assert.deepEqual(
    itemsOf(transport.sent, 1),
    Array.from({ length: 150 }, (_, n) => n + 1),
  );
  assert.deepEqual(itemsOf(transport.sent, 2), [1, 2]);
  const [end, failed] = transport.messages().filter((message) => message.id !== undefined);
  assert.deepEqual(end!.result, { items: 150 });
  assert.deepEqual(failed!.error, {
    code: -32009,
    message: 'Gone.',
    data: { code: 'FAILED_PRECONDITION', error: 'Refused', data: 9 },
  });
});

test('a stream goes no further than its credit', async () => {
  const { service, transport, receive } = await opened();
  receive(call(1, 'count', { to: 1000 }, { credit: 3 }));
  await until(() => itemsOf(transport.sent, 1).length === 3);
  await settle();
  assert.equal(itemsOf(transport.sent, 1).length, 3);
  assert.ok(service.seen.produced <= 4);
  receive(notify('rpc.credit', { id: 1, count: 2 }));
  await until(() => itemsOf(transport.sent, 1).length === 5);
  await settle();
  assert.equal(itemsOf(transport.sent, 1).length, 5);
  receive(notify('rpc.cancel', { id: 1 }));
  await until(() => transport.messages().some((message) => message.id === 1));
  assert.equal(transport.messages().at(-1)!.error!.code, -32001);
});

test('a stream that waits for credit still meets its deadline', async () => {
  const { transport, receive } = await opened();
  receive(call(1, 'count', { to: 9 }, { credit: 1, timeoutMs: 5 }));
  await until(() => transport.messages().some((message) => message.id === 1));
  assert.equal(transport.messages().at(-1)!.error!.code, -32004);
});

test('a stream waits while the connection is full, and nothing more is read', async () => {
  const { service, transport, session, receive } = await opened();
  transport.full = true;
  receive(call(1, 'count', { to: 10_000 }));
  await settle();
  const { length } = transport.sent;
  assert.ok(length <= 2);
  assert.ok(service.seen.produced <= 200);
  assert.ok(transport.paused);
  receive(call(2, 'echo'));
  assert.equal(transport.sent.length, length);
  transport.full = false;
  session.drained();
  await until(() => transport.messages().some((message) => message.id === 1), 'the end');
  assert.equal(itemsOf(transport.sent, 1).length, 10_000);
  assert.ok(transport.messages().some((message) => message.id === 2));
  assert.ok(!transport.paused);
});

test('reading stops while too many calls run', async () => {
  const { transport, receive } = await opened();
  for (let id = 1; id <= 4; id++) receive(call(id, 'forever', {}, { timeoutMs: 20 }));
  assert.ok(transport.paused);
  receive(call(5, 'echo'));
  assert.deepEqual(transport.sent, []);
  await until(() => transport.sent.length === 5);
  assert.ok(!transport.paused);
});

test('streams past the limit are refused', async () => {
  const { transport, receive } = await opened();
  for (let id = 1; id <= 3; id++) receive(call(id, 'count', { to: 9 }, { credit: 0 }));
  receive(call(4, 'rpc.subscribe', { filter: 'a' }));
  receive(call(5, 'count', { to: 9 }));
  receive(call(6, 'rpc.subscribe', { filter: 'a' }));
  assert.deepEqual(
    transport.messages().map((message) => [message.id, message.error?.code]),
    [
      [4, undefined],
      [5, -32008],
      [6, -32008],
    ],
  );
});

test('a client stream gets credit as the handler takes items', async () => {
  const { service, transport, receive } = await opened();
  receive(call(1, 'sum'));
  assert.deepEqual(transport.messages(), [
    { jsonrpc: '2.0', method: 'rpc.credit', params: { id: 1, count: 8 } },
  ]);
  receive(notify('rpc.items', { id: 1, items: [1, 2, 3, 4] }));
  await until(() => transport.sent.length === 2);
  assert.equal(service.seen.taken, 4);
  receive(notify('rpc.items', { id: 1, items: [5] }));
  receive(notify('rpc.end', { id: 1 }));
  await until(() => transport.messages().some((message) => message.id === 1));
  assert.equal(transport.messages().at(-1)!.result, 15);
});

test('a client that sends past its credit is not read until there is room', async () => {
  const { transport, receive } = await opened();
  receive(call(1, 'sum'));
  receive(notify('rpc.items', { id: 1, items: new Array(50).fill(1) }));
  assert.ok(transport.paused);
  receive(notify('rpc.end', { id: 1 }));
  await until(() => transport.messages().some((message) => message.id === 1));
  assert.equal(transport.messages().at(-1)!.result, 50);
  assert.ok(!transport.paused);
});

test('a handler that stops reading early answers; late items are dropped', async () => {
  const { transport, receive } = await opened();
  receive(call(1, 'first'));
  receive(notify('rpc.items', { id: 1, items: [7, 8, 9] }));
  await until(() => transport.messages().some((message) => message.id === 1));
  assert.equal(transport.messages().at(-1)!.result, 7);
  receive(notify('rpc.items', { id: 1, items: [7, 8, 9] }));
  receive(call(2, 'rpc.items', { id: 1, items: [] }));
  assert.equal(transport.messages().at(-1)!.error!.code, -32005);
});

test('what is wrong with a streaming request is said', async () => {
  const { transport, receive } = await opened();
  receive(call(null, 'count', { to: 1 }));
  receive(call(1, 'sum', { a: 1 }));
  receive(notify('test.count', { to: 1 }));
  receive(call(2, 'rpc.items', { id: 1 }));
  receive(call(3, 'rpc.credit', { id: 1, count: 0 }));
  receive(call(4, 'rpc.cancel', {}));
  receive(call(5, 'rpc.nonsense', {}));
  assert.deepEqual(
    transport.messages().map((message) => message.error!.code),
    [-32600, -32602, -32602, -32602, -32602, -32601],
  );
});

test('the end of the input lets calls finish, fails open client streams, and then closes', async () => {
  const { transport, session, receive } = await opened();
  receive(call(1, 'later', { a: 1 }));
  receive(call(2, 'sum'));
  receive(call(3, 'rpc.publish', { subject: 'a', payload: 1 }));
  session.inputEnded();
  await until(() => transport.closedWith !== undefined);
  assert.equal(transport.closedWith, 'ended');
  const byId = new Map(transport.messages().map((message) => [message.id, message]));
  assert.deepEqual(byId.get(1)!.result, { a: 1 });
  assert.equal(byId.get(2)!.error!.code, -32001);
  assert.deepEqual(byId.get(3)!.result, { published: 1 });
});

test('a connection that closes aborts everything that runs', async () => {
  const { service, session, receive } = await opened();
  receive(call(1, 'forever'));
  receive(notify('test.forever', {}));
  receive(call(2, 'count', { to: 1e9 }, { credit: 1 }));
  receive(call(3, 'sum'));
  receive(call(4, 'rpc.subscribe', { filter: '>' }));
  await turn();
  session.closed();
  await until(() => service.seen.aborted.length === 2 && service.meter.inFlight === 0);
  assert.equal(service.seen.produced, 1);
  const report = await service.hub.drain(Date.now() + 1000);
  assert.ok(report);
});

test('draining ends subscriptions, lets calls finish, and closes', async () => {
  const { transport, session, receive } = await opened();
  receive(call(1, 'rpc.subscribe', { filter: '>' }));
  receive(call(2, 'later', { a: 1 }));
  session.drain();
  assert.equal(transport.closedWith, undefined);
  await until(() => transport.closedWith === 'draining');
  assert.ok(transport.messages().some((message) => message.method === 'rpc.closed'));
  assert.ok(transport.messages().some((message) => message.id === 2));
});

test('credentials come once, bad ones are answered alike, and guessing ends', async () => {
  const asked: unknown[] = [];
  const service = await startService(
    {},
    {
      authenticator: {
        anonymous: 'deny',
        async authenticate(credentials) {
          asked.push(credentials);
          if (credentials.kind === 'bearer' && credentials.token === 'good') {
            return { id: 'ann', authenticated: true, scopes: new Set(['*']) };
          }
          throw new Fault('UNAUTHENTICATED', `bad: ${JSON.stringify(credentials)}`);
        },
      },
    },
  );
  const { transport, session, receive } = openSession(service);
  session.principal = { id: 'anonymous', authenticated: false, scopes: new Set() };
  receive(call(1, 'echo'));
  receive(call(2, 'rpc.authenticate', { token: 'bad' }));
  receive(call(3, 'rpc.authenticate', { token: 'good' }));
  // Waits for the credentials before it, although those are checked later.
  receive(call(4, 'echo', { a: 1 }));
  receive(call(5, 'rpc.authenticate', { token: 'good' }));
  await until(() => transport.sent.length === 5);
  const byId = new Map(transport.messages().map((message) => [message.id, message]));
  assert.equal(byId.get(1)!.error!.code, -32016);
  assert.deepEqual(byId.get(2)!.error, {
    code: -32016,
    message: 'These credentials are not accepted.',
    data: { code: 'UNAUTHENTICATED' },
  });
  assert.equal((byId.get(3)!.result as { principal: string }).principal, 'ann');
  assert.deepEqual(byId.get(4)!.result, { a: 1 });
  assert.equal(byId.get(5)!.error!.code, -32009);
  assert.equal(asked.length, 2);

  const guesser = openSession(service);
  for (let id = 1; id <= 3; id++) {
    guesser.receive(call(id, 'rpc.authenticate', { user: 'a', password: String(id) }));
  }
  await until(() => guesser.transport.closedWith === 'refused');
  assert.equal(guesser.transport.sent.length, 3);
});

async function opened() {
  const service = await startService();
  return { service, ...openSession(service) };
}

/** Enough turns for whatever would go on to go on. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

function itemsOf(sent: readonly string[], id: number): unknown[] {
  return sent
    .map((text) => JSON.parse(text))
    .filter((message) => message.method === 'rpc.items' && message.params.id === id)
    .flatMap((message) => message.params.items);
}
