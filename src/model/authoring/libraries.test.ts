import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import Type from 'typebox';
import * as v from 'valibot';
import * as z from 'zod';
import {
  type Contract,
  command,
  contract,
  error,
  event,
  type OperationInput,
  type OperationOutput,
  query,
  service,
  stream,
} from '../../index.ts';
import type { JsonSchema } from '../schema.ts';
import { isSchemaObject, mapSubschemas } from '../schema-tree.ts';
import { compileSchema } from '../validation/validator.ts';
import { implement } from './implement.ts';
import type { Schema } from './standard-schema.ts';

/** The same contract around one library's schemas. */
function written<const I extends Schema, const O extends Schema, const D extends Schema>(schemas: {
  input: I;
  output: O;
  data: D;
}) {
  return contract({
    name: 'orders',
    version: '1.0.0',
    errors: { Refused: error({ code: 'FAILED_PRECONDITION', data: schemas.data }) },
    services: {
      orders: service({
        operations: {
          create: command({ input: schemas.input, output: schemas.output, errors: ['Refused'] }),
          watch: query({ output: stream(schemas.output) }),
        },
        events: { created: event({ key: 'id', payload: schemas.output }) },
      }),
    },
  });
}

const withZod = written({
  input: z.object({
    item: z.string().min(1).max(20),
    count: z.int().min(1).default(1),
    note: z.string().optional(),
    kind: z.enum(['book', 'pen']),
  }),
  output: z.object({
    id: z.string(),
    price: z.number().nullable(),
    tags: z.array(z.string()),
  }),
  data: z.object({ reason: z.string() }),
});

const withArktype = written({
  input: type({
    item: '1 <= string <= 20',
    count: 'number.integer >= 1 = 1',
    'note?': 'string',
    kind: "'book' | 'pen'",
  }),
  output: type({ id: 'string', price: 'number | null', tags: 'string[]' }),
  data: type({ reason: 'string' }),
});

const withValibot = written({
  input: toStandardJsonSchema(
    v.object({
      item: v.pipe(v.string(), v.minLength(1), v.maxLength(20)),
      count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
      note: v.optional(v.string()),
      kind: v.picklist(['book', 'pen']),
    }),
  ),
  output: toStandardJsonSchema(
    v.object({ id: v.string(), price: v.nullable(v.number()), tags: v.array(v.string()) }),
  ),
  data: toStandardJsonSchema(v.object({ reason: v.string() })),
});

const withTypebox = written({
  input: Type.Object({
    item: Type.String({ minLength: 1, maxLength: 20 }),
    count: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
    note: Type.Optional(Type.String()),
    kind: Type.Union([Type.Literal('book'), Type.Literal('pen')]),
  }),
  output: Type.Object({
    id: Type.String(),
    price: Type.Union([Type.Number(), Type.Null()]),
    tags: Type.Array(Type.String()),
  }),
  data: Type.Object({ reason: Type.String() }),
});

const plain = written({
  input: {
    type: 'object',
    properties: {
      item: { type: 'string', minLength: 1, maxLength: 20 },
      count: { type: 'integer', minimum: 1, default: 1 },
      note: { type: 'string' },
      kind: { enum: ['book', 'pen'] },
    },
    required: ['item', 'kind'],
  },
  output: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      price: { type: ['number', 'null'] },
      tags: { type: 'array', items: { type: 'string' } },
    },
    required: ['id', 'price', 'tags'],
  },
  data: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
});

const all = { withZod, withArktype, withValibot, withTypebox, plain };

/**
 * What the libraries write differently about the same values: arktype sorts members and leaves
 * the default out; zod bounds whole numbers to the safe ones; enums and null are enum, const or a
 * union; `type` stands beside `enum` or does not; the order of `required`.
 */
function normal(schema: JsonSchema): JsonSchema {
  if (typeof schema === 'boolean') return schema;
  const copy: Record<string, unknown> = { ...mapSubschemas(schema, normal) };
  delete copy.default;
  if (copy.maximum === Number.MAX_SAFE_INTEGER) delete copy.maximum;
  if (Array.isArray(copy.required)) copy.required = [...copy.required].sort();
  const branches = copy.anyOf as readonly Record<string, unknown>[] | undefined;
  if (branches?.every((branch) => 'const' in branch || Array.isArray(branch.enum))) {
    delete copy.anyOf;
    copy.enum = branches.flatMap((branch) => branch.enum ?? [branch.const]);
  } else if (branches?.every((branch) => isSchemaObject(branch) && 'type' in branch)) {
    delete copy.anyOf;
    copy.type = branches.map((branch) => branch.type);
  }
  if (Array.isArray(copy.enum)) delete copy.type;
  if (Array.isArray(copy.type)) copy.type = [...copy.type].sort();
  return copy;
}

function normalContract({ services, errors, ...rest }: Contract): unknown {
  return {
    ...rest,
    errors: Object.fromEntries(
      Object.entries(errors).map(([name, one]) => [name, { ...one, data: normal(one.data!) }]),
    ),
    services: services.map((one) => ({
      ...one,
      operations: one.operations.map((operation) => ({
        ...operation,
        input: { ...operation.input, schema: normal(operation.input.schema) },
        output: { ...operation.output, schema: normal(operation.output.schema) },
      })),
      events: one.events.map((other) => ({ ...other, schema: normal(other.schema) })),
    })),
  };
}

test('five ways to write a schema give the same neutral contract', () => {
  for (const [name, typed] of Object.entries(all)) {
    assert.deepEqual(normalContract(typed.contract), normalContract(plain.contract), name);
  }
});

test('five ways to write a schema give the same verdicts', () => {
  const inputs: [unknown, boolean][] = [
    [{ item: 'a', kind: 'book' }, true],
    [{ item: 'a', kind: 'book', count: 3, note: 'x', more: true }, true],
    [{ item: '', kind: 'book' }, false],
    [{ item: 'x'.repeat(21), kind: 'book' }, false],
    [{ item: 'a', kind: 'car' }, false],
    [{ item: 'a', kind: 'pen', count: 0 }, false],
    [{ item: 'a', kind: 'pen', count: 1.5 }, false],
    [{ item: 'a' }, false],
    [[], false],
    [null, false],
  ];
  const outputs: [unknown, boolean][] = [
    [{ id: 'a', price: null, tags: [] }, true],
    [{ id: 'a', price: 1.5, tags: ['x'] }, true],
    [{ id: 'a', price: '1', tags: [] }, false],
    [{ id: 'a', tags: [] }, false],
    [{ id: 'a', price: 1, tags: [1] }, false],
  ];
  for (const [name, { contract: neutral }] of Object.entries(all)) {
    const [create] = neutral.services[0]!.operations;
    for (const [side, table] of [
      ['input', inputs],
      ['output', outputs],
    ] as const) {
      const validator = compileSchema(create![side].schema, neutral.$defs);
      for (const [value, expected] of table) {
        assert.equal(validator.check(value), expected, `${name} ${JSON.stringify(value)}`);
      }
    }
  }
});

test('a default is filled in by the library, or by the plan where there is no library', async () => {
  const handler = {
    create: () => ({ id: '', price: null, tags: [] }),
    watch: async function* () {},
  };
  const given = { item: 'a', kind: 'book' };
  for (const typed of [withZod, withArktype, withValibot]) {
    const parser = implement(typed as never, { orders: handler } as never).parsers;
    assert.deepEqual(await parser.get('orders.create')!(given), { ...given, count: 1 });
  }
  for (const typed of [withTypebox, plain]) {
    const [create] = typed.contract.services[0]!.operations;
    const { applyDefaults } = compileSchema(create!.input.schema, typed.contract.$defs);
    assert.deepEqual(applyDefaults!(given), { ...given, count: 1 });
  }
});

test('a plain valibot schema and a date of arktype are refused in words', () => {
  const wrong = (input: Schema) => () =>
    contract({
      name: 'a',
      version: '1.0.0',
      services: { one: service({ operations: { go: command({ input }) } }) },
    });
  assert.throws(wrong(v.object({ a: v.string() })), /needs toStandardJsonSchema/);
  assert.throws(wrong(type({ when: 'Date' })), /date cannot be represented.*format date-time/i);
  assert.throws(wrong(toStandardJsonSchema(v.object({ a: v.date() }))), /format date-time/);
  assert.throws(wrong(Type.Object({ a: Type.BigInt() })), /"bigint" is no JSON type/);
});

test('types that refer to themselves get a name, in each library', () => {
  interface Tree {
    size: number;
    parts: Tree[];
  }
  const zodTree = z.object({
    size: z.number(),
    get parts() {
      return z.array(zodTree);
    },
  });
  const arkTree = type({ size: 'number', parts: 'this[]' });
  const valibotTree: v.GenericSchema<Tree> = v.object({
    size: v.number(),
    parts: v.array(v.lazy(() => valibotTree)),
  });
  const own = {
    $ref: '#/$defs/Tree',
    $defs: {
      Tree: {
        type: 'object',
        properties: {
          size: { type: 'number' },
          parts: { type: 'array', items: { $ref: '#/$defs/Tree' } },
        },
        required: ['size', 'parts'],
      },
    },
  };
  for (const input of [zodTree, arkTree, toStandardJsonSchema(valibotTree), own]) {
    const { contract: neutral } = contract({
      name: 'a',
      version: '1.0.0',
      services: { one: service({ operations: { go: command({ input }) } }) },
    });
    const { schema } = neutral.services[0]!.operations[0]!.input;
    const validator = compileSchema(schema, neutral.$defs);
    const leaf = { size: 1, parts: [] };
    assert.equal(validator.check({ size: 1, parts: [leaf, { size: 2, parts: [leaf] }] }), true);
    assert.equal(validator.check({ size: 1, parts: [{ size: 'x', parts: [] }] }), false);
    // The author's own name, or one that is made of the place; never a library's running number.
    for (const name of Object.keys(neutral.$defs)) assert.match(name, /^(Tree|OneGoInput2?)$/);
  }
});

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
interface Input {
  item: string;
  count?: number | undefined;
  note?: string | undefined;
  kind: 'book' | 'pen';
}
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
interface Output {
  id: string;
  price: number | null;
  tags: string[];
}

/** Each library's inferred types say the same. */
export type Checks = [
  Expect<Same<OperationInput<typeof withZod, 'orders.create'>, Input>>,
  Expect<Same<OperationInput<typeof withArktype, 'orders.create'>, Input>>,
  Expect<Same<OperationInput<typeof withValibot, 'orders.create'>, Input>>,
  Expect<Same<OperationInput<typeof withTypebox, 'orders.create'>, Input>>,
  Expect<Same<OperationInput<typeof plain, 'orders.create'>, Input>>,
  Expect<Equal<OperationOutput<typeof withZod, 'orders.watch'>, Output>>,
  Expect<Same<OperationOutput<typeof withArktype, 'orders.watch'>, Output>>,
  Expect<Same<OperationOutput<typeof withValibot, 'orders.watch'>, Output>>,
  Expect<Same<OperationOutput<typeof withTypebox, 'orders.watch'>, Output>>,
  Expect<Same<OperationOutput<typeof plain, 'orders.watch'>, Output>>,
];
