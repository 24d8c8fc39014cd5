import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { Diagnostics } from '../hub/diagnostics.ts';
import { headerList, JSON_HEADERS } from '../hub/header-list.ts';
import type { Route } from '../hub/protocol.ts';
import { createListener, type Listener } from './listener.ts';
import { completeNetOptions } from './options.ts';

const TEXT = headerList('content-type', 'text/plain');

const routes: Route[] = [
  {
    method: 'GET',
    path: '/now',
    handle: (exchange) => exchange.respond(200, JSON_HEADERS, '{"ok":true}'),
  },
  {
    method: 'GET',
    path: '/later/:id',
    async handle(exchange) {
      await new Promise((resolve) => setImmediate(resolve));
      exchange.respond(200, TEXT, `${exchange.parameters.id} ${exchange.headers.get('x-name')}`);
    },
  },
  {
    method: 'POST',
    path: '/echo',
    async handle(exchange) {
      exchange.respond(200, TEXT, Buffer.from(await exchange.bytes(1_000_000)));
    },
  },
];

async function withListener(run: (listener: Listener, diagnostics: Diagnostics) => Promise<void>) {
  const diagnostics = new Diagnostics();
  const meter = diagnostics.meter('test');
  const listener = await createListener(
    completeNetOptions({ listen: { port: 0 } }),
    [{ protocol: { name: 'test' }, server: { routes, tryIt: () => [] }, meter }],
    diagnostics,
  );
  try {
    await run(listener, diagnostics);
  } finally {
    await listener.close();
  }
}

function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1').on('data', (part) => (answer += part));
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}

test('answers fetch, with and without a promise', () =>
  withListener(async (listener, diagnostics) => {
    const { url } = listener.address;
    const now = await fetch(`${url}/now`);
    assert.equal(await now.text(), '{"ok":true}');
    const later = await fetch(`${url}/later/a%20b`, { headers: { 'x-name': 'Ada' } });
    assert.equal(await later.text(), 'a b Ada');
    const big = 'x'.repeat(300_000);
    const echo = await fetch(`${url}/echo`, { method: 'POST', body: big });
    assert.equal((await echo.text()).length, big.length);
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
    const wrong = await fetch(`${url}/now`, { method: 'POST', body: '{}' });
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.ok(diagnostics.meter('test').bytesIn > big.length);
  }));

test('answers pipelined requests in order', () =>
  withListener(async (listener) => {
    const one = 'GET /later/1 HTTP/1.1\r\nHost: localhost\r\nX-Name: first\r\n\r\n';
    const two = 'GET /now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const answer = await talk(listener.address.port, one + two);
    assert.match(answer, /1 first[\s\S]*\{"ok":true\}$/);
  }));

test('answers a request with both length headers with 400 and closes', () =>
  withListener(async (listener) => {
    const answer = await talk(
      listener.address.port,
      'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /now HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(answer.split('HTTP/1.1 ').length, 2);
  }));

test('serves the keep-alive agent of node:http', () =>
  withListener(async (listener) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 3; index++) {
      const body = await new Promise((resolve, reject) => {
        http
          .get({ port: listener.address.port, path: '/now', agent }, (response) => {
            let text = '';
            response.on('data', (part) => (text += part)).on('end', () => resolve(text));
          })
          .on('error', reject);
      });
      assert.equal(body, '{"ok":true}');
    }
    assert.equal(listener.connections, 1);
    agent.destroy();
  }));
