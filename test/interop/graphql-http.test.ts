/** What GraphQL over HTTP asks for beside the audits: statuses, persisted queries, credentials, the
 * page, and limits. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cacheExchange, fetchExchange, Client as UrqlClient } from '@urql/core';
import { fetch } from 'undici';
import hello from '../../examples/hello.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { graphqlApplication } from './graphql-application.ts';
import { answerOf, ask } from './graphql-kit.ts';

const TOKEN = 'token-of-somebody-who-may-do-everything';
const hub = await startHub([graphqlApplication()], {
  config: {
    auth: {
      anonymous: 'allow',
      tokens: [
        { id: 'full', token: TOKEN, scopes: ['*'] },
        { id: 'limited', token: 'token-of-somebody-who-may-do-little', scopes: [] },
      ],
    },
    protocols: { graphql: { persistedQueries: 2 } },
  },
});
test.after(() => hub.close());
const url = `${hub.url}/graphql`;

const get = async (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
  answerOf(await fetch(`${url}?${new URLSearchParams(parameters)}`, { headers }));

test('GET runs queries, and refuses mutations with 405', async () => {
  const query = 'query Q($l: Int) { booksList(limit: $l) { items { id } } }';
  const answer = await get({ query, variables: '{"l":1}', operationName: 'Q' });
  assert.equal(answer.status, 200);
  assert.match(answer.type, /^application\/json/);
  const refused = await get({ query: 'mutation { booksForget(id: "1") }' });
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get('allow'), 'POST');
  const put = await fetch(url, { method: 'PUT', body: '{}' });
  assert.equal(put.status, 405);
});

test('the media type decides the status of a document that cannot be run', async () => {
  for (const query of ['{', '{ nowhere }', 'query A { booksOld } query B { booksOld }']) {
    const strict = await ask(hub.url, query);
    assert.equal(strict.status, 400);
    assert.match(strict.type, /^application\/graphql-response\+json/);
    assert.equal(strict.data, undefined);
    const older = await ask(hub.url, query, { headers: { accept: 'application/json' } });
    assert.equal(older.status, 200);
  }
  const { errors } = await ask(hub.url, '{ nowhere }');
  assert.equal(errors?.[0]?.extensions.code, 'UNIMPLEMENTED');
});

test('subscriptions, batches and bodies of other types are refused and say why', async () => {
  const subscription = await ask(hub.url, 'subscription { booksAppeared { id } }');
  assert.equal(subscription.status, 400);
  assert.match(subscription.errors?.[0]?.message ?? '', /text\/event-stream/);
  const send = (body: string | Buffer, type: string, more: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': type, ...more }, body });
  const one = '{"query":"{ booksOld }"}';
  const batch = await answerOf(await send(`[${one},${one}]`, 'application/json'));
  assert.equal(batch.status, 400);
  assert.match(batch.errors?.[0]?.message ?? '', /one by one/);
  for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/graphql']) {
    assert.equal((await send(one, type)).status, 415);
  }
  assert.equal((await send(one, 'application/json', { accept: 'image/png' })).status, 406);
  const packed = await send(gzipSync(one), 'application/json', { 'content-encoding': 'gzip' });
  assert.deepEqual((await answerOf(packed)).data, { booksOld: 1 });
  const large = await send(`{"query":"${' '.repeat(2_000_000)}"}`, 'application/json');
  assert.equal(large.status, 413);
});

test('credentials: wrong ones are 401, missing scopes an error of the field', async () => {
  const bad = await ask(hub.url, '{ booksOld }', { headers: { authorization: 'Bearer wrong' } });
  assert.equal(bad.status, 401);
  assert.match(bad.headers.get('www-authenticate') ?? '', /^Bearer/);
  assert.equal(bad.errors?.[0]?.extensions.code, 'UNAUTHENTICATED');
  const code = async (headers: Record<string, string>) =>
    (await ask(hub.url, '{ booksSecret }', { headers })).errors?.[0]?.extensions.code;
  assert.equal(await code({}), 'UNAUTHENTICATED');
  const limited = { authorization: 'Bearer token-of-somebody-who-may-do-little' };
  assert.equal(await code(limited), 'PERMISSION_DENIED');
  assert.equal(await code({ authorization: `Bearer ${TOKEN}` }), undefined);
});

test('automatic persisted queries: by hash once they are known, by GET too, and forgotten again', async () => {
  const hashed = (query: string) => ({
    persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') },
  });
  const query = '{ booksOld }';
  const byHash = () => get({ extensions: JSON.stringify(hashed(query)) });
  const unknown = await byHash();
  assert.equal(unknown.errors?.[0]?.message, 'PersistedQueryNotFound');
  assert.equal(unknown.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
  const { data } = await ask(hub.url, query, { extensions: hashed(query) });
  assert.deepEqual(data, { booksOld: 1 });
  assert.deepEqual((await byHash()).data, { booksOld: 1 });
  const wrong = await ask(hub.url, '{ x: booksOld }', { extensions: hashed(query) });
  assert.equal(wrong.status, 400);
  const broken = await ask(hub.url, '{ nowhere }', { extensions: hashed('{ nowhere }') });
  assert.equal(broken.status, 400);
  for (const other of ['{ a: booksOld }', '{ b: booksOld }']) {
    await ask(hub.url, other, { extensions: hashed(other) });
  }
  assert.equal((await byHash()).errors?.[0]?.message, 'PersistedQueryNotFound');
});

test('large answers are compressed', async () => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'br' },
    body: JSON.stringify({
      query:
        '{ booksList(limit: 12) { items { id title labels parts { name } } } a: booksList(limit: 12) { items { id title labels } } }',
    }),
  });
  assert.equal(response.headers.get('content-encoding'), 'br');
  assert.equal((await answerOf(response)).errors, undefined);
});

test('urql queries and mutates', async () => {
  const client = new UrqlClient({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetch: fetch as unknown as typeof globalThis.fetch,
    preferGetMethod: 'force',
  });
  const { data, error } = await client
    .query('query ($limit: Int) { booksList(limit: $limit) { items { id author { name } } } }', {
      limit: 2,
    })
    .toPromise();
  assert.equal(error, undefined);
  assert.equal((data as { booksList: { items: unknown[] } }).booksList.items.length, 2);
  const failed = await client.query('{ booksGet(id: "x") { id } }', {}).toPromise();
  assert.equal(failed.error?.graphQLErrors[0]?.extensions.error, 'BookMissing');
  const changed = await client.mutation('mutation { booksForget(id: "1") }', {}).toPromise();
  assert.deepEqual(changed.data, { booksForget: null });
});

test('browsers get a page that runs nothing but its own files', async () => {
  const page = await fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  const html = await page.text();
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);
  assert.ok(files.length >= 2);
  for (const file of files) assert.equal((await fetch(new URL(file, url))).status, 200, file);
  assert.doesNotMatch(html, /https?:/);
});

async function limited(options: object, work: (one: TestHub) => Promise<void>): Promise<void> {
  const one = await startHub([graphqlApplication()], {
    config: { protocols: { graphql: options } },
  });
  try {
    await work(one);
  } finally {
    await one.close();
  }
}

test('attacks are refused before anything runs', async () => {
  const refused = async (query: string, pattern: RegExp, code = 'RESOURCE_EXHAUSTED') => {
    const { status, errors } = await ask(hub.url, query);
    assert.equal(status, 400);
    assert.match(errors?.[0]?.message ?? '', pattern);
    assert.equal(errors?.[0]?.extensions.code, code);
  };
  const aliases = Array.from({ length: 60 }, (_, index) => `a${index}: title`).join(' ');
  await refused(`{ booksGet(id: "1") { ${aliases} } }`, /60 aliases/);
  const calls = Array.from({ length: 30 }, (_, index) => `a${index}: booksOld`).join(' ');
  await refused(`{ ${calls} }`, /30 fields at its root/);
  await refused(
    `{ booksGet(id: "1") ${'{ parts '.repeat(20)}{ name }${' }'.repeat(20)} }`,
    /levels deep/,
  );
  await refused(`{ ${'booksOld '.repeat(3000)} }`, /tokens/i, 'INVALID_ARGUMENT');
  await refused(`${'{ a '.repeat(600)}${'}'.repeat(600)}`, /levels deep/);
  await refused(
    `{ booksGet(id: "1") { ...A } } fragment A on Book { parts { ...B } } fragment B on Part { parts { ...B } }`,
    /fragment/i,
    'INVALID_ARGUMENT',
  );
  const bomb = Array.from(
    { length: 25 },
    (_, index) =>
      `fragment F${index} on Part { parts { ...F${index + 1} } parts { ...F${index + 1} } }`,
  ).join(' ');
  await refused(
    `{ booksGet(id: "1") { parts { ...F0 } } } ${bomb} fragment F25 on Part { name }`,
    /levels deep/,
  );
  const wide = Array.from(
    { length: 10 },
    (_, index) => `fragment F${index} on Part { ${`name ...F${index + 1} `.repeat(4)} }`,
  ).join(' ');
  await refused(
    `{ booksGet(id: "1") { parts { ...F0 } } } ${wide} fragment F10 on Part { name }`,
    /costs/,
  );
  await refused(
    '{ booksList { items { author { books { author { books { author { books { id } } } } } } } } }',
    /costs/,
  );
  await refused(
    `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
    /introspection depth/i,
    'INVALID_ARGUMENT',
  );
  const { data } = await ask(hub.url, '{ booksOld }');
  assert.deepEqual(data, { booksOld: 1 });
});

test('each limit is an option', async () => {
  await limited(
    { maxDepth: 2, maxAliases: 1, maxRootFields: 1, maxTokens: 30, maxCost: 200 },
    async (one) => {
      const message = async (query: string) =>
        (await ask(one.url, query)).errors?.[0]?.message ?? '';
      assert.match(
        await message('{ booksList { items { id } } }'),
        /3 levels deep; the limit is 2/,
      );
      assert.match(await message('{ a: booksOld b: booksOld }'), /2 aliases; the limit is 1/);
      assert.match(await message('{ a: booksOld booksOld }'), /2 fields at its root/);
      assert.match(await message(`{ booksOld ${'# c\n'.repeat(40)} }`), /comments/i);
      assert.match(await message(`{ booksGet(id: "1") { id ${'title '.repeat(40)} } }`), /tokens/i);
    },
  );
});

test('introspection can be switched off, and then mistakes are not explained', async () => {
  await limited({ introspection: false, page: false }, async (one) => {
    const { errors } = await ask(one.url, '{ __schema { queryType { name } } }');
    assert.match(errors?.[0]?.message ?? '', /introspection/i);
    const wrong = await ask(one.url, '{ booksOl }');
    assert.doesNotMatch(wrong.errors?.[0]?.message ?? '', /booksOld/);
    const typed = await ask(one.url, '{ __typename }');
    assert.deepEqual(typed.data, { __typename: 'Query' });
    const page = await fetch(`${one.url}/graphql`, { headers: { accept: 'text/html' } });
    assert.notEqual(page.status, 200);
  });
});

test('the schema is told to callers whom the hub knows', async () => {
  const token = 'a-token-for-this-test-only';
  await using hub = await startHub(hello, {
    config: { auth: { tokens: [{ id: 'tester', token, scopes: [] }] } },
  });
  const query = '{ __schema { queryType { name } } }';
  const refused = await ask(hub.url, query);
  assert.equal(refused.errors?.[0]?.extensions.code, 'UNAUTHENTICATED');
  assert.equal(refused.data?.__schema, null);
  const headers = { authorization: `Bearer ${token}` };
  const answer = await ask(hub.url, query, { headers });
  assert.deepEqual(answer.data, { __schema: { queryType: { name: 'Query' } } });
});
