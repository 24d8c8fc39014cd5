import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Authenticator } from '../../src/hub/authenticator.ts';
import { Fault } from '../../src/model/fault.ts';
import { shop } from './rest-application.ts';
import { startServer, type TestServer } from './rest-server.ts';
import { until } from './until.ts';

/** Decides later, as one that asks another system does. */
const authenticator: Authenticator = {
  anonymous: 'deny',
  async authenticate(credentials) {
    await new Promise((resolve) => setImmediate(resolve));
    if (credentials.kind !== 'bearer' || credentials.token !== 'good') {
      throw new Fault('UNAUTHENTICATED', 'This token is not good.');
    }
    return { id: 'someone', authenticated: true, scopes: new Set(['*']) };
  },
};

let server: TestServer;
before(async () => {
  server = await startServer(shop(), { hub: { authenticator } });
});
after(() => server.close());

const good = { authorization: 'Bearer good' };
const json = { 'content-type': 'application/json' };

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(server.url + path, { signal: AbortSignal.timeout(5000), ...init });
}

describe('a hub that asks for credentials, and decides later', () => {
  it('serves those who have them', async () => {
    assert.equal((await call('/items/7', { headers: good })).status, 200);
    const body = JSON.stringify({ id: 1, name: 'a' });
    const init = { method: 'POST', body, headers: { ...json, ...good } };
    assert.deepEqual(await (await call('/items/create', init)).json(), { id: 1, name: 'a' });
    const keyed = { ...init, headers: { ...init.headers, 'idempotency-key': 'k' } };
    assert.equal((await call('/items/create', keyed)).status, 200);
    const again = await call('/items/create', keyed);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    const stream = await call('/items/count?to=1', { headers: good });
    assert.equal(await stream.text(), 'data: {"n":1}\n\nevent: end\ndata: {}\n\n');
    const publish = { method: 'POST', body: 'x', headers: good };
    assert.equal((await call('/publish/a', publish)).status, 202);
  });

  it('refuses the others with 401 everywhere, and counts each once', async () => {
    const meter = server.hub.diagnostics.meter('rest');
    const post = { method: 'POST', body: '{"id":1,"name":"a"}', headers: json };
    const bad = { authorization: 'Bearer bad' };
    const requests: [string, RequestInit][] = [
      ['/items/7', {}],
      ['/items/7', { headers: bad }],
      ['/items/create', post],
      ['/items/create', { ...post, headers: { ...json, ...bad } }],
      ['/items/count?to=1', {}],
      ['/publish/a', { method: 'POST', body: 'x' }],
      ['/publish/a', { method: 'POST', body: 'x', headers: bad }],
    ];
    for (const [path, init] of requests) {
      const { refused } = meter;
      const response = await call(path, init);
      assert.equal(response.status, 401, path);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
      assert.equal(meter.refused, refused + 1, `${path} is counted once`);
    }
    assert.equal((await call('/subscribe/a')).status, 401);
    assert.equal((await call('/subscribe/a', { headers: bad })).status, 401);
  });

  it('shows its contract to callers it knows, and the page and its health to everybody', async () => {
    for (const path of ['/openapi.json']) {
      assert.equal((await call(path)).status, 401, path);
      assert.equal((await call(path, { method: 'HEAD' })).status, 401, path);
      assert.equal((await call(path, { headers: { 'if-none-match': '*' } })).status, 401, path);
      assert.equal((await call(path, { headers: good })).status, 200, path);
    }
    for (const path of ['/docs', '/docs/page.js', '/docs/page.css']) {
      const response = await call(path);
      assert.equal(response.status, 200, path);
      assert.doesNotMatch(
        await response.text(),
        /items[./]/,
        `${path} holds nothing of the contract`,
      );
    }
  });

  it('says so in its document', async () => {
    const document = (await (await call('/openapi.json', { headers: good })).json()) as {
      components: { securitySchemes: object };
      paths: Record<string, Record<string, { security: unknown }>>;
    };
    assert.deepEqual(Object.keys(document.components.securitySchemes), ['bearer', 'basic']);
    assert.deepEqual(document.paths['/items/echo']?.get?.security, [{ bearer: [] }, { basic: [] }]);
  });
});

describe('over HTTP/2', () => {
  it('calls, and streams both ways at once', async () => {
    const session = http2.connect(server.url);
    try {
      const get = session.request({ ':path': '/items/7', ...good });
      let text = '';
      get.setEncoding('utf8').on('data', (part: string) => (text += part));
      await new Promise((resolve) => get.on('end', resolve));
      assert.deepEqual(JSON.parse(text), { id: 7, name: 'item 7' });

      const both = session.request({
        ':method': 'POST',
        ':path': '/items/double',
        'content-type': 'application/x-ndjson',
        ...good,
      });
      let lines = '';
      both.setEncoding('utf8').on('data', (part: string) => (lines += part));
      both.write('{"n":1}\n');
      await until('the first answer', () => lines === '{"n":2}\n');
      both.end('{"n":5}\n');
      await new Promise((resolve) => both.on('end', resolve));
      assert.equal(lines, '{"n":2}\n{"n":10}\n');
    } finally {
      session.destroy();
    }
  });
});

describe('any request', () => {
  it('is answered, and never by a 5xx', async () => {
    const piece = fc.constantFrom(
      'id=1',
      'count=',
      'where[city]=',
      'where[zip][x]=1',
      'tags=a',
      'tags[]=b',
      'rows=[',
      'rows=%5B%7B%7D%5D',
      'input=',
      'input=%7B%7D',
      '%',
      '%ff',
      '=',
      '__proto__=1',
      'constructor[prototype]=1',
      'toString=1',
    );
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom('{"__proto__":1}', '{"id":1e999}'),
    );
    const path = fc.constantFrom(
      '/items/echo',
      '/items/create',
      '/items/x',
      '/items/sum',
      '/items/count',
    );
    const type = fc.constantFrom(
      'application/json',
      'application/x-ndjson',
      'x/y',
      'application/json; charset=x',
    );
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.array(piece, { maxLength: 4 }),
        value,
        type,
        async (to, query, body, kind) => {
          const search = query.length === 0 ? '' : `?${query.join('&')}`;
          const headers = { ...good, 'content-type': kind };
          const got = await call(to + search, { headers: good });
          await got.text();
          const posted = await call(to + search, { method: 'POST', body, headers });
          await posted.text();
          assert.ok(got.status < 500 && posted.status < 500, `${got.status} ${posted.status}`);
        },
      ),
      { numRuns: 150 },
    );
    assert.equal(server.hub.diagnostics.meter('rest').inFlight, 0);
  });
});
