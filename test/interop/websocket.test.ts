import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { WebSocket as UndiciWebSocket } from 'undici';
import { WebSocket } from 'ws';
import { Fault } from '../../src/model/fault.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { ClientSession } from '../../src/wire/jsonrpc/client-session.ts';
import { until } from '../../src/wire/jsonrpc/service.test-support.ts';
import { startRpcHub } from './rpc-hub.ts';

async function open(url: string, options: object = {}, protocols: string[] = []) {
  const socket = new WebSocket(url, protocols, { handshakeTimeout: 5000, ...options });
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket, request: object): Promise<Record<string, unknown>> {
  socket.send(JSON.stringify({ jsonrpc: '2.0', ...request }));
  const [data] = await once(socket, 'message');
  return JSON.parse(String(data));
}

async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = await once(socket, 'close');
  return { code, reason: String(reason) };
}

/** Our client's session over the `ws` library's socket. */
async function sessionOver(socket: WebSocket): Promise<ClientSession> {
  const session = new ClientSession({
    send(text) {
      socket.send(text);
      return socket.bufferedAmount < 65_536;
    },
  });
  socket.on('message', (data) => session.receive(String(data)));
  socket.on('close', () => session.closed());
  return session;
}

test('ws: calls, notifications, batches and errors', async (context) => {
  const { socketUrl, socketMeter } = await startRpcHub(context);
  const socket = await open(socketUrl);
  assert.deepEqual(await ask(socket, { id: 1, method: 'test.echo', params: { a: 'ü€😀' } }), {
    jsonrpc: '2.0',
    id: 1,
    result: { a: 'ü€😀' },
  });
  socket.send('{"jsonrpc":"2.0","method":"test.echo"}');
  assert.deepEqual(await ask(socket, { id: 2, method: 'test.fail' }), {
    jsonrpc: '2.0',
    id: 2,
    error: {
      code: -32009,
      message: 'Not today.',
      data: { code: 'FAILED_PRECONDITION', error: 'Refused', data: { day: 1 } },
    },
  });
  socket.send('[{"jsonrpc":"2.0","id":1,"method":"test.later"},{"jsonrpc":"2.0","id":2}]');
  const [batch] = await once(socket, 'message');
  assert.equal(JSON.parse(String(batch)).length, 2);
  socket.send('{ no json');
  const [parse] = await once(socket, 'message');
  assert.equal(JSON.parse(String(parse)).error.code, -32700);
  assert.equal(socket.readyState, WebSocket.OPEN);
  socket.close();
  assert.equal((await closeOf(socket)).code, 1005);
  assert.deepEqual([socketMeter.received, socketMeter.refused], [6, 2]);
});

test('ws: streams, subscriptions and cancellation through the client session', async (context) => {
  const { socketUrl, seen, socketMeter } = await startRpcHub(context);
  const socket = await open(socketUrl, {}, ['other', 'polywire.v1']);
  assert.equal(socket.protocol, 'polywire.v1');
  const session = await sessionOver(socket);
  let count = 0;
  for await (const item of session.stream('test.count', { to: 1000 })) {
    assert.equal(item, ++count);
  }
  assert.equal(count, 1000);
  const numbers = Array.from({ length: 1000 }, (_, n) => n);
  assert.equal(await session.send('test.sum', numbers), 499_500);
  const twice: unknown[] = [];
  for await (const item of session.exchange('test.twice', [1, 2, 3])) twice.push(item);
  assert.deepEqual(twice, [2, 4, 6]);

  const subscription = session.subscribe('news.>');
  await subscription.ready;
  const other = await sessionOver(await open(socketUrl));
  await other.publish({ subject: 'news.a', payload: { n: 1 }, key: 'k' });
  const { value } = await subscription.next();
  assert.deepEqual(value?.payload, { n: 1 });
  assert.equal(value?.source, 'websocket');
  await subscription.return();

  const controller = new AbortController();
  const forever = session.call('test.forever', {}, { signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(forever, { code: 'CANCELLED' });
  await until(() => seen.aborted.length === 1);
  assert.equal(socketMeter.inFlight, 0);
});

test('undici and the browser-like WebSocket of Node', async (context) => {
  const { socketUrl } = await startRpcHub(context);
  for (const Socket of [UndiciWebSocket, globalThis.WebSocket]) {
    const socket = new Socket(socketUrl, 'polywire.v1');
    const data = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send('{"jsonrpc":"2.0","id":"x","method":"test.nothing"}');
      socket.onmessage = (event: { data: unknown }) => resolve(event.data);
      socket.onerror = () => reject(new Error('the socket failed'));
    });
    assert.equal(data, '{"jsonrpc":"2.0","id":"x","result":null}');
    socket.close(1000, 'done');
    const closed = await new Promise<{ code: number; wasClean: boolean }>((resolve) => {
      socket.onclose = resolve as never;
    });
    assert.deepEqual([closed.code, closed.wasClean], [1000, true]);
  }
});

test('large messages pass in both directions; too large ones close with 1009', async (context) => {
  const { socketUrl } = await startRpcHub(context, { websocket: { maxMessageBytes: 300_000 } });
  const socket = await open(socketUrl);
  for (const length of [100, 125, 126, 127, 60_000, 65_500, 65_600, 250_000]) {
    const answer = await ask(socket, {
      id: 1,
      method: 'test.echo',
      params: { a: 'x'.repeat(length) },
    });
    assert.equal((answer.result as { a: string }).a.length, length);
  }
  socket.send('x'.repeat(300_001));
  assert.equal((await closeOf(socket)).code, 1009);
});

test('fragments are joined, and pings between them are answered', async (context) => {
  const { socketUrl } = await startRpcHub(context);
  const socket = await open(socketUrl);
  const pong = once(socket, 'pong');
  socket.send('{"jsonrpc":"2.0","id":1,', { fin: false });
  socket.ping('hello');
  socket.send('"method":"test.echo","params":{"a":"', { fin: false });
  socket.send('', { fin: false });
  socket.send('ü"}}');
  const [data] = await once(socket, 'message');
  assert.deepEqual(JSON.parse(String(data)).result, { a: 'ü' });
  assert.equal(String((await pong)[0]), 'hello');
});

test('compressed messages are understood and answered in kind', async (context) => {
  const { socketUrl } = await startRpcHub(context, {
    websocket: { compress: true, maxMessageBytes: 100_000 },
  });
  for (const perMessageDeflate of [true, { serverMaxWindowBits: 10, clientMaxWindowBits: 9 }]) {
    const socket = await open(socketUrl, { perMessageDeflate });
    assert.match(socket.extensions, /permessage-deflate/);
    for (const length of [3, 5000, 60_000]) {
      const a = 'äb'.repeat(length / 2);
      assert.deepEqual((await ask(socket, { id: 1, method: 'test.echo', params: { a } })).result, {
        a,
      });
    }
    socket.send(`"${'x'.repeat(200_000)}"`);
    assert.equal((await closeOf(socket)).code, 1009);
  }
});

test('binary messages are refused with 1003', async (context) => {
  const { socketUrl } = await startRpcHub(context);
  const socket = await open(socketUrl);
  socket.send(Buffer.from('{}'));
  assert.equal((await closeOf(socket)).code, 1003);
});

test('what breaks the protocol is closed with the code that the RFC names', async (context) => {
  const { port } = await startRpcHub(context);
  const mask = [0, 0, 0, 0];
  for (const [name, bytes, code] of [
    ['not masked', [0x81, 0x02, 0x7b, 0x7d], 1002],
    ['RSV2', [0xa1, 0x80, ...mask], 1002],
    ['RSV1 without compression', [0xc1, 0x80, ...mask], 1002],
    ['unknown opcode', [0x83, 0x80, ...mask], 1002],
    ['unknown control opcode', [0x8b, 0x80, ...mask], 1002],
    ['fragmented ping', [0x09, 0x80, ...mask], 1002],
    ['long ping', [0x89, 0xfe, 0, 126, ...mask], 1002],
    ['continuation of nothing', [0x80, 0x80, ...mask], 1002],
    ['message within a message', [0x01, 0x80, ...mask, 0x81, 0x80, ...mask], 1002],
    ['not UTF-8', [0x81, 0x81, ...mask, 0xff], 1007],
    ['close with one byte', [0x88, 0x81, ...mask, 3], 1002],
    ['close code 1005', [0x88, 0x82, ...mask, 0x03, 0xed], 1002],
    ['close reason not UTF-8', [0x88, 0x83, ...mask, 0x03, 0xe8, 0xff], 1007],
    ['length of 2^63', [0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, ...mask], 1009],
    ['plain close', [0x88, 0x82, ...mask, 0x03, 0xe8], 1000],
    ['own close code', [0x88, 0x82, ...mask, 0x0b, 0xb8], 3000],
  ] as const) {
    const answer = await handshakeThen(port, Buffer.from(bytes));
    assert.equal(answer[0], 0x88, name);
    assert.equal(answer.readUInt16BE(2), code, name);
  }
  const empty = await handshakeThen(port, Buffer.from([0x88, 0x80, ...mask]));
  assert.deepEqual([...empty], [0x88, 0x00]);
});

/** Everything that comes after the handshake until the hub closes. */
function handshakeThen(port: number, frames: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.setTimeout(5000, () => socket.destroy(new Error('the hub did not close')));
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    socket.write(frames);
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => {
      const all = Buffer.concat(parts);
      assert.match(all.toString('latin1'), /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
      resolve(all.subarray(all.indexOf('\r\n\r\n') + 4));
    });
  });
}

test('a request that is no handshake is told what is expected', async (context) => {
  const { url } = await startRpcHub(context);
  const response = await fetch(`${url}/ws`);
  assert.equal(response.status, 426);
  assert.equal(response.headers.get('upgrade'), 'websocket');
});

test('credentials by header, by the first message, and in the query only when that is allowed', async (context) => {
  const hub = {
    authenticator: {
      anonymous: 'deny' as const,
      authenticate(credentials: { kind: string; token?: string }) {
        if (credentials.token === 'good') {
          return { id: 'ann', authenticated: true, scopes: new Set(['*']) };
        }
        throw new Fault('UNAUTHENTICATED', 'no');
      },
    },
  };
  const closed = await startRpcHub(context, { hub });
  const echo = { id: 1, method: 'test.echo', params: {} };
  const discover = { id: 3, method: 'rpc.discover' };
  const byHeader = await open(closed.socketUrl, { headers: { authorization: 'Bearer good' } });
  assert.deepEqual((await ask(byHeader, echo)).result, {});
  const byMessage = await open(`${closed.socketUrl}?access_token=good`);
  for (const request of [echo, discover]) {
    assert.equal(((await ask(byMessage, request)).error as { code: number }).code, -32016);
  }
  await ask(byMessage, { id: 2, method: 'rpc.authenticate', params: { token: 'good' } });
  assert.deepEqual((await ask(byMessage, echo)).result, {});
  assert.ok((await ask(byMessage, discover)).result !== undefined);
  const bad = new WebSocket(closed.socketUrl, { headers: { authorization: 'Bearer bad' } });
  const [error] = await once(bad, 'error');
  assert.match(String(error), /401/);
  const allowed = await startRpcHub(context, { hub, websocket: { tokenInQuery: true } });
  const byQuery = await open(`${allowed.socketUrl}?access_token=good`);
  assert.deepEqual((await ask(byQuery, echo)).result, {});
});

test('pages of other origins are refused', async (context) => {
  const { socketUrl } = await startRpcHub(context);
  const socket = new WebSocket(socketUrl, { origin: 'https://evil.example' });
  const [error] = await once(socket, 'error');
  assert.match(String(error), /403/);
});

test('a peer that does not answer pings is gone; one that does stays', async (context) => {
  const { socketUrl, seen } = await startRpcHub(context, { websocket: { pingIntervalMs: 60 } });
  const dead = await open(socketUrl, { autoPong: false });
  const alive = await open(socketUrl);
  dead.send('{"jsonrpc":"2.0","id":1,"method":"test.forever"}');
  assert.equal((await closeOf(dead)).code, 1006);
  await until(() => seen.aborted.length === 1);
  assert.deepEqual((await ask(alive, { id: 1, method: 'test.echo', params: {} })).result, {});
});

test('a client that stops reading stops its stream, which goes on when it reads again', async (context) => {
  const { socketUrl, seen } = await startRpcHub(context);
  const socket = await open(socketUrl);
  let items = 0;
  let result: unknown;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    items += message.params?.items.length ?? 0;
    result = message.result;
  });
  socket.pause();
  const params = { to: 5000, pad: 20_000 };
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'test.count', params }));
  let before = -1;
  while (seen.produced !== before || before === 0) {
    before = seen.produced;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(seen.produced < 4000, `${seen.produced} items were produced for nobody`);
  socket.resume();
  await until(() => result !== undefined, 'the end of the stream');
  assert.deepEqual([items, result], [5000, { items: 5000 }]);
});

test('draining closes with 1001 after running calls are answered', async (context) => {
  const { socketUrl, listener } = await startRpcHub(context);
  const socket = await open(socketUrl);
  const answers: string[] = [];
  socket.on('message', (data) => answers.push(String(data)));
  socket.send('{"jsonrpc":"2.0","id":1,"method":"test.later","params":{}}');
  socket.send('{"jsonrpc":"2.0","id":2,"method":"rpc.subscribe","params":{"filter":">"}}');
  await until(() => answers.length === 2);
  const closed = closeOf(socket);
  const drained = listener.drain(3000);
  assert.equal((await closed).code, 1001);
  assert.match(answers[2]!, /rpc\.closed/);
  await drained;
});

test('idle connections are closed, busy ones are not', async (context) => {
  const { socketUrl } = await startRpcHub(context, { websocket: { idleTimeoutMs: 40 } });
  const busy = await open(socketUrl);
  await ask(busy, { id: 1, method: 'rpc.subscribe', params: { filter: '>' } });
  const idle = await open(socketUrl);
  assert.equal((await closeOf(idle)).code, 1001);
  assert.equal(busy.readyState, WebSocket.OPEN);
});

test('connections without credentials are closed where those are asked for, others stay', async (context) => {
  const { socketUrl, port, socketMeter, rpcMeter } = await startRpcHub(context, {
    hub: { authenticator: { anonymous: 'deny', authenticate: () => LOCAL } },
    websocket: { authenticateTimeoutMs: 400 },
    jsonrpc: { authenticateTimeoutMs: 400 },
  });
  const byHeader = await open(socketUrl, { headers: { authorization: 'Bearer any' } });
  const byMessage = await open(socketUrl);
  await ask(byMessage, { id: 1, method: 'rpc.authenticate', params: { token: 'any' } });
  const { refused } = socketMeter;
  const stranger = await open(socketUrl);
  const told = once(stranger, 'message');
  assert.equal((await closeOf(stranger)).code, 1008);
  const { id, error } = JSON.parse(String((await told)[0]));
  assert.deepEqual([id, error.code], [null, -32016]);
  assert.equal(socketMeter.refused, refused + 1);
  assert.deepEqual([byHeader.readyState, byMessage.readyState], [WebSocket.OPEN, WebSocket.OPEN]);

  const raw = net.connect(port, '127.0.0.1');
  raw.write('{"jsonrpc":"2.0","id":1,"method":"rpc.hello"}\n');
  let text = '';
  for await (const chunk of raw) text += String(chunk);
  assert.match(text, /"id":1,"result".*\n.*"id":null,"error":\{"code":-32016/);
  assert.equal(rpcMeter.refused, 1);
});

test('where anonymous callers may come in, connections without credentials stay', async (context) => {
  const { socketUrl } = await startRpcHub(context, {
    hub: { authenticator: { anonymous: 'allow', authenticate: () => LOCAL } },
    websocket: { authenticateTimeoutMs: 1, pingIntervalMs: 10 },
  });
  const socket = await open(socketUrl);
  for (let pings = 0; pings < 3; pings++) await once(socket, 'ping');
  assert.deepEqual((await ask(socket, { id: 1, method: 'test.echo', params: {} })).result, {});
});
