import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EventSource } from 'eventsource';
import { EventStreamParser } from '../../src/wire/event-stream.ts';
import { shop } from './rest-application.ts';
import { startServer, type TestServer } from './rest-server.ts';
import { until } from './until.ts';

const application = shop();
const { recorder } = application;
let server: TestServer;

before(async () => {
  server = await startServer(application, { rest: { heartbeatMs: 100, maxItemBytes: 100 } });
});
after(() => server.close());

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, { headers, signal: AbortSignal.timeout(5000) });
}

function post(
  path: string,
  body: string | Buffer | ReadableStream,
  type: string,
  more: object = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(5000),
    ...more,
    headers: { 'content-type': type, ...(more as { headers?: object }).headers },
  });
}

async function eventsOf(response: Response): Promise<[string, unknown][]> {
  const parser = new EventStreamParser();
  const bytes = Buffer.from(await response.arrayBuffer());
  return parser.push(bytes).map(({ event, data }) => [event, JSON.parse(data)]);
}

describe('server streams', () => {
  it('are event streams by default, with an end', async () => {
    const response = await get('/items/count?to=3');
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await eventsOf(response), [
      ['message', { n: 1 }],
      ['message', { n: 2 }],
      ['message', { n: 3 }],
      ['end', {}],
    ]);
  });

  it('answer HEAD without a length, which nobody knows', async () => {
    for (const path of ['/items/count?to=3', '/subscribe/anything']) {
      const response = await fetch(server.url + path, {
        method: 'HEAD',
        signal: AbortSignal.timeout(5000),
      });
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get('content-type'), 'text/event-stream', path);
      assert.equal(response.headers.get('content-length'), null, path);
    }
  });

  it('are lines of JSON on request', async () => {
    const response = await get('/items/count?to=2', { accept: 'application/x-ndjson' });
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    assert.equal(await response.text(), '{"n":1}\n{"n":2}\n');
    assert.equal((await get('/items/count?to=2', { accept: 'image/png' })).status, 406);
  });

  it('a fault that is known at once decides the status', async () => {
    const response = await get('/items/count?to=3&failAt=1');
    assert.equal(response.status, 404);
    const problem = (await response.json()) as { error: string; data: unknown };
    assert.equal(problem.error, 'ItemUnknown');
    assert.deepEqual(problem.data, { id: 1 });
  });

  it('a fault later arrives whole, in both forms, and in the trailers', async () => {
    const events = await eventsOf(await get('/items/count?to=3&failAt=2'));
    const fault = {
      code: 'NOT_FOUND',
      message: 'No item 2.',
      error: 'ItemUnknown',
      data: { id: 2 },
    };
    assert.deepEqual(events, [
      ['message', { n: 1 }],
      ['error', fault],
    ]);
    const lines = await new Promise<{ text: string; trailers: NodeJS.Dict<string> }>((resolve) => {
      const headers = { accept: 'application/x-ndjson' };
      http.get(`${server.url}/items/count?to=3&failAt=2`, { headers, agent: false }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
        incoming.on('end', () => resolve({ text, trailers: incoming.trailers }));
      });
    });
    assert.equal(lines.text, `{"n":1}\n ${JSON.stringify({ error: fault })}\n`);
    assert.equal(lines.trailers['polywire-fault'], 'NOT_FOUND');
    assert.equal(lines.trailers['polywire-error'], 'ItemUnknown');
  });

  it('bad input is refused before the stream begins', async () => {
    assert.equal((await get('/items/count?to=x')).status, 400);
  });

  it('HEAD tells the type and runs nothing', async () => {
    const response = await fetch(`${server.url}/items/forever`, { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
  });

  it('heartbeats keep a quiet stream alive, and a client that leaves ends the handler', async () => {
    const left = recorder.left;
    const controller = new AbortController();
    const response = await fetch(`${server.url}/items/forever`, { signal: controller.signal });
    let text = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes(':\n\n')) break;
    }
    assert.equal(text, 'data: 1\n\n:\n\n');
    controller.abort();
    await until('the handler has ended', () => recorder.left === left + 1);
    await until('no call is left', () => server.hub.diagnostics.meter('rest').inFlight === 0);
  });

  it('a client that does not read holds the handler back', async () => {
    recorder.counted = 0;
    const incoming = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http
        .get(`${server.url}/items/count?to=3000000`, { agent: false }, resolve)
        .on('error', reject);
    });
    incoming.pause();
    let counted = -1;
    await until(
      'the handler stands still',
      () => {
        const still = recorder.counted > 0 && recorder.counted === counted;
        counted = recorder.counted;
        return still;
      },
      30_000,
    );
    assert.ok(counted < 2_900_000, `the handler went on to ${counted}`);
    incoming.destroy();
    await until('no call is left', () => server.hub.diagnostics.meter('rest').inFlight === 0);
  });

  it('EventSource reads them', async () => {
    const source = new EventSource(`${server.url}/items/count?to=2`);
    const items: unknown[] = [];
    source.onmessage = (event) => items.push(JSON.parse(event.data));
    let ended = false;
    source.addEventListener('end', () => {
      ended = true;
      source.close();
    });
    await until('the end', () => ended);
    assert.deepEqual(items, [{ n: 1 }, { n: 2 }]);
  });
});

describe('client streams', () => {
  it('are lines, a sequence or an array of JSON', async () => {
    const bodies: [string, string][] = [
      ['application/x-ndjson', '{"n":1}\r\n\n{"n":2}\n{"n":3}'],
      ['application/json-seq', '\x1e{"n":1}\n\x1e{"n":\n5}\n'],
      ['application/json', ' [{"n":1}, {"n":2},{"n":3}] '],
    ];
    for (const [type, body] of bodies) {
      const response = await post('/items/sum', body, type);
      assert.deepEqual(await response.json(), { sum: 6 }, type);
    }
    const empty = await post('/items/sum', '', 'application/x-ndjson');
    assert.deepEqual(await empty.json(), { sum: 0 });
  });

  it('are unpacked while they arrive', async () => {
    const body = gzipSync(Array.from({ length: 5000 }, (_, n) => `{"n":${n}}\n`).join(''));
    const headers = { 'content-encoding': 'gzip' };
    const response = await post('/items/sum', body, 'application/x-ndjson', { headers });
    assert.deepEqual(await response.json(), { sum: (4999 * 5000) / 2 });
  });

  it('what is wrong with an item is a fault with its reason', async () => {
    const cases: [string, string, number][] = [
      ['{"n":1}\n{"n":"x"}\n', 'INVALID_ARGUMENT', 400],
      ['{"n":1}\n{"n":\n', 'INVALID_ARGUMENT', 400],
      [`{"n":${'1'.repeat(200)}}\n`, 'RESOURCE_EXHAUSTED', 413],
    ];
    for (const [body, code, status] of cases) {
      const response = await post('/items/sum', body, 'application/x-ndjson');
      assert.equal(response.status, status, body);
      assert.equal(((await response.json()) as { code: string }).code, code);
    }
    assert.equal((await post('/items/sum', 'x', 'text/plain')).status, 415);
  });

  it('a handler that is slow holds the client back, with a body of any size', async () => {
    const line = Buffer.from('{"n":1}\n'.repeat(8000));
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent === 10) controller.close();
        else controller.enqueue(line);
        sent++;
      },
    });
    const response = await post('/items/sum', body, 'application/x-ndjson', { duplex: 'half' });
    assert.deepEqual(await response.json(), { sum: 80_000 });
  });
});

describe('streams both ways', () => {
  it('answer item by item while the request is open', async () => {
    const request = http.request(`${server.url}/items/double`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    request.write('{"n":1}\n');
    const incoming = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('response', resolve).on('error', reject);
    });
    assert.equal(incoming.headers['content-type'], 'application/x-ndjson');
    let text = '';
    incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until('the first answer', () => text === '{"n":2}\n');
    request.write('{"n":20}\n');
    await until('the second answer', () => text === '{"n":2}\n{"n":40}\n');
    request.end();
    await new Promise((resolve) => incoming.on('end', resolve));
    assert.equal(text, '{"n":2}\n{"n":40}\n');
  });

  it('answer as an event stream on request', async () => {
    const headers = { accept: 'text/event-stream' };
    const response = await post('/items/double', '{"n":4}', 'application/x-ndjson', { headers });
    assert.deepEqual(await eventsOf(response), [
      ['message', { n: 8 }],
      ['end', {}],
    ]);
  });
});
