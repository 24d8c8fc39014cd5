import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { Client, Pool } from 'undici';
import { Diagnostics } from '../../src/hub/diagnostics.ts';
import { headerList } from '../../src/hub/header-list.ts';
import type { Route } from '../../src/hub/protocol.ts';
import { createListener, type Listener } from '../../src/net/listener.ts';
import { completeNetOptions } from '../../src/net/options.ts';

const TEXT = headerList('content-type', 'text/plain');
const LARGE = 'A line of text, to be read back.\n'.repeat(20_000);

const routes: Route[] = [
  { method: 'GET', path: '/hello', handle: (exchange) => exchange.respond(200, TEXT, 'hello') },
  {
    method: 'GET',
    path: '/number/:n',
    async handle(exchange) {
      await new Promise((resolve) => setImmediate(resolve));
      exchange.respond(200, TEXT, `number ${exchange.parameters.n}`);
    },
  },
  {
    method: 'POST',
    path: '/echo',
    async handle(exchange) {
      exchange.respond(200, TEXT, Buffer.from(await exchange.bytes(10_000_000)));
    },
  },
  {
    method: 'POST',
    path: '/stream',
    async handle(exchange) {
      const writer = exchange.open(200, TEXT);
      for await (const piece of exchange.body()) {
        if (!writer.write(piece)) await writer.drained();
      }
      writer.end();
    },
  },
  { method: 'DELETE', path: '/hello', handle: (exchange) => exchange.respond(204, TEXT) },
];

let listener: Listener;
let url = '';
before(async () => {
  const diagnostics = new Diagnostics();
  listener = await createListener(
    completeNetOptions({ listen: { port: 0 } }),
    [
      {
        protocol: { name: 'test' },
        server: { routes, tryIt: () => [] },
        meter: diagnostics.meter('test'),
      },
    ],
    diagnostics,
  );
  url = listener.address.url;
});
after(() => listener.close());

suite('undici', () => {
  test('pipelines on one connection', async () => {
    const client = new Client(url, { pipelining: 10 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const { body } = await client.request({ method: 'GET', path: `/number/${n}` });
        return body.text();
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, (_, n) => `number ${n}`),
    );
    await client.close();
  });

  test('sends and gets large bodies, of known and unknown length', async () => {
    const pool = new Pool(url, { connections: 4 });
    for (const path of ['/echo', '/stream']) {
      const known = await pool.request({ method: 'POST', path, body: LARGE });
      assert.equal(await known.body.text(), LARGE);
      const { body } = await pool.request({
        method: 'POST',
        path,
        body: Readable.from(
          (function* () {
            for (let at = 0; at < LARGE.length; at += 7_777) yield LARGE.slice(at, at + 7_777);
          })(),
        ),
      });
      assert.equal(await body.text(), LARGE);
    }
    await pool.close();
  });

  test('HEAD, DELETE and a refusal leave the connection in order', async () => {
    const client = new Client(url);
    const head = await client.request({ method: 'HEAD', path: '/hello' });
    assert.equal(head.headers['content-length'], '5');
    await head.body.dump();
    const gone = await client.request({ method: 'DELETE', path: '/hello' });
    assert.equal(gone.statusCode, 204);
    await gone.body.dump();
    const refused = await client.request({
      method: 'POST',
      path: '/hello',
      body: LARGE.slice(0, 9_999),
    });
    assert.equal(refused.statusCode, 405);
    await refused.body.dump();
    const again = await client.request({ method: 'GET', path: '/hello' });
    assert.equal(await again.body.text(), 'hello');
    await client.close();
  });
});

test('node:http waits for 100 Continue before it sends the body', async () => {
  const body = await new Promise<string>((resolve, reject) => {
    let continued = false;
    const client = http.request(
      `${url}/echo`,
      { method: 'POST', headers: { expect: '100-continue', 'content-length': 7 } },
      (response) => {
        assert.equal(continued, true);
        text(response).then(resolve, reject);
      },
    );
    client.on('continue', () => {
      continued = true;
      client.end('patient');
    });
    client.on('error', reject);
    client.flushHeaders();
  });
  assert.equal(body, 'patient');
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Runs curl without blocking the server, which lives in this process. */
async function curl(...options: string[]): Promise<string> {
  const child = spawn('curl', ['--silent', '--show-error', '--max-time', '10', ...options]);
  child.stdin.end();
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.equal(errors, '');
  return output;
}

suite('curl', { skip: hasCurl ? false : 'curl is not installed here' }, () => {
  test('gets, posts and reuses its connection', async () => {
    assert.equal(await curl(`${url}/hello`, `${url}/number/2`), 'hellonumber 2');
    assert.equal(await curl('--data', 'a=b', `${url}/echo`), 'a=b');
    assert.match(await curl('--head', `${url}/hello`), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await curl('--http1.0', `${url}/hello`), 'hello');
  });

  test('sends chunks, and waits for 100 Continue with a large body', async () => {
    const chunks = ['--header', 'Transfer-Encoding: chunked', '--data', 'in chunks'];
    assert.equal(await curl(...chunks, `${url}/stream`), 'in chunks');
    const expect = ['--header', 'Expect: 100-continue', '--data', LARGE.slice(0, 100_000)];
    const answer = await curl('--include', ...expect, `${url}/echo`);
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  test('speaks HTTP/2 with prior knowledge on the same port', async () => {
    const answer = await curl('--http2-prior-knowledge', '--include', `${url}/hello`);
    assert.match(answer, /^HTTP\/2 200[\s\S]*hello$/);
  });
});
