import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MODERN_META, modernPost, post, startShop } from './mcp-kit.ts';

const METHODS = [
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
  'notifications/cancelled',
  'notifications/initialized',
];

const METHOD = fc.oneof(fc.constantFrom(...METHODS), fc.string());
const NAME = fc.oneof(
  fc.constantFrom(
    'shop_get',
    'shop_sum',
    'shop_count',
    'shop_names',
    'polywire://events/shop.sold',
  ),
  fc.string(),
);
const META = fc.oneof(
  fc.constant(MODERN_META),
  fc.jsonValue().map((progressToken) => ({ ...MODERN_META, progressToken })),
  fc.jsonValue(),
);
const PARAMS = fc.oneof(
  fc.record(
    {
      name: fc.oneof(NAME, fc.jsonValue()),
      uri: fc.oneof(NAME, fc.jsonValue()),
      arguments: fc.oneof(
        fc.record({ id: fc.jsonValue(), items: fc.jsonValue(), to: fc.nat(5) }),
        fc.jsonValue(),
      ),
      cursor: fc.jsonValue(),
      notifications: fc.oneof(
        fc.record({ resourceSubscriptions: fc.array(fc.oneof(fc.jsonValue(), fc.string())) }),
        fc.jsonValue(),
      ),
      requestId: fc.jsonValue(),
      protocolVersion: fc.jsonValue(),
      capabilities: fc.jsonValue(),
      clientInfo: fc.jsonValue(),
      _meta: META,
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const MESSAGE = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, fc.jsonValue()),
    id: fc.oneof(fc.nat(), fc.string(), fc.jsonValue()),
    method: fc.oneof({ weight: 9, arbitrary: METHOD }, fc.jsonValue()),
    params: PARAMS,
  },
  { requiredKeys: ['jsonrpc', 'method'] },
);

/** Reads what comes within a short time: a listening request is answered when its client leaves. */
async function settle(response: Response): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  if (response.headers.get('content-type') === 'text/event-stream') {
    await reader.read();
    await reader.cancel();
    return;
  }
  for (;;) if ((await reader.read()).done) return;
}

describe('whatever comes', { timeout: 60_000 }, () => {
  it('is answered, and nothing is left running', async (context) => {
    const { hub, url } = await startShop(context, { mcp: { collectTimeMs: 20, readTimeMs: 20 } });
    const answer = await post(url, {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'fuzz', version: '1' },
      },
    });
    await answer.text();
    const session = { 'mcp-session-id': answer.headers.get('mcp-session-id')! };
    const modern = { 'mcp-protocol-version': '2026-07-28' };
    await fc.assert(
      fc.asyncProperty(MESSAGE, fc.integer({ min: 0, max: 2 }), async (message, kind) => {
        const headers = [
          session,
          {
            ...modern,
            'mcp-method': printable(message.method),
            'mcp-name': nameOf(message.params),
          },
          {},
        ][kind]!;
        const response = await post(url, message, headers);
        assert.ok(response.status < 500, `status ${response.status}`);
        await settle(response);
      }),
      { numRuns: 300 },
    );
    const whole = await modernPost(url, 'tools/call', { name: 'shop_get', arguments: { id: 'a' } });
    assert.equal(whole.status, 200);
    await whole.text();
    assert.equal(hub.hub.diagnostics.meter('mcp').inFlight, 0);
  });

  it('bytes that a real request became by accident are refused or answered', async (context) => {
    const { url } = await startShop(context);
    const real = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'shop_get', arguments: { id: 'a', weight: 1 }, _meta: MODERN_META },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(real.length - 1),
        fc.nat(5),
        fc.string({ maxLength: 3 }),
        async (at, cut, put) => {
          const response = await post(url, real.slice(0, at) + put + real.slice(at + cut), {
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'tools/call',
            'mcp-name': 'shop_get',
          });
          assert.ok(response.status < 500, `status ${response.status}`);
          await response.text();
        },
      ),
      { numRuns: 200 },
    );
  });
});

function printable(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[^\x21-\x7e]/g, '') : '';
}

function nameOf(params: unknown): string {
  const { name, uri } = (params ?? {}) as { name?: unknown; uri?: unknown };
  return printable(name ?? uri);
}
