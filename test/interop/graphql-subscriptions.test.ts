/** Subscriptions by the clients of the field: graphql-ws over WebSocket, graphql-sse in both of its
 * modes, and plain event streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { fetch } from 'undici';
import { WebSocket } from 'ws';
import { startHub } from '../../src/testing/index.ts';
import { BOOKS, graphqlApplication, newSeen } from './graphql-application.ts';
import { ask } from './graphql-kit.ts';

const TOKEN = 'token-of-somebody-who-may-do-everything';
const seen = newSeen();
const hub = await startHub([graphqlApplication(seen)], {
  config: { auth: { anonymous: 'allow', tokens: [{ id: 'full', token: TOKEN, scopes: ['*'] }] } },
});
test.after(() => hub.close());
const httpUrl = `${hub.url}/graphql`;
const wsUrl = httpUrl.replace('http', 'ws');

interface Client {
  iterate(request: {
    query: string;
    variables?: Record<string, unknown>;
  }): AsyncIterableIterator<{ data?: unknown; errors?: readonly unknown[]; extensions?: unknown }>;
  dispose(): unknown;
}

const clients: readonly (readonly [string, () => Client])[] = [
  [
    'graphql-ws',
    () =>
      createWsClient({
        url: wsUrl,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization: `Bearer ${TOKEN}` },
      }) as unknown as Client,
  ],
  ...[false, true].map(
    (singleConnection) =>
      [
        `graphql-sse${singleConnection ? ', single connection' : ''}`,
        () =>
          createSseClient({
            url: singleConnection ? `${httpUrl}/stream` : httpUrl,
            singleConnection,
            fetchFn: fetch,
            retryAttempts: 0,
            headers: { authorization: `Bearer ${TOKEN}` },
          } as Parameters<typeof createSseClient>[0]) as unknown as Client,
      ] as const,
  ),
];

for (const [name, create] of clients) {
  test(`${name}: a server stream comes whole and in order`, async () => {
    const client = create();
    const items: unknown[] = [];
    for await (const { data } of client.iterate({
      query: 'subscription ($to: Int!) { n: booksCount(to: $to) }',
      variables: { to: 500 },
    })) {
      items.push((data as { n: number }).n);
    }
    assert.deepEqual(
      items,
      Array.from({ length: 500 }, (_, index) => index),
    );
    await client.dispose();
  });

  test(`${name}: a fault after items comes with its data, then the end`, async () => {
    const client = create();
    const results: { data?: unknown; errors?: readonly unknown[] }[] = [];
    for await (const result of client.iterate({ query: 'subscription { booksCount(to: 13) }' })) {
      results.push(result);
    }
    assert.equal(results.length, 14);
    const [error] = results.at(-1)!.errors as { extensions: unknown; path: unknown }[];
    assert.deepEqual(error?.extensions, {
      code: 'NOT_FOUND',
      error: 'BookMissing',
      data: { id: '13' },
    });
    assert.deepEqual(error?.path, ['booksCount']);
    await client.dispose();
  });

  test(`${name}: events that match the arguments come, while queries run beside`, async () => {
    const client = create();
    const got: unknown[] = [];
    const events = client.iterate({
      query: 'subscription { booksAppeared(id: "b.2") { title id } }',
    });
    const first = events.next();
    // Announced until it is heard: nobody says when the subscription stands.
    let heard = false;
    const announcing = (async () => {
      while (!heard) {
        for (const id of ['b1', 'b.2']) {
          const { errors } = await ask(
            hub.url,
            'mutation ($id: String!) { booksAnnounce(id: $id, title: "T") }',
            { variables: { id } },
          );
          assert.equal(errors, undefined);
        }
      }
    })();
    got.push((await first).value);
    heard = true;
    await announcing;
    assert.deepEqual(JSON.parse(JSON.stringify(got)), [
      { data: { booksAppeared: { title: 'T', id: 'b.2' } } },
    ]);
    for await (const { data } of client.iterate({ query: '{ booksOld }' })) {
      assert.deepEqual({ ...(data as object) }, { booksOld: 1 });
    }
    await events.return?.();
    await client.dispose();
  });

  test(`${name}: leaving ends the handler`, async () => {
    Object.assign(seen, {
      slowEnded: Promise.withResolvers(),
      slowStarted: Promise.withResolvers(),
    });
    const client = create();
    const slow = client.iterate({ query: '{ booksSlow }' });
    const result = slow.next();
    await seen.slowStarted.promise;
    await slow.return?.();
    assert.equal(await seen.slowEnded.promise, 'CANCELLED');
    await result;
    await client.dispose();
  });

  test(`${name}: a document that is not valid is refused with its errors`, async () => {
    const client = create();
    const results = client.iterate({ query: 'subscription { nowhere }' });
    let errors: readonly { extensions: { code: string } }[] = [];
    try {
      for await (const result of results) errors = result.errors as typeof errors;
    } catch (error) {
      errors = error as typeof errors;
    }
    assert.equal(errors[0]?.extensions.code, 'UNIMPLEMENTED');
    await client.dispose();
  });
}

test('links are followed for each item of a subscription', async () => {
  const response = await fetch(httpUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: `{ booksGet(id: "${BOOKS[0]!.id}") { author { name } } }` }),
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.equal(
    await response.text(),
    'event: next\ndata: {"data":{"booksGet":{"author":{"name":"Name of author-0"}}}}\n\nevent: complete\ndata:\n\n',
  );
});

test('a WebSocket is closed with the code of its mistake', async () => {
  const closed = (
    messages: readonly string[],
    protocol: string | undefined = 'graphql-transport-ws',
  ) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(wsUrl, protocol === '' ? [] : [protocol]);
      socket.on('open', () => {
        for (const message of messages) socket.send(message);
      });
      socket.on('close', resolve);
      socket.on('error', reject);
    });
  const init = '{"type":"connection_init"}';
  const subscribe =
    '{"id":"1","type":"subscribe","payload":{"query":"subscription{booksAppeared{id}}"}}';
  assert.equal(await closed(['{']), 4400);
  assert.equal(await closed(['[]']), 4400);
  assert.equal(await closed(['{"type":"start"}']), 4400);
  assert.equal(await closed([subscribe]), 4401);
  assert.equal(await closed(['{"type":"connection_init","payload":{"token":"wrong"}}']), 4401);
  assert.equal(await closed([init], ''), 4406);
  assert.equal(await closed([init, init]), 4429);
  const twice = await new Promise<number>((resolve) => {
    const socket = new WebSocket(wsUrl, 'graphql-transport-ws');
    socket.on('open', () => socket.send(init));
    socket.on('message', () => {
      socket.send(subscribe);
      socket.send(subscribe);
    });
    socket.on('close', resolve);
  });
  assert.equal(twice, 4409);
});

test('a WebSocket that never says connection_init is closed', async () => {
  const quick = await startHub([graphqlApplication()], {
    config: { protocols: { graphql: { initTimeoutMs: 100 } } },
  });
  try {
    const code = await new Promise<number>((resolve) => {
      const socket = new WebSocket(
        `${quick.url.replace('http', 'ws')}/graphql`,
        'graphql-transport-ws',
      );
      socket.on('close', resolve);
    });
    assert.equal(code, 4408);
  } finally {
    await quick.close();
  }
});

test('reserved event streams: unknown tokens, second connections and taken ids are refused', async () => {
  const stream = `${httpUrl}/stream`;
  const token = await (await fetch(stream, { method: 'PUT' })).text();
  const headers = { 'x-graphql-event-stream-token': token, 'content-type': 'application/json' };
  const leave = new AbortController();
  const open = await fetch(stream, { headers, signal: leave.signal });
  assert.equal(open.status, 200);
  assert.equal((await fetch(stream, { headers })).status, 409);
  assert.equal((await fetch(`${stream}?token=nobody`)).status, 404);
  const post = (body: unknown) =>
    fetch(stream, { method: 'POST', headers, body: JSON.stringify(body) });
  const request = { query: 'subscription { booksAppeared { id } }' };
  assert.equal((await post(request)).status, 400, 'without an id');
  const named = { ...request, extensions: { operationId: 'a' } };
  assert.equal((await post(named)).status, 202);
  assert.equal((await post(named)).status, 409);
  assert.equal((await fetch(`${stream}?operationId=a`, { method: 'DELETE', headers })).status, 200);
  leave.abort();
});

test('a hub that stops ends idle event streams, and subscriptions complete', async () => {
  const other = await startHub([graphqlApplication()]);
  const address = `${other.url}/graphql`;
  const token = await (await fetch(`${address}/stream`, { method: 'PUT' })).text();
  const stream = await fetch(`${address}/stream?token=${token}`);
  const events = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { booksAppeared { id } }' }),
  });
  const report = await other.hub.drain(10_000);
  assert.deepEqual(report.aborted, {});
  assert.equal(report.subscriptionsClosed, 1);
  assert.match(await events.text(), /event: complete/);
  await stream.text();
  await other.close();
});
