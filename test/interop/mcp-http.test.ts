import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunningHub } from '../../src/hub/create-hub.ts';
import { EventStreamParser, type ReceivedEvent } from '../../src/wire/event-stream.ts';
import { FULL, LIMITED, MODERN_META, modernPost, post, startShop } from './mcp-kit.ts';
import { until } from './until.ts';

interface RpcAnswer {
  readonly id?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const json = async (response: Response): Promise<RpcAnswer> => (await response.json()) as RpcAnswer;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const request = (method: string, params: object = {}, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

const INITIALIZE = request('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
});

/** A session's headers. */
async function begin(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const response = await post(url, INITIALIZE, headers);
  assert.equal(response.status, 200);
  await response.text();
  const session = {
    ...headers,
    'mcp-session-id': response.headers.get('mcp-session-id')!,
    'mcp-protocol-version': '2025-11-25',
  };
  const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
  assert.equal((await post(url, initialized, session)).status, 202);
  return session;
}

/** Events of a response, as they come. */
class Events {
  readonly all: ReceivedEvent[] = [];
  ended = false;
  readonly #stop = new AbortController();
  readonly headers: Headers;

  constructor(response: Response) {
    this.headers = response.headers;
    const parser = new EventStreamParser();
    const reader = response.body!.getReader();
    this.#stop.signal.addEventListener('abort', () => void reader.cancel());
    const run = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.all.push(...parser.push(value));
      }
      this.ended = true;
    };
    run().catch(() => {
      this.ended = true;
    });
  }

  get messages(): RpcAnswer[] {
    return this.all.filter(({ data }) => data !== '').map(({ data }) => JSON.parse(data));
  }

  stop(): void {
    this.#stop.abort();
  }
}

async function open(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly events: Events | undefined }> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers } });
  if (response.status !== 200) await response.text();
  return {
    status: response.status,
    events: response.status === 200 ? new Events(response) : undefined,
  };
}

describe('a request without a session', () => {
  it('is refused when its headers do not say what its body says', async (context) => {
    const { url } = await startShop(context);
    const call = { name: 'shop_get', arguments: { id: 'a' } };
    for (const [what, headers, code] of [
      ['no version', { 'mcp-protocol-version': '' }, -32020],
      ['another version', { 'mcp-protocol-version': '2025-11-25' }, -32020],
      ['another method', { 'mcp-method': 'tools/list' }, -32020],
      ['another name', { 'mcp-name': 'shop_buy' }, -32020],
      ['another name, encoded', { 'mcp-name': '=?base64?c2hvcF9idXk=?=' }, -32020],
      ['a name that is no UTF-8', { 'mcp-name': '=?base64?/w==?=' }, -32020],
    ] as const) {
      const response = await modernPost(url, 'tools/call', call, headers);
      const { error, id } = await json(response);
      assert.deepEqual([response.status, error?.code, id], [400, code, 1], what);
    }
    const encoded = await modernPost(url, 'tools/call', call, {
      'mcp-name': `=?base64?${Buffer.from('shop_get').toString('base64')}?=`,
    });
    assert.equal(encoded.status, 200);
  });

  it('is refused in a revision that is not spoken, with those that are', async (context) => {
    const { url } = await startShop(context);
    const version = { 'io.modelcontextprotocol/protocolVersion': '2030-01-01' };
    const response = await modernPost(
      url,
      'tools/list',
      { _meta: version },
      { 'mcp-protocol-version': '2030-01-01' },
    );
    const { error } = await json(response);
    assert.deepEqual([response.status, error?.code], [400, -32022]);
    assert.deepEqual(error?.data, {
      supported: ['2026-07-28', '2025-11-25', '2025-06-18'],
      requested: '2030-01-01',
    });
  });

  it('of an unknown method is 404; GET and DELETE are 405', async (context) => {
    const { url } = await startShop(context);
    for (const method of ['prompts/list', 'ping', 'initialize', 'resources/subscribe']) {
      const response = await modernPost(url, method);
      assert.deepEqual([response.status, (await json(response)).error?.code], [404, -32601]);
    }
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(url, { method });
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
    }
  });

  it('carries deadline, metadata and trace, by headers or by _meta', async (context) => {
    const { url, seen } = await startShop(context);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const other = '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203332-01';
    const call = { name: 'shop_echo' };
    const byHeaders = await json(
      await modernPost(url, 'tools/call', call, { 'x-tenant': 'acme', traceparent }),
    );
    const answer = byHeaders.result?.structuredContent as Record<string, string>;
    assert.equal(answer.tenant, 'acme');
    assert.match(answer.trace!, /^00-0af7651916cd43dd8448eb211c80319c-/);
    assert.deepEqual((byHeaders.result!._meta as Record<string, unknown>)['polywire/metadata'], {
      'x-shop': 'open',
    });
    const byMeta = await json(
      await modernPost(
        url,
        'tools/call',
        { ...call, _meta: { traceparent: other, 'polywire/metadata': { 'X-Tenant': 'other' } } },
        { 'x-tenant': 'acme', traceparent },
      ),
    );
    const second = byMeta.result?.structuredContent as Record<string, string>;
    assert.equal(second.tenant, 'other');
    assert.match(second.trace!, /^00-0af7651916cd43dd8448eb211c80319d-/);
    const wait = { name: 'shop_wait', arguments: { id: 'a' } };
    for (const [params, headers] of [
      [{ _meta: { 'polywire/timeoutMs': 30 } }, {}],
      [{}, { 'x-timeout-ms': '30' }],
    ] as const) {
      const late = await json(await modernPost(url, 'tools/call', { ...wait, ...params }, headers));
      assert.match(JSON.stringify(late.result), /DEADLINE_EXCEEDED/);
    }
    assert.deepEqual(seen.aborted, ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    for (const [params, headers] of [
      [{ _meta: { 'polywire/timeoutMs': -1 } }, {}],
      [{ _meta: { 'polywire/metadata': { a: 1 } } }, {}],
      [{ _meta: { progressToken: {} } }, {}],
      [{}, { 'x-timeout-ms': 'soon' }],
    ] as const) {
      const bad = await json(await modernPost(url, 'tools/call', { ...wait, ...params }, headers));
      assert.equal(bad.error?.code, -32602);
    }
  });

  it('is cancelled by leaving', async (context) => {
    const { url, seen } = await startShop(context);
    const leave = new AbortController();
    const left = fetch(url, {
      method: 'POST',
      signal: leave.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'shop_wait',
      },
      body: JSON.stringify(
        request('tools/call', { name: 'shop_wait', arguments: { id: 'a' }, _meta: MODERN_META }),
      ),
    });
    await until('the handler runs', () => seen.started === 1);
    leave.abort();
    await assert.rejects(left);
    await until('the handler was told', () => seen.aborted.length === 1);
    assert.deepEqual(seen.aborted, ['CANCELLED']);
  });

  it('is answered in JSON to clients that take no event stream', async (context) => {
    const { url } = await startShop(context);
    const params = { name: 'shop_count', arguments: { to: 2 }, _meta: { progressToken: 'p' } };
    const plain = await modernPost(url, 'tools/call', params, { accept: 'application/json' });
    assert.equal(plain.headers.get('content-type'), 'application/json');
    assert.deepEqual((await json(plain)).result?.structuredContent, {
      items: [1, 2],
      complete: true,
    });
    const streamed = new Events(await modernPost(url, 'tools/call', params));
    await until('the stream ended', () => streamed.ended);
    assert.equal(streamed.headers.get('content-type'), 'text/event-stream');
    assert.equal(streamed.headers.get('x-accel-buffering'), 'no');
    assert.equal(streamed.messages.length, 3);
    assert.equal(streamed.messages[2]?.id, 1);
    const listen = { notifications: {} };
    const refused = await modernPost(url, 'subscriptions/listen', listen, {
      accept: 'application/json',
    });
    assert.equal(refused.status, 406);
  });
});

describe('what is no MCP', () => {
  it('is refused by HTTP or JSON-RPC, whichever has the word for it', async (context) => {
    const { url } = await startShop(context, { mcp: { maxMessageBytes: 2000 } });
    const status = async (body: unknown, headers: Record<string, string> = {}) => {
      const response = await post(url, body, headers);
      const { error } = (await response.json()) as RpcAnswer;
      return [response.status, error?.code];
    };
    assert.deepEqual(await status('nonsense'), [400, -32700]);
    assert.deepEqual(await status('"\ud800"'), [400, -32600]);
    assert.deepEqual(await status('[]'), [400, -32600]);
    assert.deepEqual(await status([request('ping')]), [400, -32600]);
    assert.deepEqual(await status({ id: 1, method: 'ping' }), [400, -32600]);
    assert.deepEqual(await status(request('ping', {}, null)), [400, -32600]);
    assert.deepEqual(await status(request('ping', {}, 1.5)), [400, -32600]);
    assert.deepEqual(
      await status({ jsonrpc: '2.0', id: 1, method: 'ping', params: [] }),
      [400, -32600],
    );
    assert.deepEqual(await status(`${'['.repeat(500)}${']'.repeat(500)}`), [400, -32700]);
    assert.deepEqual(await status(request('ping')), [400, -32600]);
    assert.deepEqual(await status('x'.repeat(3000)), [413, undefined]);
    assert.deepEqual(await status('{}', { 'content-type': 'text/plain' }), [415, undefined]);
    assert.deepEqual(await status(request('ping'), { accept: 'text/html' }), [406, undefined]);
    assert.deepEqual(await status(request('ping'), { 'mcp-session-id': 'nobody' }), [404, -32600]);
    assert.deepEqual(await status(request('ping'), { origin: 'http://evil.example' }), [
      403,
      undefined,
    ]);
    const version = { 'mcp-session-id': 'x', 'mcp-protocol-version': '2024-01-01' };
    assert.deepEqual(await status(request('ping'), version), [400, -32022]);
  });

  it('with bad credentials, or none where they are needed, is 401', async (context) => {
    const { url } = await startShop(context, { secured: true });
    for (const message of [INITIALIZE, request('tools/list', { _meta: MODERN_META })]) {
      const response = await post(url, message, bearer('wrong'));
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
      await response.text();
    }
  });
});

describe('a session', () => {
  it('lasts from initialize to DELETE, for whoever began it', async (context) => {
    const { url } = await startShop(context, { secured: true });
    const session = await begin(url, bearer(FULL));
    const answer = await post(url, request('ping'), session);
    assert.deepEqual(await json(answer), { jsonrpc: '2.0', id: 1, result: {} });
    assert.equal(
      (await post(url, request('ping'), { ...session, ...bearer(LIMITED) })).status,
      404,
    );
    const others = { ...session, ...bearer(LIMITED) };
    assert.equal((await fetch(url, { method: 'DELETE', headers: others })).status, 404);
    assert.equal((await fetch(url, { method: 'DELETE', headers: session })).status, 204);
    assert.equal((await post(url, request('ping'), session)).status, 404);
  });

  it('speaks the revision that its client asked for, or the newest of its kind', async (context) => {
    const { url } = await startShop(context);
    for (const [wanted, spoken] of [
      ['2025-11-25', '2025-11-25'],
      ['2025-06-18', '2025-06-18'],
      ['2024-11-05', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
    ]) {
      const params = { ...INITIALIZE.params, protocolVersion: wanted };
      const { result } = await json(await post(url, { ...INITIALIZE, params }));
      assert.equal(result?.protocolVersion, spoken);
    }
    for (const params of [{}, { ...INITIALIZE.params, protocolVersion: 1 }]) {
      const response = await post(url, { ...INITIALIZE, params });
      assert.equal((await json(response)).error?.code, -32602);
      assert.equal(response.headers.get('mcp-session-id'), null);
    }
  });

  it('goes on when the connection breaks: what was missed is sent again', async (context) => {
    const { url } = await startShop(context);
    const session = await begin(url);
    const call = request('tools/call', { name: 'shop_wait', arguments: { id: 'short' } }, 'w');
    const response = await post(url, call, session);
    const events = new Events(response);
    await until('the id to resume from', () => events.all.length === 1 || events.ended);
    events.stop();
    const last = events.all[0]?.lastEventId;
    const resumed = await open(url, { ...session, 'last-event-id': String(last) });
    await until('the answer', () => resumed.events!.ended);
    assert.equal(resumed.events!.messages.at(-1)?.id, 'w');
    const again = await open(url, { ...session, 'last-event-id': String(last) });
    await until('the answer, again', () => again.events!.ended);
    assert.deepEqual(again.events!.messages, resumed.events!.messages);
    for (const bad of ['x', '999-0', `${String(last).split('-')[0]}-99`]) {
      assert.equal((await open(url, { ...session, 'last-event-id': bad })).status, 400, bad);
    }
  });

  it('cancels by a notification, and by nothing else', async (context) => {
    const { url, seen } = await startShop(context);
    const session = await begin(url);
    const call = request('tools/call', { name: 'shop_wait', arguments: { id: 'a' } }, 'w');
    const events = new Events(await post(url, call, session));
    await until('the handler runs', () => seen.started === 1);
    for (const requestId of ['x', 1, null, {}]) {
      await post(
        url,
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } },
        session,
      );
    }
    assert.deepEqual(seen.aborted, []);
    const params = { requestId: 'w' };
    await post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params }, session);
    await until('the stream ended', () => events.ended);
    assert.deepEqual(seen.aborted, ['CANCELLED']);
    assert.deepEqual(events.messages, [], 'no answer to what was cancelled');
  });

  it('has one stream for news; whoever opens it again takes it over', async (context) => {
    const { url } = await startShop(context);
    const session = await begin(url);
    const uri = 'polywire://events/shop.sold';
    await (await post(url, request('resources/subscribe', { uri }), session)).text();
    const buy = request('tools/call', { name: 'shop_buy', arguments: { id: 'a' } });
    await (await post(url, buy, session)).text();
    await (await post(url, buy, session)).text();
    const first = (await open(url, session)).events!;
    await until('news from before', () => first.messages.length === 1);
    const second = (await open(url, session)).events!;
    await until('the first is over', () => first.ended);
    await (await post(url, buy, session)).text();
    await until('news', () => second.messages.length === 1);
    assert.equal(first.messages.length, 1);
    second.stop();
  });

  it('ends when too many others begin, and its stream when the hub stops', async (context) => {
    const { hub, url } = await startShop(context, { mcp: { maxSessions: 2 } });
    const first = await begin(url);
    const second = await begin(url);
    const stream = (await open(url, second)).events!;
    await until('the stream is open', () => stream.all.length === 1);
    const third = await begin(url);
    assert.equal((await post(url, request('ping'), first)).status, 404);
    assert.equal((await post(url, request('ping'), second)).status, 200);
    assert.equal((await post(url, request('ping'), third)).status, 200);
    await (hub.hub as RunningHub).drain(1000);
    await until('the stream ended', () => stream.ended);
  });

  it('takes no more requests at a time than the options allow', async (context) => {
    const { url, seen } = await startShop(context, { mcp: { maxInFlight: 1 } });
    const session = await begin(url);
    const wait = request('tools/call', { name: 'shop_wait', arguments: { id: 'a' } }, 1);
    const events = new Events(await post(url, wait, session));
    await until('it runs', () => seen.started === 1);
    const refused = await post(url, request('ping', {}, 2), session);
    assert.equal((await json(refused)).error?.code, -31008);
    events.stop();
    await fetch(url, { method: 'DELETE', headers: session });
    await until('its call ended with the session', () => seen.aborted.length === 1);
  });
});
