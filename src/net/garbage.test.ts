import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REQUEST_CASES } from '../../test/fixtures/http1/requests.ts';
import { eventually, RawClient, talk, withListener } from '../../test/support/listener.ts';
import { headerList } from '../hub/header-list.ts';
import type { Route } from '../hub/protocol.ts';

const TEXT = headerList('content-type', 'text/plain');
const routes: Route[] = [
  { method: 'GET', path: '/', handle: (exchange) => exchange.respond(200, TEXT, 'hello') },
  {
    method: 'POST',
    path: '/',
    async handle(exchange) {
      exchange.respond(200, TEXT, Buffer.from(await exchange.bytes(100_000)));
    },
  },
];

const beginnings = [
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  ...REQUEST_CASES.map(({ bytes }) => bytes),
];

test('a listener that is fed garbage answers the next good request', () =>
  withListener(
    {
      routes,
      options: {
        limits: { detectTimeMs: 200 },
        http: { headTimeMs: 200, requestTimeMs: 200, idleTimeMs: 200 },
      },
    },
    async ({ port, listener }) => {
      const garbage = fc.sample(
        fc.tuple(fc.constantFrom(...beginnings), fc.nat(200), fc.uint8Array({ maxLength: 400 })),
        300,
      );
      const clients = garbage.map(([beginning, cut, tail]) => {
        const client = new RawClient(port);
        client.send(beginning.slice(0, cut));
        client.socket.write(tail);
        return client;
      });
      clients.forEach((client, index) => {
        if (index % 3 === 0) client.socket.end();
        if (index % 3 === 1) client.socket.destroy();
      });
      const good = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
      assert.match(await talk(port, good), /hello$/);
      await eventually(() => listener.connections === 0, 'all of them are closed');
      assert.match(await talk(port, good), /hello$/);
    },
  ));

test('a body in chunks of one byte takes no more memory than its bytes deserve', () =>
  withListener({ routes }, async ({ port }) => {
    const client = new RawClient(port);
    client.send(
      'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    client.send('1\r\nx\r\n'.repeat(50_000));
    client.send('0\r\n\r\n');
    const answer = await client.untilClosed();
    assert.match(answer, /content-length: 50000\r\n/);
    assert.ok(answer.endsWith('x'.repeat(50_000)));
  }));

test('what a client sends behind a mistake is not parsed while earlier requests run', () => {
  let respond: (() => void) | undefined;
  const wait: Route = {
    method: 'GET',
    path: '/wait',
    handle(exchange) {
      respond = () => exchange.respond(200, TEXT, 'done');
    },
  };
  return withListener({ routes: [wait] }, async ({ port }) => {
    const client = new RawClient(port);
    client.send('GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/9.9\r\n\r\n');
    await eventually(() => respond !== undefined, 'the first request');
    for (let index = 0; index < 200; index++) client.send('x'.repeat(100_000));
    await eventually(() => client.socket.writableLength === 0, 'everything is sent');
    respond!();
    assert.deepEqual((await client.untilClosed()).match(/HTTP\/1\.1 \d+/g), [
      'HTTP/1.1 200',
      'HTTP/1.1 505',
    ]);
  });
});
