/** Queries and mutations over HTTP against a real hub, by undici; answers compared with graphql's
 * own execution where that can be done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHub } from '../../src/testing/index.ts';
import { BOOKS, graphqlApplication, newSeen } from './graphql-application.ts';
import { ask, dataOf } from './graphql-kit.ts';

const seen = newSeen();
const hub = await startHub([graphqlApplication(seen)]);
test.after(() => hub.close());
const { url } = hub;
const ID = BOOKS[1]!.id;

test('a query answers what was selected, in its order, under its aliases', async () => {
  const data = await dataOf(
    url,
    `query Q($id: String!, $more: Boolean!) {
      booksGet(id: $id) { title kind: genre ...Part @include(if: $more) ... @skip(if: $more) { sold } id }
    }
    fragment Part on Book { parts { name parts { name __typename } } sold_abroad }`,
    { variables: { id: ID, more: true } },
  );
  assert.equal(
    JSON.stringify(data),
    JSON.stringify({
      booksGet: {
        title: BOOKS[1]!.title,
        kind: 'science_fiction',
        parts: [
          { name: 'one', parts: [{ name: 'one.one', __typename: 'Part' }] },
          { name: 'two', parts: null },
        ],
        sold_abroad: 1,
        id: ID,
      },
    }),
  );
  const other = await dataOf(
    url,
    `query Q($id: String!, $more: Boolean!) { booksGet(id: $id) { title @skip(if: $more) ... @include(if: $more) { sold } } }`,
    { variables: { id: ID, more: true } },
  );
  assert.deepEqual(other, { booksGet: { sold: 5_000_000_001 } });
});

test('fields of one key are merged, through fragments and lists', async () => {
  const data = await dataOf(
    url,
    `{ booksList(limit: 2) { items { parts { name } } ...A items { id } } }
     fragment A on BooksListResult { items { parts { parts { name } } } }`,
  );
  const { items } = data.booksList as { items: Record<string, unknown>[] };
  assert.deepEqual(items[1], {
    parts: [
      { name: 'one', parts: [{ name: 'one.one' }] },
      { name: 'two', parts: null },
    ],
    id: BOOKS[1]!.id,
  });
});

test('root fields run side by side, and a fault of one leaves the others', async () => {
  const { status, data, errors } = await ask(
    url,
    `{ a: booksGet(id: "none") { id } b: booksOld c: booksList(genre: poetry, limit: 1) { items { genre } } }`,
  );
  assert.equal(status, 200);
  assert.deepEqual(data, { a: null, b: 1, c: { items: [{ genre: 'poetry' }] } });
  assert.equal(errors?.length, 1);
  assert.deepEqual(errors[0]?.path, ['a']);
  assert.deepEqual(errors[0]?.locations, [{ line: 1, column: 3 }]);
  assert.deepEqual(errors[0]?.extensions, {
    code: 'NOT_FOUND',
    error: 'BookMissing',
    data: { id: 'none' },
  });
});

test('names that GraphQL has no letters for come to the handler as the contract has them', async () => {
  const data = await dataOf(
    url,
    `query ($shape: ShapeInput, $genre: Genre) {
      booksEcho(genre: $genre, sold_abroad: 3, any: {a: [1, "x", null, TRUE]}, list: 5, big: 9223372036854775807, shape: $shape)
    }`,
    { variables: { genre: 'science_fiction', shape: { option2: { width: 1, height: 2 } } } },
  );
  assert.deepEqual(data.booksEcho, {
    genre: 'science-fiction',
    'sold-abroad': 3,
    any: { a: [1, 'x', null, 'TRUE'] },
    list: [5],
    big: '9223372036854775807',
    shape: { width: 1, height: 2 },
  });
});

test('null is passed on where the contract takes it, and means nothing elsewhere', async () => {
  const data = await dataOf(
    url,
    `query ($tip: Float, $note: String, $gone: Float) { a: booksEcho(tip: $tip, note: $note) b: booksEcho(tip: $gone) c: booksEcho(tip: null, note: null) }`,
    { variables: { tip: null, note: null } },
  );
  assert.deepEqual(data, { a: { tip: null }, b: {}, c: { tip: null } });
});

test('a union goes in by one of its fields and comes out by its type', async () => {
  const mutation = `mutation ($payment: PaymentInput!) {
    booksPay(payment: $payment) { __typename ... on Card { number } ... on Transfer { iban } }
  }`;
  const card = await dataOf(url, mutation, { variables: { payment: { card: { number: '1' } } } });
  assert.deepEqual(card, { booksPay: { __typename: 'Card', number: '1' } });
  assert.deepEqual(seen.calls.at(-1), {
    operation: 'books.pay',
    input: { payment: { kind: 'card', number: '1' } },
  });
  const { errors } = await ask(url, mutation, {
    variables: { payment: { card: { number: '1' }, transfer: { iban: 'X' } } },
  });
  assert.match(errors?.[0]?.message ?? '', /one/i);
  const shapes = await dataOf(
    url,
    '{ booksShapes { __typename ... on ShapeOption1 { radius } ... on ShapeOption2 { w: width } } }',
  );
  assert.deepEqual(shapes.booksShapes, [
    { __typename: 'ShapeOption1', radius: 1 },
    { __typename: 'ShapeOption2', w: 2 },
  ]);
});

test('mutations run one after the other, and reply metadata comes in extensions', async () => {
  const { data, extensions } = await ask(
    url,
    'mutation { a: booksForget(id: "1") b: booksPay(payment: {card: {number: "2"}}) { __typename } __typename }',
  );
  assert.deepEqual(data, { a: null, b: { __typename: 'Card' }, __typename: 'Mutation' });
  assert.deepEqual(extensions, { metadata: { 'x-forgotten': 'yes' } });
});

test('links are followed by one call of the batch operation for a whole list', async () => {
  seen.calls.length = 0;
  const data = await dataOf(
    url,
    `{ booksList(limit: 12) { items { id author { name books { title by: author { id } } } } } }`,
    {},
  );
  const { items } = data.booksList as {
    items: { id: string; author: Record<string, unknown> | null }[];
  };
  assert.equal(items.length, 12);
  assert.deepEqual(items[0]?.author, {
    name: 'Name of author-0',
    books: BOOKS.filter((book) => book.authorId === 'author-0').map((book) => ({
      title: book.title,
      by: { id: 'author-0' },
    })),
  });
  assert.equal(items[3]?.author, null, 'an author whom the batch operation does not find');
  const calls = seen.calls.map(({ operation }) => operation);
  assert.equal(calls.filter((name) => name === 'authors.getMany').length, 2, 'one for each level');
  assert.equal(calls.filter((name) => name === 'authors.get').length, 0);
  assert.equal(calls.filter((name) => name === 'books.by').length, 3, 'equal calls are made once');
});

test('an error of a link says where, and leaves the rest', async () => {
  const small = await startHub([graphqlApplication()], {
    config: { protocols: { graphql: { maxCalls: 2 } } },
  });
  try {
    const { data, errors } = await ask(
      small.url,
      '{ booksList(limit: 4) { items { author { books { id } } } } }',
    );
    const { items } = data!.booksList as { items: { author: { books: unknown } | null }[] };
    assert.equal(items.length, 4);
    assert.equal(errors?.length, 2, 'one call for the authors and one for the first of them');
    assert.deepEqual(errors[0]?.path, ['booksList', 'items', 1, 'author', 'books']);
    assert.equal(errors[0]?.extensions.code, 'RESOURCE_EXHAUSTED');
    assert.ok(Array.isArray(items[0]?.author?.books));
    assert.equal(items[1]?.author?.books, null);
  } finally {
    await small.close();
  }
});

test('an input that does not fit the contract names the place, as in every protocol', async () => {
  const { data, errors } = await ask(url, '{ booksList(limit: 5000) { items { id } } }');
  assert.deepEqual(data, { booksList: null });
  assert.equal(errors?.[0]?.extensions.code, 'INVALID_ARGUMENT');
  assert.equal((errors[0].extensions.violations as { path: string }[])[0]?.path, '/limit');
});

test('an alias __proto__ is a name like any other', async () => {
  const { data } = await ask(
    url,
    `{ __proto__: booksOld x: booksGet(id: "${ID}") { __proto__: pages } }`,
  );
  assert.equal(JSON.stringify(data), '{"__proto__":1,"x":{"__proto__":101}}');
});

test('the deadline of X-Timeout-Ms and a client that leaves end the handler', async () => {
  const late = await ask(url, '{ booksSlow }', { headers: { 'x-timeout-ms': '50' } });
  assert.equal(late.errors?.[0]?.extensions.code, 'DEADLINE_EXCEEDED');
  assert.equal(await seen.slowEnded.promise, 'DEADLINE_EXCEEDED');
  Object.assign(seen, { slowEnded: Promise.withResolvers(), slowStarted: Promise.withResolvers() });
  const leave = new AbortController();
  const given = ask(url, '{ booksSlow }', { signal: leave.signal });
  await seen.slowStarted.promise;
  leave.abort();
  await assert.rejects(given);
  assert.equal(await seen.slowEnded.promise, 'CANCELLED');
});

test('introspection is answered by graphql itself, beside data, with variables', async () => {
  const data = await dataOf(
    url,
    `query ($old: Boolean!) { booksOld __type(name: "Book") { fields(includeDeprecated: $old) { ...F } } s: __schema { queryType { name } } }
     fragment F on __Field { name isDeprecated }`,
    { variables: { old: false } },
  );
  assert.deepEqual(Object.keys(data), ['booksOld', '__type', 's']);
  const { fields } = data.__type as { fields: { name: string }[] };
  assert.ok(fields.some(({ name }) => name === 'author'));
  assert.ok(!fields.some(({ name }) => name === 'old'));
});
