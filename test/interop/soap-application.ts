import type { Application, Context, Handler } from '../../src/model/application.ts';
import type { Contract, Operation } from '../../src/model/contract.ts';
import { Fault } from '../../src/model/fault.ts';
import { type JsonSchema, NO_INPUT, NO_OUTPUT } from '../../src/model/schema.ts';

/** A contract with every kind of type that SOAP treats in its own way. */

const one = (schema: JsonSchema) => ({ schema, stream: false });
const object = (properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

function operation(name: string, parts: Partial<Operation>): Operation {
  return {
    name,
    kind: 'query',
    input: one(NO_INPUT),
    output: one(NO_OUTPUT),
    errors: [],
    scopes: [],
    examples: [],
    ...parts,
  };
}

const Money = object({
  amount: { type: 'string', format: 'decimal' },
  currency: { type: 'string' },
});

/** One member of each kind. */
const Everything: JsonSchema = {
  type: 'object',
  description: 'One member of each kind.',
  properties: {
    id: { type: 'string', xml: { attribute: true } },
    rank: { type: ['integer', 'null'], xml: { attribute: true, name: 'grade' } },
    text: { type: 'string', maxLength: 1000 },
    flag: { type: 'boolean' },
    small: { type: 'integer', format: 'int32' },
    count: { type: 'integer', minimum: 0 },
    serial: { type: 'string', format: 'int64' },
    ratio: { type: 'number' },
    price: { $ref: '#/$defs/Money' },
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    lasting: { type: 'string', format: 'duration' },
    color: { $ref: '#/$defs/Color' },
    level: { enum: [1, 2, 3] },
    data: { type: 'string', contentEncoding: 'base64' },
    tags: { type: 'array', items: { type: 'string' } },
    matrix: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    aliases: { type: 'array', items: { type: 'string' } },
    note: { type: ['string', 'null'] },
    nickname: { type: 'string' },
    shape: { $ref: '#/$defs/Shape' },
    key: { type: ['string', 'integer'] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    extra: true,
    tree: { $ref: '#/$defs/Node' },
    'first name': { type: 'string' },
    partner: { $ref: '#/$defs/Partner' },
    renamed: { type: 'string', xml: { name: 'Other', namespace: 'urn:example:other' } },
  },
  required: [
    ...['id', 'rank', 'text', 'flag', 'small', 'count', 'serial', 'ratio', 'price', 'day', 'at'],
    ...['color', 'level', 'data', 'tags', 'matrix', 'note', 'shape', 'key', 'labels', 'extra'],
    ...['tree', 'first name', 'partner', 'renamed'],
  ],
  additionalProperties: false,
};

export const contract: Contract = {
  polywire: '1',
  name: 'shop',
  version: '1.0.0',
  doc: 'A shop to try things with.',
  services: [
    {
      name: 'orders',
      doc: 'Orders & <more>.',
      events: [],
      operations: [
        operation('echo', {
          doc: 'Answers what it is given.',
          input: one(object({ value: { $ref: '#/$defs/Everything' } })),
          output: one({ $ref: '#/$defs/Everything' }),
        }),
        operation('find', {
          input: one(object({ id: { type: 'string' }, limit: { type: 'integer' } }, ['limit'])),
          output: one({ type: ['string', 'null'] }),
          errors: ['OrderMissing', 'ShopClosed'],
        }),
        operation('list', { output: one({ type: 'array', items: { $ref: '#/$defs/Money' } }) }),
        operation('sum', {
          input: one(object({ values: { type: 'array', items: { type: 'number' }, minItems: 1 } })),
          output: one(object({ total: { type: 'number' } })),
        }),
        operation('notify', {
          kind: 'command',
          doc: 'Nobody waits for an answer.',
          input: one(object({ text: { type: 'string', minLength: 1 } })),
        }),
        operation('remove', {
          kind: 'command',
          input: one(object({ id: { type: 'string' } })),
          errors: ['OrderMissing'],
        }),
        operation('whoAmI', {
          output: one(
            object({
              id: { type: 'string' },
              metadata: { type: 'object', additionalProperties: { type: 'string' } },
            }),
          ),
          deprecated: 'Ask somebody else.',
        }),
        operation('secret', { scopes: ['orders:secret'], output: one({ type: 'string' }) }),
        operation('broken', { output: one({ type: 'string' }) }),
        operation('watch', { output: { schema: { type: 'string' }, stream: true } }),
      ],
    },
  ],
  errors: {
    OrderMissing: {
      code: 'NOT_FOUND',
      message: 'There is no such order.',
      data: object({ id: { type: 'string' }, near: { type: 'array', items: { type: 'string' } } }),
    },
    ShopClosed: { code: 'UNAVAILABLE', doc: 'Outside of opening hours.' },
  },
  $defs: {
    Everything,
    Money,
    Color: { enum: ['red', 'green', 'light blue'], description: 'A color.' },
    Shape: {
      oneOf: [{ $ref: '#/$defs/Circle' }, { $ref: '#/$defs/Square' }],
    },
    Circle: object({ kind: { const: 'circle' }, radius: { type: 'number' } }),
    Square: object({ kind: { const: 'square' }, side: { type: 'number' } }),
    Node: object({
      name: { type: 'string' },
      children: { type: 'array', items: { $ref: '#/$defs/Node' } },
    }),
    Partner: {
      ...(object({ name: { type: 'string' }, terms: { $ref: '#/$defs/Money' } }) as object),
      xml: { namespace: 'urn:example:partner', prefix: 'p' },
    },
  },
};

export const everything = {
  id: 'A-1 "<&>"',
  rank: 3,
  text: ' ä€\u{1F600}\r\n\t<&>"\' ]]> ',
  flag: true,
  small: -2_147_483_648,
  count: 9_007_199_254_740_991,
  serial: '-9223372036854775808',
  ratio: 1e-7,
  price: { amount: '12345678901234567890.10', currency: 'CHF' },
  day: '2026-02-28',
  at: '2026-01-31T12:00:00.123456+01:00',
  lasting: 'P1DT12H',
  color: 'light blue',
  level: 2,
  data: Buffer.from([0, 1, 254, 255]).toString('base64'),
  tags: ['one', '', 'three'],
  matrix: [[1, 2], [], [3]],
  aliases: [],
  note: null,
  shape: { kind: 'square', side: 1.5 },
  key: 7,
  labels: { 'x y': '1', '': 'empty', b: '' },
  extra: { a: [1, 'two', null, true, { b: {} }], 'm n': [] },
  tree: { name: 'root', children: [{ name: 'leaf', children: [] }] },
  'first name': 'Ada',
  partner: { name: 'ACME', terms: { amount: '-0.50', currency: 'EUR' } },
  renamed: 'yes',
};

/** What the handlers saw. */
export const seen: { name: string; input: unknown }[] = [];

export const application: Application = {
  contract,
  parsers: new Map(),
  handlers: new Map<string, Handler>(
    Object.entries({
      'orders.echo': async (input: { value: unknown }) => input.value,
      'orders.find': ({ id }: { id: string }) => {
        if (id === 'closed') throw new Fault('UNAVAILABLE', 'Closed.', { error: 'ShopClosed' });
        if (id === 'none') return null;
        if (id === 'known') return 'found';
        throw new Fault('NOT_FOUND', `No order <${id}>.`, {
          error: 'OrderMissing',
          data: { id, near: ['a', 'b'] },
        });
      },
      'orders.list': () => [
        { amount: '1.00', currency: 'CHF' },
        { amount: '2.00', currency: 'EUR' },
      ],
      'orders.sum': ({ values }: { values: number[] }) => ({
        total: values.reduce((sum, value) => sum + value, 0),
      }),
      'orders.notify': () => null,
      'orders.remove': ({ id }: { id: string }) => {
        if (id !== 'known')
          throw new Fault('NOT_FOUND', 'No.', { error: 'OrderMissing', data: { id, near: [] } });
        return null;
      },
      'orders.whoAmI': (_: unknown, context: Context) => {
        const names = ['tenant', 'x-request-id', 'authorization', 'x-http'];
        const found = names.flatMap((name) => {
          const value = context.metadata.get(name);
          return value === undefined ? [] : [[name, value]];
        });
        context.setReplyMetadata('x-served-by', 'unit <1>');
        return { id: context.principal.id, metadata: Object.fromEntries(found) };
      },
      'orders.secret': () => 'secret',
      'orders.broken': () => 'a\u0000b',
      'orders.watch': async function* () {
        yield 'never';
      },
    }).map(([name, run]) => [
      name,
      ((input: unknown, context: Context) => {
        seen.push({ name, input });
        return (run as Handler)(input as never, context);
      }) as Handler,
    ]),
  ),
};
