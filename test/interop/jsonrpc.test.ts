import assert from 'node:assert/strict';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import jayson from 'jayson/promise/index.js';
import { JSONRPCClient } from 'json-rpc-2.0';
import * as vscode from 'vscode-jsonrpc/node';
import { Fault } from '../../src/model/fault.ts';
import { StreamConnection } from '../../src/net/stream-connection.ts';
import { until } from '../../src/wire/jsonrpc/service.test-support.ts';
import { startRpcHub } from './rpc-hub.ts';

async function post(url: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

for (const transport of ['http', 'tcp', 'unix'] as const) {
  test(`jayson over ${transport}`, async (context) => {
    const { port, unix } = await startRpcHub(context);
    const host = '127.0.0.1';
    const client =
      transport === 'http'
        ? jayson.Client.http({ host, port, path: '/rpc' })
        : jayson.Client.tcp({ port, ...(transport === 'unix' ? { path: unix } : { host }) });
    assert.deepEqual((await client.request('test.subtract', { a: 5, b: 3 })).result, 2);
    assert.deepEqual((await client.request('test.subtract', [5, 3])).result, 2);
    const { error } = await client.request('test.fail', {});
    assert.equal(error.code, -32009);
    assert.deepEqual(error.data.data, { day: 1 });
    assert.equal((await client.request('test.missing', [])).error.code, -32601);
    const batch = await client.request([
      client.request('test.echo', { a: 1 }, undefined, false),
      client.request('test.later', { a: 2 }, undefined, false),
    ]);
    assert.deepEqual(
      (batch as unknown as { result: unknown }[]).map(({ result }) => result),
      [{ a: 1 }, { a: 2 }],
    );
  });
}

test('json-rpc-2.0 over HTTP, with a notification', async (context) => {
  const { rpcUrl } = await startRpcHub(context);
  const statuses: number[] = [];
  const client: JSONRPCClient = new JSONRPCClient(async (request) => {
    const { status, text } = await post(rpcUrl, JSON.stringify(request));
    statuses.push(status);
    if (status === 200) client.receive(JSON.parse(text));
  });
  assert.deepEqual(await client.request('test.later', { a: 1 }), { a: 1 });
  await assert.rejects(
    async () => await client.request('test.fail', {}),
    (error: { code: number }) => error.code === -32009,
  );
  client.notify('test.echo', { a: 1 });
  await until(() => statuses.length === 3);
  assert.deepEqual(statuses, [200, 200, 204]);
});

async function tryLanguageServerClient(
  reader: NodeJS.ReadableStream,
  writer: NodeJS.WritableStream,
) {
  const connection = vscode.createMessageConnection(
    new vscode.StreamMessageReader(reader as NodeJS.ReadableStream),
    new vscode.StreamMessageWriter(writer as NodeJS.WritableStream),
  );
  const items: unknown[] = [];
  connection.onNotification('rpc.items', (params: { items: unknown[] }) => {
    items.push(...params.items);
  });
  connection.listen();
  assert.deepEqual(await connection.sendRequest('test.echo', { a: 'ü' }), { a: 'ü' });
  assert.equal(
    await connection.sendRequest('test.subtract', vscode.ParameterStructures.byPosition, 5, 3),
    2,
  );
  await assert.rejects(
    connection.sendRequest('test.fail'),
    (error: vscode.ResponseError<unknown>) => {
      assert.equal(error.code, -32009);
      return true;
    },
  );
  await connection.sendNotification('test.echo', { a: 1 });
  assert.deepEqual(await connection.sendRequest('test.count', { to: 3 }), { items: 3 });
  assert.deepEqual(items, [1, 2, 3]);
  const source = new vscode.CancellationTokenSource();
  const forever = connection.sendRequest('test.forever', {}, source.token);
  // Sends `$/cancelRequest`, as the Language Server Protocol does.
  setTimeout(() => source.cancel(), 10);
  await assert.rejects(forever, { code: -32001 });
  connection.dispose();
}

test('vscode-jsonrpc over TCP and a Unix socket', async (context) => {
  const { port, unix, seen } = await startRpcHub(context);
  for (const socket of [net.connect(port, '127.0.0.1'), net.connect(unix)]) {
    await tryLanguageServerClient(socket, socket);
    socket.destroy();
  }
  assert.deepEqual(seen.aborted, ['CANCELLED', 'CANCELLED']);
});

test('vscode-jsonrpc over a pair of pipes, as on stdio', async (context) => {
  const { rpc } = await startRpcHub(context);
  const input = new PassThrough();
  const output = new PassThrough();
  const peer = { address: 'stdio', port: undefined, transport: 'stdio' as const, secure: false };
  const connection = new StreamConnection(input, output, { peer });
  connection.become(rpc.accept(connection));
  await tryLanguageServerClient(output, input);
  input.end();
});

test('a message without a line end is answered when the client has sent all', async (context) => {
  const { port } = await startRpcHub(context);
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end('{"jsonrpc":"2.0","id":1,"method":"test.later","params":{"a":1}}');
  let text = '';
  for await (const part of socket) text += part;
  assert.equal(text, '{"jsonrpc":"2.0","id":1,"result":{"a":1}}\n');
});

test('bytes that cannot be split into messages are answered, and the connection ends', async (context) => {
  const { port } = await startRpcHub(context, { jsonrpc: { maxMessageBytes: 200 } });
  for (const sent of [
    `{"a":"${'x'.repeat(300)}`,
    'Content-Length: 5\r\nContent-Length: 5\r\n\r\n{}   ',
    'Content-Length: 99999\r\n\r\n{',
    '{"jsonrpc":"2.0","id":1,"method":"\u0000',
  ]) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(sent);
    if (sent.endsWith('\u0000')) socket.end();
    let text = '';
    for await (const part of socket) text += part;
    socket.end();
    assert.match(text, /"id":null,"error":\{"code":-32/, sent.slice(0, 30));
  }
});

test('HTTP: 415 for other types, 413 for large bodies, 405 with what is allowed', async (context) => {
  const { rpcUrl } = await startRpcHub(context, { jsonrpc: { maxMessageBytes: 1000 } });
  const call = '{"jsonrpc":"2.0","id":1,"method":"test.echo"}';
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
  ]) {
    assert.equal((await post(rpcUrl, call, { 'content-type': type })).status, 415, type);
  }
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
  ]) {
    assert.equal((await post(rpcUrl, call, { 'content-type': type })).status, 200, type);
  }
  assert.equal((await post(rpcUrl, `"${'x'.repeat(1001)}"`)).status, 413);
  const get = await fetch(rpcUrl);
  assert.equal(get.status, 405);
  assert.match(get.headers.get('allow') ?? '', /POST/);
});

test('HTTP: headers are metadata, a deadline and credentials', async (context) => {
  const { rpcUrl, seen } = await startRpcHub(context, {
    hub: {
      authenticator: {
        anonymous: 'deny',
        async authenticate(credentials) {
          if (credentials.kind === 'bearer' && credentials.token === 'good') {
            return { id: 'ann', authenticated: true, scopes: new Set(['*']) };
          }
          throw new Fault('UNAUTHENTICATED', 'no');
        },
      },
    },
  });
  const call = (method: string) => `{"jsonrpc":"2.0","id":1,"method":"test.${method}","params":{}}`;
  const authorization = 'Bearer good';
  const metadata = JSON.parse(
    (await post(rpcUrl, call('metadata'), { authorization, 'x-a': 'b' })).text,
  );
  assert.equal(metadata.result['x-a'], 'b');
  assert.equal(metadata.result.authorization, undefined);
  assert.deepEqual(metadata.meta, { 'x-reply': 'yes' });
  const late = await post(rpcUrl, call('forever'), { authorization, 'x-timeout-ms': '5' });
  assert.equal(JSON.parse(late.text).error.code, -32004);
  assert.deepEqual(seen.aborted, ['DEADLINE_EXCEEDED']);
  for (const headers of [{}, { authorization: 'Bearer bad' }, { authorization: 'Odd x' }]) {
    const refused = await post(rpcUrl, call('echo'), headers as Record<string, string>);
    assert.deepEqual([refused.status, JSON.parse(refused.text).error.code], [200, -32016]);
  }
  const batch = await post(rpcUrl, `[${call('echo')},${call('echo')}]`, {
    authorization: 'Bearer x',
  });
  assert.equal(JSON.parse(batch.text).length, 2);
});

test('HTTP: a client that leaves cancels its call', async (context) => {
  const { rpcUrl, seen, rpcMeter } = await startRpcHub(context);
  const controller = new AbortController();
  const response = fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '[{"jsonrpc":"2.0","id":1,"method":"test.forever"},{"jsonrpc":"2.0","id":2,"method":"test.forever"}]',
    signal: controller.signal,
  });
  await until(() => rpcMeter.inFlight === 2);
  controller.abort();
  await assert.rejects(response);
  await until(() => seen.aborted.length === 2);
  assert.deepEqual(seen.aborted, ['CANCELLED', 'CANCELLED']);
});

test('HTTP: streams and conversations are refused with where to go', async (context) => {
  const { rpcUrl } = await startRpcHub(context);
  for (const method of ['test.count', 'test.sum', 'test.twice', 'rpc.subscribe', 'rpc.items']) {
    const { text } = await post(rpcUrl, `{"jsonrpc":"2.0","id":1,"method":"${method}"}`);
    const { error } = JSON.parse(text);
    assert.equal(error.code, -32601, method);
    assert.match(error.message, /WebSocket/);
  }
  const published = await post(
    rpcUrl,
    '{"jsonrpc":"2.0","id":1,"method":"rpc.publish","params":{"subject":"a.b","payload":1}}',
  );
  assert.deepEqual(JSON.parse(published.text).result, { published: 1 });
});

test('figures count each request once', async (context) => {
  const { rpcUrl, rpcMeter } = await startRpcHub(context);
  for (const method of ['test.echo', 'test.fail', 'test.missing', 'test.count']) {
    await post(rpcUrl, `{"jsonrpc":"2.0","id":1,"method":"${method}"}`);
  }
  await post(rpcUrl, '{');
  await post(rpcUrl, '{"jsonrpc":"2.0","id":1,"method":"rpc.publish","params":{}}');
  const { received, refused, failed, sent } = rpcMeter;
  assert.deepEqual(
    { received, refused, failed, sent },
    { received: 6, refused: 4, failed: 1, sent: 1 },
  );
});

test('the lines to try work when they are pasted', async (context) => {
  const { rpc, sockets, listener } = await startRpcHub(context);
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const run = promisify(execFile);
  for (const { label, command } of [
    ...rpc.tryIt(listener.address),
    ...sockets.tryIt(listener.address),
  ]) {
    const tool = command.match(/\b(?:curl|node)\b/)![0];
    const found = await run('sh', ['-c', `command -v ${tool}`]).catch(() => undefined);
    // Not every machine has curl; on those the line cannot be pasted either.
    if (found === undefined) {
      context.diagnostic(`${label}: ${tool} is not here`);
      continue;
    }
    const path = `${process.execPath.replace(/\/node$/, '')}:${process.env.PATH}`;
    const environment = { env: { ...process.env, PATH: path } };
    const { stdout } = await run('sh', ['-c', command], environment).catch((error) => {
      // curl's way to say that its time (-m) is over.
      if ((error as { code?: unknown }).code !== 28) throw error;
      return error as { stdout: string };
    });
    assert.ok(JSON.parse(stdout).result, label);
  }
});

test('a raw connection whose message does not arrive whole in time is closed', async (context) => {
  const { port } = await startRpcHub(context, { jsonrpc: { messageTimeMs: 40 } });
  const quiet = net.connect(port, '127.0.0.1');
  context.after(() => quiet.destroy());
  quiet.write('{"jsonrpc":"2.0","id":1,"method":"test.echo"}\n');
  for (const start of ['{"jsonrpc":', 'Content-Length: 100\r\n\r\n']) {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(start);
    // One byte at a time is no whole message either.
    const drip = setInterval(() => socket.write(' '), 10);
    let text = '';
    for await (const chunk of socket) text += chunk;
    clearInterval(drip);
    assert.match(text, /did not arrive whole in time/, start);
  }
  assert.equal(quiet.destroyed || quiet.readableEnded, false, 'silence between messages is fine');
});
