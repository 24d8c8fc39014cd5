import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { talk, withListener } from '../../test/support/listener.ts';
import { headerList } from '../hub/header-list.ts';
import type { Route } from '../hub/protocol.ts';
import { checkBind } from './bind-policy.ts';
import { completeNetOptions } from './options.ts';
import { withOwnReads } from './sockets.ts';

const routes: Route[] = [
  {
    method: 'GET',
    path: '/hello',
    handle: (exchange) => exchange.respond(200, headerList(), 'hello'),
  },
];

test('an address that others can reach needs authentication, or a clear wish', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) checkBind(host, false, false);
  for (const host of ['0.0.0.0', '::', '', '192.168.1.5', 'hub.example', '127.0.0.1.example']) {
    assert.throws(() => checkBind(host, false, false), /no authentication is configured.*insecure/);
    checkBind(host, true, false);
    checkBind(host, false, true);
  }
});

test('a listener refuses such an address among others before it opens any', async () => {
  const also = [{ host: '0.0.0.0', port: 0 }];
  const never = async () => assert.fail('it must not open');
  await assert.rejects(withListener({ options: { listen: { also } } }, never), /0\.0\.0\.0/);
  await withListener(
    { routes, options: { listen: { also, insecure: true } } },
    async ({ listener, port }) => {
      const [second] = listener.alsoAddresses;
      assert.equal(second!.url, `http://127.0.0.1:${second!.port}`);
      for (const open of [port, second!.port]) {
        // Reachable from elsewhere: other names are not suspect.
        const request = 'GET /hello HTTP/1.1\r\nHost: hub.example\r\nConnection: close\r\n\r\n';
        assert.match(await talk(open, request), /hello$/);
      }
    },
  );
});

test('a port that is in use is told with what to do', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    await assert.rejects(
      withListener({ options: { listen: { port } } }, async () => {}),
      new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use.*--port`),
    );
  } finally {
    server.close();
  }
});

test('two protocols that claim one route are an error of the start', async () => {
  await assert.rejects(
    withListener(
      {
        routes,
        mounted: (diagnostics) => [
          {
            protocol: { name: 'other' },
            server: { routes, tryIt: () => [] },
            meter: diagnostics.meter('other'),
          },
        ],
      },
      async () => {},
    ),
    /Both test and other claim GET \/hello/,
  );
});

test('options have defaults, and mistakes in them are named', () => {
  const options = completeNetOptions({ listen: { port: 1 }, http: { headers: 5 } });
  assert.equal(options.listen.host, '127.0.0.1');
  assert.equal(options.listen.port, 1);
  assert.equal(options.http.headers, 5);
  assert.equal(options.http.headerBytes, 16_384);
  assert.throws(() => completeNetOptions({ listen: { port: -1 } }), /listen\.port/);
  assert.throws(() => completeNetOptions({ limits: { wrong: 1 } as never }), /limits/);
});

test('where sockets keep their handles elsewhere, they stay as they are', () => {
  assert.equal(
    withOwnReads(new net.Socket(), () => undefined),
    undefined,
  );
});
