import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buildSchema,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { contract, event, query, service } from '../../../index.ts';
import type { Contract } from '../../../model/contract.ts';
import type { JsonSchema } from '../../../model/schema.ts';
import { buildModel } from './build.ts';
import { printSdl } from './sdl.ts';

function sdlOf(...contracts: Contract[]): string {
  const sdl = printSdl(buildModel(contracts));
  assert.deepEqual(validateSchema(buildSchema(sdl)), []);
  return sdl;
}

/** The type that GraphQL shows for a member of an answer, and for an argument. */
function typesFor(schema: JsonSchema, types: Record<string, JsonSchema> = {}): [string, string] {
  const holder = {
    type: 'object',
    properties: { value: schema },
    required: ['value'],
    additionalProperties: false,
  };
  const { contract: made } = contract({
    name: 'one',
    version: '1.0.0',
    types: types as never,
    services: {
      one: service({
        operations: { get: query({ input: holder as never, output: holder as never }) },
      }),
    },
  });
  const built = buildSchema(sdlOf(made));
  const field = built.getQueryType()!.getFields().oneGet!;
  const output = (field.type as GraphQLObjectType).getFields().value!;
  return [String(output.type), String(field.args[0]?.type)];
}

test('each JSON Schema has its type', () => {
  const cases: [JsonSchema, string, string?][] = [
    [{ type: 'string' }, 'String!'],
    [{ type: ['string', 'null'] }, 'String'],
    [{ anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] }, 'DateTime'],
    [{ type: 'string', format: 'uuid' }, 'UUID!'],
    [{ type: 'string', format: 'email' }, 'String!'],
    [{ type: 'string', format: 'int64' }, 'BigInt!'],
    [{ type: 'string', contentEncoding: 'base64' }, 'Base64!'],
    [{ type: 'integer' }, 'Long!'],
    [{ type: 'integer', minimum: 0, maximum: 100 }, 'Int!'],
    [{ type: 'integer', format: 'int32' }, 'Int!'],
    [{ type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 2_147_483_649 }, 'Long!'],
    [{ type: 'number' }, 'Float!'],
    [{ type: ['integer', 'number'] }, 'Float!'],
    [{ type: 'boolean' }, 'Boolean!'],
    [{ type: ['string', 'integer'] }, 'JSON'],
    [{}, 'JSON'],
    [true, 'JSON'],
    [{ type: 'null' }, 'Void'],
    [{ const: 7 }, 'Int!'],
    [{ enum: ['a', 'b-c'] }, 'OneGetResultValue!', 'OneGetValue!'],
    [{ enum: ['a', 'b', null] }, 'OneGetResultValue', 'OneGetValue'],
    [{ enum: ['<', '>'] }, 'String!'],
    [{ enum: ['true', 'false'] }, 'String!'],
    [{ anyOf: [{ const: 'a' }, { const: 'b' }] }, 'OneGetResultValue!', 'OneGetValue!'],
    [{ enum: [1, 'a'] }, 'JSON'],
    [{ type: 'array', items: { type: 'array', items: { type: 'string' } } }, '[[String!]!]!'],
    [{ type: 'array' }, '[JSON]!'],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, '[JSON]!'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'JSON!'],
    [{ type: 'object' }, 'JSON!'],
    [
      { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }] },
      'OneGetResultValue!',
      'OneGetValueInput!',
    ],
  ];
  for (const [schema, output, input = output] of cases) {
    const found = typesFor(schema);
    // Any value may be null; what must be given is told by the contract's own check.
    assert.deepEqual(found, [output, input], JSON.stringify(schema));
  }
});

test('a named type is one type of output and one of input, also where it leads to itself', () => {
  const Node = {
    type: 'object',
    description: 'A node.',
    properties: {
      next: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }] },
      all: { type: 'array', items: { $ref: '#/$defs/Node' } },
    },
    required: ['all'],
  };
  const [output, input] = typesFor({ $ref: '#/$defs/Node' }, { Node });
  assert.deepEqual([output, input], ['Node!', 'NodeInput!']);
});

test('a union on the way in has one field for each option', () => {
  const Card = {
    type: 'object',
    properties: { kind: { const: 'credit-card' }, number: { type: 'string' } },
    required: ['kind', 'number'],
  };
  const Cash = { type: 'object', properties: { kind: { const: 'cash' } }, required: ['kind'] };
  const Pay = { oneOf: [{ $ref: '#/$defs/Card' }, { $ref: '#/$defs/Cash' }] };
  const holder = {
    type: 'object',
    properties: { pay: { $ref: '#/$defs/Pay' } },
    required: ['pay'],
  };
  const { contract: made } = contract({
    name: 'one',
    version: '1.0.0',
    types: { Card, Cash, Pay } as never,
    services: {
      one: service({
        operations: { get: query({ input: holder as never, output: holder as never }) },
      }),
    },
  });
  const built = buildSchema(sdlOf(made));
  const type = built.getType('PayInput') as GraphQLInputObjectType;
  assert.equal(type.isOneOf, true);
  assert.deepEqual(Object.keys(type.getFields()), ['credit_card', 'cash']);
  const card = built.getType('CardInput') as GraphQLInputObjectType;
  assert.match(printSchema(built), /kind: String! = "credit-card"/);
  assert.equal(String(card.getFields().number?.type), 'String!');
  assert.match(printSchema(built), /union Pay = Card \| Cash/);
});

test('types of several contracts that share a name are one where they are equal', () => {
  const make = (name: string, member: string): Contract => {
    const answer = {
      type: 'object',
      properties: { at: { $ref: '#/$defs/Address' }, status: { $ref: '#/$defs/Status' } },
    };
    const get = query({ output: answer as never });
    return contract({
      name,
      version: '1.0.0',
      types: {
        Address: { type: 'object', properties: { [member]: { type: 'string' } } },
        Status: { enum: ['on', 'off'] },
      } as never,
      services: { [name]: { operations: { get }, events: {} } },
    }).contract;
  };
  const same = sdlOf(make('one', 'street'), make('two', 'street'));
  assert.equal(same.match(/^type \w*Address/gm)?.length, 1);
  const other = sdlOf(make('one', 'street'), make('two', 'city'));
  assert.deepEqual(other.match(/^type \w*Address/gm), ['type Address', 'type TwoAddress']);
  assert.equal(other.match(/^enum /gm)?.length, 1);
});

test('a contract without queries has a Query type all the same, and events have filters', () => {
  const { contract: made } = contract({
    name: 'one',
    version: '1.0.0',
    services: {
      one: service({
        operations: {},
        events: {
          moved: event({
            subject: 'one.{room}.moved',
            payload: {
              type: 'object',
              properties: { room: { type: 'integer' }, to: { type: 'string' } },
              required: ['room', 'to'],
            } as never,
          }),
        },
      }),
    },
  });
  const sdl = sdlOf(made);
  assert.match(sdl, /type Query \{\n.*\n {2}nothing: Void/);
  assert.match(sdl, /oneMoved\(\n.*\n {4}room: Long\n {2}\)/);
});

const text = fc.string({ unit: 'binary', maxLength: 40 });

test('any text is a description, a deprecation, a member or a value that GraphQL reads', () => {
  fc.assert(
    fc.property(
      text,
      text,
      fc.uniqueArray(text, { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(text, { minLength: 1, maxLength: 5 }),
      (doc, deprecated, members, values) => {
        const traps = new Set(Object.getOwnPropertyNames(Object.prototype));
        const names = members.filter((name) => !traps.has(name));
        const properties = Object.fromEntries(
          names.map((name) => [name, { enum: values, description: `${doc}"""\\` }]),
        );
        const schema = { type: 'object', properties, required: names, description: doc };
        const made: Contract = {
          polywire: '1',
          name: 'one',
          version: '1.0.0',
          doc,
          errors: {},
          $defs: {},
          services: [
            {
              name: 'one',
              events: [],
              operations: [
                {
                  name: 'get',
                  kind: 'query',
                  doc,
                  deprecated,
                  input: { schema, stream: false },
                  output: { schema, stream: false },
                  errors: [],
                  scopes: [],
                  examples: [],
                },
              ],
            },
          ],
        };
        lexicographicSortSchema(buildSchema(sdlOf(made)));
      },
    ),
    { numRuns: 200 },
  );
});
