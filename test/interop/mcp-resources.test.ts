import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import type { RunningHub } from '../../src/hub/create-hub.ts';
import { FULL, LIMITED, modernClient, sessionClient, startShop } from './mcp-kit.ts';
import { until } from './until.ts';

const SOLD = 'polywire://events/shop.sold';
const MEASURED = 'polywire://events/shop.measured';
const TICKS = 'polywire://streams/shop.ticks';

type Reader = {
  readResource(request: { uri: string }): Promise<{ contents: unknown[] }>;
};

async function read(client: Reader, uri: string): Promise<Record<string, unknown>> {
  const { contents } = await client.readResource({ uri });
  const [content, ...others] = contents as { uri: string; mimeType: string; text: string }[];
  assert.equal(others.length, 0);
  assert.equal(content!.uri, uri);
  assert.equal(content!.mimeType, 'application/json');
  return JSON.parse(content!.text) as Record<string, unknown>;
}

const payloads = async (client: Reader, uri: string): Promise<unknown[]> =>
  ((await read(client, uri)).messages as { payload: unknown }[]).map(({ payload }) => payload);

function emit(hub: { url: string }, subject: string, payload: unknown): Promise<Response> {
  return fetch(`${hub.url}/publish/${subject}`, {
    method: 'POST',
    body: JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });
}

describe('resources', () => {
  it('are events, and streams that queries answer', async (context) => {
    const { url } = await startShop(context);
    const client = await modernClient(context, url);
    const { resources } = await client.listResources();
    assert.deepEqual(
      resources.map(({ uri }) => uri),
      [TICKS, 'polywire://streams/shop.breaks', SOLD, MEASURED, 'polywire://events/shop.audited'],
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    assert.deepEqual(
      resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      ['polywire://streams/shop.count{?from,to}', `${MEASURED}/{room}`],
    );
  });

  it('of events hold the latest messages, by what the subject says', async (context) => {
    const { hub, url } = await startShop(context, { mcp: { recentMessages: 2 } });
    const client = await modernClient(context, url);
    assert.deepEqual(await read(client, SOLD), { messages: [] });
    for (const id of ['a', 'b', 'c'])
      await client.callTool({ name: 'shop_buy', arguments: { id } });
    assert.deepEqual(await payloads(client, SOLD), [{ id: 'b' }, { id: 'c' }]);
    await emit(hub, 'rooms/kitchen/celsius', { room: 'kitchen', celsius: 20 });
    await emit(hub, 'rooms/living%20room/celsius', { room: 'living room', celsius: 21 });
    assert.equal((await payloads(client, MEASURED)).length, 2);
    assert.equal((await payloads(client, `${MEASURED}/*`)).length, 2);
    assert.deepEqual(await payloads(client, `${MEASURED}/living%20room`), [
      { room: 'living room', celsius: 21 },
    ]);
    assert.deepEqual(await payloads(client, `${MEASURED}/%2A`), []);
  });

  it('of streams hold what comes in a short time where nobody is subscribed', async (context) => {
    const { url, seen } = await startShop(context, { mcp: { readTimeMs: 50, recentMessages: 3 } });
    const client = await modernClient(context, url);
    const count = 'polywire://streams/shop.count';
    assert.deepEqual(await read(client, `${count}?to=2`), { items: [1, 2], ended: true });
    assert.deepEqual(await read(client, `${count}?from=5&to=500`), {
      items: [5, 6, 7],
      ended: false,
    });
    assert.deepEqual(await read(client, TICKS), { items: [], ended: false });
    assert.equal(seen.open, 0);
    for (const bad of ['', '?to=x', '?to=1&to=2', '?from=1', '?to=1&more=1']) {
      await assert.rejects(client.readResource({ uri: count + bad }), { code: -32602 }, bad);
    }
    await assert.rejects(client.readResource({ uri: 'polywire://streams/shop.breaks' }), {
      code: -31009,
    });
  });

  it('that are not there, or not for this principal, say so', async (context) => {
    const { url } = await startShop(context, { secured: true });
    const modern = await modernClient(context, url, LIMITED);
    const session = await sessionClient(context, url, LIMITED);
    for (const uri of [
      'polywire://events/shop.nothing',
      'polywire://events/shop.sold/extra',
      'polywire://events/shop.measured/a/b',
      'polywire://events/shop.measured/%ff',
      'polywire://events/shop.sold?x=1',
      'polywire://streams/shop.get',
      'polywire://streams/shop.sum',
      'polywire://streams/shop.ticks/x',
      'polywire://other/shop.sold',
      'file:///etc/passwd',
      '',
    ]) {
      await assert.rejects(modern.readResource({ uri }), { code: -32602 }, uri);
      await assert.rejects(session.readResource({ uri }), { code: -32002 }, uri);
    }
    for (const client of [modern, session]) {
      await assert.rejects(client.readResource({ uri: 'polywire://events/shop.audited' }), {
        code: -31007,
      });
    }
    const full = await modernClient(context, url, FULL);
    assert.deepEqual(await read(full, 'polywire://events/shop.audited'), { messages: [] });
  });
});

describe('subscriptions', () => {
  it('of a session tell of news until they are ended', async (context) => {
    const { url, seen } = await startShop(context);
    const client = await sessionClient(context, url);
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updated.push(params.uri);
    });
    await client.subscribeResource({ uri: SOLD });
    await client.subscribeResource({ uri: TICKS });
    await client.callTool({ name: 'shop_buy', arguments: { id: 'a' } });
    await until('the event was told', () => updated.includes(SOLD));
    assert.deepEqual(await payloads(client, SOLD), [{ id: 'a' }]);
    await until('the stream runs', () => seen.open === 1);
    seen.tick(1);
    seen.tick(2);
    await until('the stream was told', () => updated.includes(TICKS));
    assert.deepEqual(await read(client, TICKS), { items: [1, 2], ended: false });
    await client.unsubscribeResource({ uri: TICKS });
    await client.unsubscribeResource({ uri: SOLD });
    await until('the stream ended', () => seen.open === 0);
    updated.length = 0;
    await client.callTool({ name: 'shop_buy', arguments: { id: 'b' } });
    await client.ping();
    assert.deepEqual(updated, []);
    await assert.rejects(client.subscribeResource({ uri: 'polywire://events/shop.x' }), {
      code: -32002,
    });
  });

  it('without a session tell of news until the client closes them', async (context) => {
    const { url, seen } = await startShop(context);
    const client = await modernClient(context, url);
    const updated: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      updated.push(params.uri);
    });
    const listening = await client.listen({
      resourceSubscriptions: [SOLD, TICKS],
      toolsListChanged: true,
    });
    assert.deepEqual(listening.honoredFilter, { resourceSubscriptions: [SOLD, TICKS] });
    await client.callTool({ name: 'shop_buy', arguments: { id: 'a' } });
    await until('the event was told', () => updated.includes(SOLD));
    seen.tick(4);
    await until('the stream was told', () => updated.includes(TICKS));
    // Another request, and the same stream: reading does not start it again.
    assert.deepEqual(await read(client, TICKS), { items: [4], ended: false });
    assert.equal(seen.open, 1);
    await listening.close();
    await until('the stream ended', () => seen.open === 0);
    await assert.rejects(client.listen({ resourceSubscriptions: ['polywire://events/shop.x'] }), {
      code: -32602,
    });
  });

  it('tell that a stream has ended, and how', async (context) => {
    const { url } = await startShop(context);
    const client = await modernClient(context, url);
    const updated: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      updated.push(params.uri);
    });
    const uri = 'polywire://streams/shop.breaks';
    const listening = await client.listen({ resourceSubscriptions: [uri] });
    await until('news', () => updated.length > 0);
    const end = await read(client, uri);
    assert.deepEqual([end.items, end.ended], [[1, 2], true]);
    assert.deepEqual((end.fault as { error: string }).error, 'OutOfStock');
    await listening.close();
  });

  it('are refused for what the principal may not see', async (context) => {
    const { url } = await startShop(context, { secured: true });
    const uri = 'polywire://events/shop.audited';
    const modern = await modernClient(context, url, LIMITED);
    await assert.rejects(modern.listen({ resourceSubscriptions: [uri] }), { code: -31007 });
    const session = await sessionClient(context, url, LIMITED);
    await assert.rejects(session.subscribeResource({ uri }), { code: -31007 });
  });

  it('are bounded in number', async (context) => {
    const { url } = await startShop(context, { mcp: { maxSubscriptions: 1 } });
    const session = await sessionClient(context, url);
    await session.subscribeResource({ uri: SOLD });
    await session.subscribeResource({ uri: SOLD });
    await assert.rejects(session.subscribeResource({ uri: MEASURED }), { code: -31008 });
    const modern = await modernClient(context, url);
    await assert.rejects(modern.listen({ resourceSubscriptions: [SOLD, MEASURED] }), {
      code: -32602,
    });
  });

  it('end gracefully when the hub stops', async (context) => {
    const { hub, url } = await startShop(context);
    const client = await modernClient(context, url);
    const listening = await client.listen({ resourceSubscriptions: [SOLD] });
    await (hub.hub as RunningHub).drain(1000);
    assert.equal(await listening.closed, 'graceful');
  });
});
