/** Compiled queries against graphql's own execution of the same documents, made at random; and any
 * text at all, which must never do more than be refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  execute,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isObjectType,
  isUnionType,
  parse,
} from 'graphql';
import { NO_METADATA } from '../../src/model/metadata.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { Engine } from '../../src/protocols/graphql/engine.ts';
import { RequestError } from '../../src/protocols/graphql/execute/errors.ts';
import { type Caller, Execution } from '../../src/protocols/graphql/execute/run.ts';
import { startHub } from '../../src/testing/index.ts';
import { BOOKS, graphqlApplication } from './graphql-application.ts';

const hub = await startHub([graphqlApplication()]);
test.after(() => hub.close());

const limits = { maxDepth: 50, maxAliases: 1e6, maxRootFields: 1e6, maxCost: 1e9 };
const engine = new Engine(hub.hub.contracts(), {
  ...limits,
  path: '/graphql',
  maxBodyBytes: 1_000_000,
  maxTokens: 1e6,
  listCost: 1,
  introspection: true,
  cachedQueries: 10,
  cacheBytes: 1_000_000,
} as unknown as ConstructorParameters<typeof Engine>[1]);

const caller: Caller = {
  principal: LOCAL,
  metadata: NO_METADATA,
  deadlineMs: undefined,
  trace: undefined,
  began() {},
  settled() {},
};

async function compiled(query: string, variables: Record<string, unknown>): Promise<unknown> {
  const service = {
    hub: hub.hub,
    meter: hub.hub.diagnostics.meter('graphql'),
    limits: { maxCalls: 100_000, maxBatch: 7 },
  };
  const bound = engine.prepare(query, undefined).bind(variables);
  return JSON.parse(await new Execution(service, caller).run(bound));
}

/** The data of the handlers, resolved field by field. */
const resolve: GraphQLFieldResolver<unknown, unknown> = (source, given, _, info) => {
  const value = rawValue(source as Record<string, unknown>, info.fieldName, given);
  return isEnumType(getNamedType(info.returnType)) && typeof value === 'string'
    ? value.replace('-', '_')
    : value;
};

function rawValue(source: Record<string, unknown>, name: string, given: unknown): unknown {
  const { id, limit = 10 } = given as { id?: string; limit?: number };
  switch (name) {
    case 'booksGet':
      return BOOKS.find((book) => book.id === id);
    case 'booksList':
      return { items: BOOKS.slice(0, limit) };
    case 'booksShapes':
      return [{ radius: 1 }, { width: 2, height: 3 }];
    case 'booksOld':
      return 1;
    case 'author':
      return source.authorId === 'author-3'
        ? null
        : { id: source.authorId, name: `Name of ${String(source.authorId)}` };
    case 'books':
      return BOOKS.filter((book) => book.authorId === source.id);
    case 'sold_abroad':
      return source['sold-abroad'];
    default:
      return source[name];
  }
}

async function reference(query: string, variableValues: Record<string, unknown>): Promise<unknown> {
  const result = await execute({
    schema: engine.schema,
    document: parse(query),
    rootValue: {},
    variableValues,
    fieldResolver: resolve,
    typeResolver: (value) => ('radius' in (value as object) ? 'ShapeOption1' : 'ShapeOption2'),
  });
  return JSON.parse(JSON.stringify(result));
}

const ROOTS: Readonly<Record<string, string>> = {
  booksGet: `(id: "${BOOKS[3]!.id}")`,
  booksList: '(limit: $limit)',
  booksShapes: '',
  booksOld: '',
};

/** Writes a valid query by a list of decisions. */
class QueryWriter {
  readonly #schema: GraphQLSchema;
  readonly #decisions: readonly number[];
  #next = 0;
  #aliases = 0;
  readonly #fragments: string[] = [];

  constructor(schema: GraphQLSchema, decisions: readonly number[]) {
    this.#schema = schema;
    this.#decisions = decisions;
  }

  #choose(count: number): number {
    const decision = this.#decisions[this.#next++ % this.#decisions.length]!;
    return (decision + this.#next) % count;
  }

  write(): string {
    const body = this.#selection(this.#schema.getQueryType()!, 0);
    const head = 'query ($limit: Int!, $yes: Boolean!, $no: Boolean = false)';
    // Every variable has to be used.
    const used =
      '{ used: booksList(limit: $limit) @include(if: $yes) @skip(if: $no) { __typename }';
    return `${head} ${used} ${body.slice(1)} ${this.#fragments.join(' ')}`;
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    const parts: string[] = [];
    const count = 1 + this.#choose(4);
    for (let index = 0; index < count; index++) parts.push(this.#part(type, depth));
    return `{ ${parts.join(' ')} }`;
  }

  #part(type: GraphQLNamedType, depth: number): string {
    const condition = ['', '', '', '@include(if: $yes)', '@skip(if: $no)', '@skip(if: $yes)'][
      this.#choose(6)
    ]!;
    const choice = this.#choose(8);
    if (choice === 0) return `${this.#alias()}__typename ${condition}`;
    const targets = isUnionType(type) ? type.getTypes() : [type];
    const target = targets[this.#choose(targets.length)]!;
    if (choice === 1 && depth < 3) {
      return `... on ${target.name} ${condition} ${this.#selection(target, depth + 1)}`;
    }
    if (choice === 2 && depth < 3) {
      const name = `F${this.#fragments.length}`;
      const slot = this.#fragments.push('') - 1;
      this.#fragments[slot] =
        `fragment ${name} on ${target.name} ${this.#selection(target, depth + 1)}`;
      return `...${name} ${condition}`;
    }
    if (!isObjectType(type)) return `__typename ${condition}`;
    return this.#field(type.name === 'Query', Object.values(type.getFields()), depth, condition);
  }

  #field(
    isRoot: boolean,
    all: readonly GraphQLField<unknown, unknown>[],
    depth: number,
    condition: string,
  ): string {
    const fields = all.filter(({ name, type }) =>
      isRoot ? name in ROOTS : depth < 4 || !('getFields' in getNamedType(type)),
    );
    const field = fields[this.#choose(fields.length)];
    if (field === undefined) return '__typename';
    const type = getNamedType(field.type);
    const composite = isObjectType(type) || isUnionType(type);
    const below = composite ? this.#selection(type, depth + 1) : '';
    return `${this.#alias()}${field.name}${isRoot ? ROOTS[field.name] : ''} ${condition} ${below}`;
  }

  #alias(): string {
    return this.#choose(3) === 0 ? `a${this.#aliases++}: ` : '';
  }
}

test('what a compiled query answers is what graphql answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      async (decisions, limit, yes) => {
        const query = new QueryWriter(engine.schema, decisions).write();
        const variables = { limit, yes };
        assert.deepEqual(
          await compiled(query, variables),
          await reference(query, variables),
          query,
        );
        // In the same order, too.
        assert.equal(
          JSON.stringify(await compiled(query, variables)),
          JSON.stringify(await reference(query, variables)),
        );
      },
    ),
    { numRuns: 150 },
  );
});

const words = fc.constantFrom(
  ...'{ } ( ) [ ] : ! $ @ ... | & = query mutation subscription fragment on booksGet booksList items id title parts author __typename __schema types name F $id "x" 1 -1.5e9 true null @skip @include if: # """ \\ \u0000 \ud800 ä'.split(
    ' ',
  ),
);

test('any document is answered or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(words, { maxLength: 60 }), async (parts) => {
      try {
        await compiled(parts.join(' '), {});
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error));
        assert.ok(error.errors.length > 0);
      }
    }),
    { numRuns: 500 },
  );
});

test('any body is answered with a status below 500, and the hub goes on', async () => {
  const send = (body: string) =>
    fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc
          .record({ query: fc.anything(), variables: fc.anything(), extensions: fc.anything() })
          .map((value) => {
            try {
              return JSON.stringify(value) ?? '';
            } catch {
              return '{"query":1n}';
            }
          }),
      ),
      async (body) => {
        const response = await send(body);
        assert.ok(response.status < 500, `${response.status} for ${body}`);
        await response.arrayBuffer();
      },
    ),
    { numRuns: 150 },
  );
  const good = await send('{"query":"{ booksOld }"}');
  assert.deepEqual(await good.json(), { data: { booksOld: 1 } });
});
