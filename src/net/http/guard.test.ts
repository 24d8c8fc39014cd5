import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { talk, withListener } from '../../../test/support/listener.ts';
import { JSON_HEADERS } from '../../hub/header-list.ts';
import type { Route } from '../../hub/protocol.ts';
import { completeNetOptions } from '../options.ts';
import { Guard } from './guard.ts';

const routes: Route[] = ['GET', 'POST'].map((method) => ({
  method: method as 'GET' | 'POST',
  path: '/orders',
  handle: (exchange) => exchange.respond(200, JSON_HEADERS, '{}'),
}));

function request(method: string, host: string, ...headers: string[]): string {
  return [
    `${method} /orders HTTP/1.1`,
    `Host: ${host}`,
    'Connection: close',
    ...headers,
    '',
    '',
  ].join('\r\n');
}

function statusOf(answer: string): number {
  return Number(answer.slice(9, 12));
}

suite('a hub that is bound to loopback', () => {
  const own = [
    'localhost',
    'localhost:7070',
    'LOCALHOST',
    'app.localhost:1',
    '127.0.0.1',
    '127.8.9.1:80',
    '[::1]:7070',
    'my.hub:7070',
    'localhost.',
  ];
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'notlocalhost',
    '[::2]',
    '',
    '0.0.0.0',
  ];

  test('answers for its own names only, whatever the method', () =>
    withListener(
      { routes, options: { listen: { hostNames: ['My.Hub'] } } },
      async ({ port, diagnostics }) => {
        for (const host of own)
          assert.equal(statusOf(await talk(port, request('GET', host))), 200, host);
        for (const host of foreign) {
          for (const method of ['GET', 'POST', 'OPTIONS']) {
            const answer = await talk(port, request(method, host));
            assert.equal(statusOf(answer), 421, `${method} ${host}`);
            assert.match(answer, /listen\.hostNames/);
          }
        }
        assert.equal(diagnostics.meter('test').received, 0);
      },
    ));

  test('answers HTTP/1.0 without a host, which no browser sends', () =>
    withListener({ routes }, async ({ port }) => {
      assert.equal(statusOf(await talk(port, 'GET /orders HTTP/1.0\r\n\r\n')), 200);
      for (const host of ['Host:', 'Host: evil.example']) {
        const answer = await talk(port, `GET /orders HTTP/1.0\r\n${host}\r\n\r\n`);
        assert.notEqual(statusOf(answer), 200, host);
      }
    }));

  test('looks at the authority of an absolute target, not at the Host beside it', () =>
    withListener({ routes }, async ({ port }) => {
      const head = (target: string, host: string) =>
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      assert.equal(
        statusOf(await talk(port, head('http://evil.example/orders', 'localhost'))),
        421,
      );
      assert.equal(
        statusOf(await talk(port, head('http://localhost/orders', 'evil.example'))),
        200,
      );
    }));
});

test('a hub that is reachable from elsewhere answers for every name', () => {
  const guard = new Guard(completeNetOptions(), false);
  const exchange = {
    authority: 'hub.example',
    peer: { transport: 'tcp' },
    headers: { get: () => undefined },
  };
  assert.equal(guard.answers(exchange as never), false);
});

suite('pages of other origins', () => {
  const evil = 'Origin: https://evil.example';

  test('may read what everybody may, and change nothing', () =>
    withListener({ routes }, async ({ port, diagnostics }) => {
      const get = await talk(port, request('GET', 'localhost', evil));
      assert.equal(statusOf(get), 200);
      // Without this header the browser keeps the answer from the page.
      assert.doesNotMatch(get, /access-control/);
      for (const origin of [
        evil,
        'Origin: null',
        'Origin: http://localhost:1',
        'Origin: file://',
      ]) {
        const answer = await talk(port, request('POST', 'localhost:7070', origin));
        assert.equal(statusOf(answer), 403, origin);
        assert.match(answer, /allowedOrigins/);
      }
      const preflight = await talk(
        port,
        request('OPTIONS', 'localhost', evil, 'Access-Control-Request-Method: POST'),
      );
      assert.equal(statusOf(preflight), 403);
      const upgrade = await talk(
        port,
        request('GET', 'localhost', evil, 'Upgrade: websocket', 'Connection: Upgrade'),
      );
      assert.equal(statusOf(upgrade), 403);
      assert.ok(diagnostics.meter('http').refused >= 5);
    }));

  test('the own origin may do everything', () =>
    withListener({ routes }, async ({ port }) => {
      const pairs = [
        ['localhost:7070', 'http://localhost:7070'],
        ['localhost', 'http://localhost'],
        ['localhost:80', 'http://localhost'],
        ['localhost:443', 'https://localhost'],
        ['LOCALHOST:7070', 'http://localhost:7070'],
      ];
      for (const [host, origin] of pairs) {
        const answer = await talk(port, request('POST', host!, `Origin: ${origin}`));
        assert.equal(statusOf(answer), 200, origin);
      }
    }));

  const cors = {
    allowedOrigins: ['https://app.example'],
    exposedHeaders: ['x-total'],
    credentials: true,
    maxAgeSeconds: 30,
  };

  test('an allowed origin gets its preflight answered and its answers released', () =>
    withListener({ routes, options: { http: { cors } } }, async ({ port }) => {
      const app = 'Origin: https://app.example';
      const preflight = await talk(
        port,
        request(
          'OPTIONS',
          'localhost',
          app,
          'Access-Control-Request-Method: POST',
          'Access-Control-Request-Headers: x-one, content-type',
        ),
      );
      assert.equal(statusOf(preflight), 204);
      assert.match(preflight, /access-control-allow-origin: https:\/\/app\.example\r\n/);
      assert.match(preflight, /access-control-allow-headers: x-one, content-type\r\n/);
      assert.match(preflight, /access-control-allow-credentials: true\r\n/);
      assert.match(preflight, /access-control-max-age: 30\r\n/);
      assert.match(preflight, /vary: origin\r\n/);
      const post = await talk(port, request('POST', 'localhost', app));
      assert.equal(statusOf(post), 200);
      assert.match(post, /access-control-allow-origin: https:\/\/app\.example\r\n/);
      assert.match(post, /access-control-expose-headers: x-total\r\n/);
      const missing = await talk(
        port,
        request('POST', 'localhost', app).replace('/orders', '/none'),
      );
      assert.match(missing, /^HTTP\/1\.1 404 [\s\S]*access-control-allow-origin/);
      assert.equal(statusOf(await talk(port, request('POST', 'localhost', evil))), 403);
      assert.match(await talk(port, request('GET', 'localhost', evil)), /vary: origin\r\n/);
    }));

  test('every origin can be allowed, but not with credentials', async () => {
    await withListener(
      { routes, options: { http: { cors: { allowedOrigins: ['*'] } } } },
      async ({ port }) => {
        const answer = await talk(port, request('POST', 'localhost', evil));
        assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*access-control-allow-origin: \*\r\n/);
      },
    );
    await assert.rejects(
      withListener(
        { routes, options: { http: { cors: { allowedOrigins: ['*'], credentials: true } } } },
        async () => {},
      ),
      /every page/,
    );
  });
});
