import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { request } from 'undici';
import { shop } from './rest-application.ts';
import { startServer, type TestServer } from './rest-server.ts';
import { until } from './until.ts';

const application = shop();
const { recorder } = application;
let server: TestServer;

before(async () => {
  server = await startServer(application, { rest: { maxBodyBytes: 20_000 } });
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any;
}

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(server.url + path, { signal: AbortSignal.timeout(5000), ...init });
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: response.status, headers: response.headers, text, body };
}

function send(body: unknown, more: RequestInit = {}): RequestInit {
  return {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
    headers: { 'content-type': 'application/json', ...(more.headers as object) },
  };
}

/** node:http, for what fetch refuses to send. */
function raw(
  path: string,
  options: http.RequestOptions,
  body?: Buffer | string,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      server.url + path,
      { agent: false, timeout: 5000, ...options },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('where the input comes from', () => {
  it('the path', async () => {
    const { status, body } = await call('/items/7');
    assert.equal(status, 200);
    assert.deepEqual(body, { id: 7, name: 'item 7' });
  });

  it('the query, by the types of the schema', async () => {
    const { body } = await call(
      '/items/echo?text=1&count=-3&ratio=1.5e1&on=true&tags=a&tags=b+c&numbers=1&where[city]=K%C3%B6ln&where[zip]=50667',
    );
    assert.deepEqual(body, {
      text: '1',
      count: -3,
      ratio: 15,
      on: true,
      tags: ['a', 'b c'],
      numbers: [1],
      where: { city: 'Köln', zip: 50667 },
    });
  });

  it('members that fit no query form, as JSON text', async () => {
    const rows = [{ id: 1, name: 'a' }];
    const { body } = await call(`/items/echo?rows=${encodeURIComponent(JSON.stringify(rows))}`);
    assert.deepEqual(body, { rows });
  });

  it('the whole input as ?input=', async () => {
    const input = { rows: [{ id: 1, name: 'a' }], count: 4 };
    const { body } = await call(`/items/echo?input=${encodeURIComponent(JSON.stringify(input))}`);
    assert.deepEqual(body, input);
    assert.equal((await call('/items/echo?input=%7B%7D&count=1')).status, 400);
  });

  it('a header that the schema names', async () => {
    const { body } = await call('/items/echo?count=1', { headers: { 'x-tenant': 'acme' } });
    assert.deepEqual(body, { count: 1, tenant: 'acme' });
  });

  it('every operation has its canonical address, POST with the whole input', async () => {
    assert.deepEqual((await call('/items/get', send({ id: 9 }))).body, { id: 9, name: 'item 9' });
    const input = { rows: [{ id: 1, name: 'a' }] };
    assert.deepEqual((await call('/items/echo', send(input))).body, input);
  });

  it('path and body together; they must agree', async () => {
    const put = (body: unknown) => call('/items/5', send(body, { method: 'PUT' }));
    assert.deepEqual((await put({ name: 'x' })).body, { id: 5, name: 'x' });
    assert.deepEqual((await put({ id: 5, name: 'x' })).body, { id: 5, name: 'x' });
    const refused = await put({ id: 6, name: 'x' });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.violations[0].path, '/id');
  });

  it('a parameter that came twice is refused, with its place', async () => {
    const { status, body } = await call('/items/echo?count=1&count=2');
    assert.equal(status, 400);
    assert.deepEqual(body.violations, [
      { path: '/count', expected: 'one value', received: 'several' },
    ]);
  });

  it('what does not fit the schema is a violation, with its place', async () => {
    for (const query of ['count=x', 'count=1.5', 'unknown=1', 'on=yes', 'where[zip]=x']) {
      const { status, body } = await call(`/items/echo?${query}`);
      assert.equal(status, 400, query);
      assert.equal(body.code, 'INVALID_ARGUMENT');
      assert.ok(body.violations.length > 0, query);
    }
  });

  it('broken escapes and __proto__ are refused', async () => {
    assert.equal((await raw('/items/echo?text=%ff', {})).status, 400);
    assert.equal((await raw('/items/echo?__proto__=1', {})).status, 400);
    assert.equal((await raw('/items/echo?where[__proto__]=1', {})).status, 400);
  });
});

describe('bodies', () => {
  it('other content types are 415, and none at all', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const { status, body } = await call(
        '/items/create',
        send('{}', { headers: { 'content-type': type } }),
      );
      assert.equal(status, 415, type);
      assert.equal(body.status, 415);
    }
    assert.equal((await raw('/items/create', { method: 'POST' }, '{}')).status, 415);
  });

  it('+json and a charset of utf-8 are JSON; other charsets are 415', async () => {
    const item = { id: 1, name: 'a' };
    for (const type of ['application/vnd.item+json', 'application/json; charset=UTF-8']) {
      assert.equal(
        (await call('/items/create', send(item, { headers: { 'content-type': type } }))).status,
        200,
      );
    }
    const latin = { headers: { 'content-type': 'application/json; charset=latin1' } };
    assert.equal((await call('/items/create', send(item, latin))).status, 415);
  });

  it('what is no JSON object is 400 and says so', async () => {
    for (const body of ['{', '[]', '1', 'null', '{"a":1}}']) {
      const answer = await call('/items/create', send(body));
      assert.equal(answer.status, 400, body);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    }
  });

  it('too large is 413, declared or chunked or compressed', async () => {
    const large = JSON.stringify({ id: 1, name: 'x'.repeat(30_000) });
    assert.equal((await call('/items/create', send(large))).status, 413);
    const chunked = await raw(
      '/items/create',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      },
      large,
    );
    assert.equal(chunked.status, 413);
    const packed = await raw(
      '/items/create',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      },
      gzipSync(Buffer.alloc(5_000_000, 0x20)),
    );
    assert.equal(packed.status, 413);
  });

  it('gzip, br and deflate are unpacked; others are 415 and broken ones 400', async () => {
    const item = Buffer.from('{"id":1,"name":"packed"}');
    const post = (coding: string, body: Buffer) =>
      raw(
        '/items/create',
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': coding },
        },
        body,
      );
    for (const [coding, bytes] of [
      ['gzip', gzipSync(item)],
      ['x-gzip', gzipSync(item)],
      ['br', brotliCompressSync(item)],
      ['deflate', deflateSync(item)],
      ['identity', item],
    ] as const) {
      const answer = await post(coding, bytes);
      assert.equal(answer.status, 200, coding);
      assert.deepEqual(JSON.parse(answer.text), { id: 1, name: 'packed' });
    }
    const zstd = await post('zstd', item);
    assert.equal(zstd.status, 415);
    assert.equal(zstd.headers['accept-encoding'], 'gzip, br, deflate');
    assert.equal((await post('gzip', item)).status, 400);
  });

  it('a body on GET is refused rather than ignored', async () => {
    const answer = await raw(
      '/items/1',
      { method: 'GET', headers: { 'content-length': '2' } },
      '{}',
    );
    assert.equal(answer.status, 400);
  });
});

describe('answers', () => {
  it('204 where nothing is answered, with reply metadata and Deprecation', async () => {
    const { status, headers, text } = await call('/items/4', { method: 'DELETE' });
    assert.equal(status, 204);
    assert.equal(text, '');
    assert.equal(headers.get('x-removed'), 'yes');
    assert.match(headers.get('deprecation') ?? '', /^@[0-9]+$/);
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  it('HEAD tells the length and sends nothing', async () => {
    const head = await call('/items/7', { method: 'HEAD' });
    const get = await call('/items/7');
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(get.text)));
    assert.equal(head.headers.get('etag'), get.headers.get('etag'));
  });

  it('OPTIONS and 405 name the methods', async () => {
    const options = await raw('/items/7', { method: 'OPTIONS' });
    assert.equal(options.status, 204);
    assert.equal(options.headers.allow, 'GET, HEAD, PUT, DELETE, OPTIONS');
    const patch = await raw('/items/7', { method: 'PATCH' });
    assert.equal(patch.status, 405);
    assert.equal(patch.headers.allow, 'GET, HEAD, PUT, DELETE, OPTIONS');
  });

  it('406 when JSON is not accepted', async () => {
    const get = (accept: string) => call('/items/7', { headers: { accept } });
    assert.equal((await get('text/html')).status, 406);
    assert.equal((await get('application/json;q=0, */*')).status, 406);
    assert.equal((await get('text/html, */*;q=0.1')).status, 200);
    assert.equal((await get('application/*')).status, 200);
  });

  it('304 for the ETag of a query; commands have none', async () => {
    const first = await call('/items/7');
    const etag = first.headers.get('etag') ?? '';
    assert.match(etag, /^W\/"/);
    const get = (tag: string) => call('/items/7', { headers: { 'if-none-match': tag } });
    const again = await get(`"other", ${etag}`);
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    assert.equal(again.headers.get('etag'), etag);
    assert.equal((await get('*')).status, 304);
    assert.equal((await get('W/"other"')).status, 200);
    const command = await call('/items/create', send({ id: 1, name: 'a' }));
    assert.equal(command.headers.get('etag'), null);
  });

  it('large answers are compressed for those who accept it', async () => {
    const get = async (encoding: string) => {
      const { statusCode, headers, body } = await request(`${server.url}/items/large?size=20000`, {
        headers: { 'accept-encoding': encoding },
      });
      return { statusCode, headers, bytes: Buffer.from(await body.arrayBuffer()) };
    };
    const plain = await get('identity');
    assert.equal(plain.bytes.length, 20_002);
    assert.equal(plain.headers.vary, 'accept-encoding');
    for (const coding of ['br', 'gzip']) {
      const packed = await get(coding);
      assert.equal(packed.headers['content-encoding'], coding);
      assert.equal(packed.headers.etag, plain.headers.etag);
      assert.ok(packed.bytes.length < 1000);
    }
    assert.equal((await call('/items/large?size=20000')).body.length, 20_000);
    assert.equal((await get('gzip;q=0')).headers['content-encoding'], undefined);
  });

  it('metadata goes both ways, credentials do not; framing headers cannot be set', async () => {
    const { status, headers, body } = await call('/items/headers', {
      headers: {
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        'x-custom': 'c',
        'x-timeout-ms': '5000',
      },
    });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      trace: '4bf92f3577b34da6a3ce929d0e0e4736',
      secret: null,
      custom: 'c',
      deadline: true,
    });
    assert.equal(headers.get('x-text'), 'gr%C3%BCn%0A');
    assert.equal(headers.get('cache-control'), 'max-age=60');
  });
});

describe('faults', () => {
  it('a declared error arrives whole, as a problem', async () => {
    const { status, headers, body } = await call('/items/101');
    assert.equal(status, 404);
    assert.equal(headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(body, {
      type: 'urn:polywire:error:ItemUnknown',
      title: 'ItemUnknown',
      status: 404,
      detail: 'No item 101.',
      code: 'NOT_FOUND',
      error: 'ItemUnknown',
      data: { id: 101 },
    });
  });

  it('the deadline of X-Timeout-Ms reaches the handler and is 504', async () => {
    const left = recorder.left;
    const { status, body } = await call('/items/slow?ms=4000', {
      headers: { 'x-timeout-ms': '30' },
    });
    assert.equal(status, 504);
    assert.equal(body.code, 'DEADLINE_EXCEEDED');
    assert.equal(recorder.left, left + 1);
    assert.equal((await call('/items/7', { headers: { 'x-timeout-ms': 'soon' } })).status, 400);
  });

  it('a client that leaves ends the handler', async () => {
    const left = recorder.left;
    const controller = new AbortController();
    const pending = fetch(`${server.url}/items/slow?ms=4000`, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(pending);
    await until('the handler is told', () => recorder.left > left);
  });

  it('bad credentials are 401 with a challenge', async () => {
    const { status, headers } = await call('/items/7', { headers: { authorization: 'Digest x' } });
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
  });

  it('what is turned away is counted as refused', async () => {
    const meter = server.hub.diagnostics.meter('rest');
    const { refused, received } = meter;
    await call('/items/create', send('{'));
    await call('/items/7', { headers: { accept: 'text/html' } });
    assert.equal(meter.refused, refused + 2);
    assert.equal(meter.received, received + 2);
    assert.equal(meter.inFlight, 0);
  });
});

describe('Idempotency-Key', () => {
  const create = (key: string, body: unknown) =>
    call('/items/create', send(body, { headers: { 'idempotency-key': key } }));

  it('runs a command once and gives its answer again', async () => {
    const before = recorder.created.length;
    const first = await create('k1', { id: 1, name: 'a' });
    const again = await create('k1', { id: 1, name: 'a' });
    assert.equal(recorder.created.length, before + 1);
    assert.deepEqual(again.body, first.body);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
  });

  it('refuses the key with another request: 422', async () => {
    await create('k2', { id: 1, name: 'a' });
    assert.equal((await create('k2', { id: 2, name: 'a' })).status, 422);
  });

  it('a second request while the first is at work is 409, and may be retried', async () => {
    const before = recorder.created.length;
    const first = create('k3', { id: 1, name: 'slow' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await create('k3', { id: 1, name: 'slow' });
    assert.equal(second.status, 409);
    assert.equal(second.headers.get('retry-after'), '1');
    assert.equal((await first).status, 200);
    assert.equal((await create('k3', { id: 1, name: 'slow' })).status, 200);
    assert.equal(recorder.created.length, before + 1);
  });

  it('keeps a declared error, and forgets what was refused before the command ran', async () => {
    assert.equal((await create('k4', { id: 409, name: 'a' })).status, 409);
    const again = await create('k4', { id: 409, name: 'a' });
    assert.equal(again.body.error, 'ItemExists');
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal((await create('k5', { id: 1 })).status, 400);
    assert.equal((await create('k5', { id: 1, name: 'now right' })).status, 200);
  });

  it('finishes the command of a client that left, and gives its answer later', async () => {
    const before = recorder.created.length;
    const controller = new AbortController();
    const init = send({ id: 1, name: 'slow' }, { headers: { 'idempotency-key': 'k6' } });
    const lost = fetch(`${server.url}/items/create`, { ...init, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(lost);
    await until('the command has run', () => recorder.created.length > before);
    const answer = await create('k6', { id: 1, name: 'slow' });
    assert.equal(answer.status, 200);
    assert.equal(recorder.created.length, before + 1);
  });
});
