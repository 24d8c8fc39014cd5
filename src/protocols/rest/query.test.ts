import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { queryParameter, readQuery } from './query.ts';
import { type Definitions, objectShape, shapeOf } from './shape.ts';

function read(query: string, schema: JsonSchema, definitions: Definitions = {}): unknown {
  const into: Record<string, unknown> = {};
  readQuery(query, objectShape(schema, definitions), into);
  return into;
}

const members = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  properties,
});

const refused = (error: unknown) => error instanceof Fault && error.code === 'INVALID_ARGUMENT';

describe('text becomes the schema’s type', () => {
  const cases: [string, JsonSchema, string, unknown][] = [
    ['integer', { type: 'integer' }, '42', 42],
    ['negative integer', { type: 'integer' }, '-42', -42],
    ['integer with a leading zero stays text', { type: 'integer' }, '042', '042'],
    ['integer past 2^53 stays text', { type: 'integer' }, '9007199254740993', '9007199254740993'],
    ['a fraction is no integer', { type: 'integer' }, '1.5', '1.5'],
    ['number', { type: 'number' }, '1.5e-3', 0.0015],
    ['infinite number stays text', { type: 'number' }, '1e999', '1e999'],
    ['no number', { type: 'number' }, 'NaN', 'NaN'],
    ['hexadecimal is no number', { type: 'number' }, '0x10', '0x10'],
    ['empty is no number', { type: 'number' }, '', ''],
    ['boolean', { type: 'boolean' }, 'true', true],
    ['boolean is exact', { type: 'boolean' }, 'True', 'True'],
    ['string of digits', { type: 'string' }, '42', '42'],
    ['string or number', { type: ['string', 'integer'] }, '42', 42],
    ['string or number, text', { type: ['string', 'integer'] }, 'x', 'x'],
    ['nullable integer', { type: ['integer', 'null'] }, 'null', null],
    ['nullable string keeps the text', { type: ['string', 'null'] }, 'null', 'null'],
    ['enum of numbers', { enum: [1, 2] }, '2', 2],
    ['const', { const: true }, 'true', true],
    ['any', true, '42', '42'],
    ['anyOf', { anyOf: [{ type: 'integer' }, { type: 'boolean' }] }, 'false', false],
    ['allOf', { allOf: [{ type: ['integer', 'string'] }, { type: 'integer' }] }, '7', 7],
    ['reference', { $ref: '#/$defs/Count' }, '7', 7],
    ['reference with a sibling', { $ref: '#/$defs/Count', minimum: 1 }, '7', 7],
  ];
  for (const [name, schema, text, expected] of cases) {
    it(name, () => {
      const definitions = { Count: { type: 'integer' } };
      const query = `v=${encodeURIComponent(text)}`;
      assert.deepEqual(read(query, members({ v: schema }), definitions), { v: expected });
    });
  }
});

describe('forms of parameters', () => {
  const list = members({ v: { type: 'array', items: { type: 'integer' } } });

  it('lists repeat the parameter; one is a list too', () => {
    assert.deepEqual(read('v=1&v=2', list), { v: [1, 2] });
    assert.deepEqual(read('v=1', list), { v: [1] });
    assert.deepEqual(read('v[]=1&v[]=2', list), { v: [1, 2] });
    assert.deepEqual(read('v=1,2', list), { v: ['1,2'] });
  });

  it('one or a list of them', () => {
    const schema = members({
      v: { anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'integer' } }] },
    });
    assert.deepEqual(read('v=1', schema), { v: 1 });
    assert.deepEqual(read('v=1&v=2', schema), { v: [1, 2] });
    assert.deepEqual(read('v[]=1', schema), { v: [1] });
  });

  it('objects by brackets, nested, and with free names', () => {
    const schema = members({
      a: members({ b: members({ c: { type: 'integer' } }), d: { type: 'boolean' } }),
      free: { type: 'object', additionalProperties: { type: 'number' } },
    });
    assert.deepEqual(read('a[b][c]=1&a[d]=true&free[x]=1.5&free[y]=2', schema), {
      a: { b: { c: 1 }, d: true },
      free: { x: 1.5, y: 2 },
    });
  });

  it('objects as JSON text', () => {
    const schema = members({ a: members({ b: { type: 'integer' } }) });
    assert.deepEqual(read('a=%7B%22b%22%3A1%7D', schema), { a: { b: 1 } });
    assert.deepEqual(read('a=nonsense', schema), { a: 'nonsense' });
  });

  it('members of every branch are known', () => {
    const schema: JsonSchema = {
      anyOf: [members({ id: { type: 'integer' } }), members({ name: { type: 'string' } })],
      allOf: [members({ on: { type: 'boolean' } })],
    };
    assert.deepEqual(read('id=1&on=true&name=2', schema), { id: 1, on: true, name: '2' });
  });

  it('names that the schema does not know stay text, for validation to judge', () => {
    assert.deepEqual(read('x=1&y[z]=2&v[0]=1', list), { x: '1', 'y[z]': '2', 'v[0]': '1' });
    const typed: JsonSchema = { type: 'object', additionalProperties: { type: 'integer' } };
    assert.deepEqual(read('x=1', typed), { x: 1 });
  });

  it('what comes twice, and __proto__ in any place, is refused', () => {
    const schema = members({ a: members({ b: { type: 'integer' } }), s: { type: 'string' } });
    const open: JsonSchema = {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string' } },
    };
    for (const query of ['s=1&s=2', 'a[b]=1&a[b]=2', 'a=x&a[b]=1', 'z=1&z=2']) {
      assert.throws(() => read(query, schema), refused, query);
    }
    for (const query of ['__proto__=1', 'a[__proto__]=1', 'a[__proto__][b]=1']) {
      assert.throws(() => read(query, schema), refused, query);
    }
    assert.throws(() => read('__proto__=1', open), refused);
  });

  it('schemas that refer to themselves have an end', () => {
    const definitions: Definitions = {
      Tree: members({ value: { type: 'integer' }, left: { $ref: '#/$defs/Tree' } }),
      Loop: { $ref: '#/$defs/Loop' },
    };
    const schema = members({ tree: { $ref: '#/$defs/Tree' }, loop: { $ref: '#/$defs/Loop' } });
    assert.deepEqual(read('tree[left][value]=1&loop=x', schema, definitions), {
      tree: { left: { value: 1 } },
      loop: 'x',
    });
  });
});

describe('any query', () => {
  const schema = members({
    id: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
    where: members({ city: { type: 'string' }, deep: members({ n: { type: 'number' } }) }),
    rows: { type: 'array', items: members({}) },
  });

  it('is read or refused as bad input, and leaves no trace on prototypes', () => {
    const piece = fc.constantFrom(
      'id',
      'tags',
      'where',
      'rows',
      '[',
      ']',
      '[]',
      '[city]',
      '[deep][n]',
      '=',
      '&',
      '%',
      '%5B',
      '+',
      '__proto__',
      '[__proto__]',
      '[constructor]',
      'x',
      '1',
      '{',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        try {
          read(pieces.join(''), schema);
        } catch (error) {
          assert.ok(refused(error), String(error));
        }
        assert.equal(({} as Record<string, unknown>).city, undefined);
        assert.deepEqual(Object.keys(Object.prototype), []);
      }),
      { numRuns: 500 },
    );
  });

  it('reads what URLSearchParams writes', () => {
    const text = fc.string({ unit: 'binary' }).map((one) => one.toWellFormed());
    const flat = members({
      a: { type: 'string' },
      tags: { type: 'array', items: { type: 'string' } },
    });
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1 }), (a, tags) => {
        const query = new URLSearchParams({ a });
        for (const tag of tags) query.append('tags', tag);
        assert.deepEqual(read(query.toString(), flat), { a, tags });
        assert.equal(queryParameter(query.toString(), 'a'), a);
      }),
    );
  });

  it('numbers and booleans come back', () => {
    const both = members({ n: { type: 'number' }, i: { type: 'integer' }, b: { type: 'boolean' } });
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.maxSafeInteger(),
        fc.boolean(),
        (n, i, b) => {
          const query = new URLSearchParams({ n: JSON.stringify(n), i: String(i), b: String(b) });
          const value = JSON.parse(JSON.stringify({ n, i, b })) as unknown;
          assert.deepEqual(read(query.toString(), both), value);
        },
      ),
    );
  });
});

describe('shapes', () => {
  it('of lists of objects, and of what is a list or an object, are JSON text', () => {
    assert.equal(shapeOf({ type: 'array', items: members({}) }, {}).kind, 'json');
    assert.equal(shapeOf({ type: ['array', 'object'] }, {}).kind, 'json');
    assert.equal(shapeOf({ type: ['object', 'string'] }, {}).kind, 'json');
    assert.equal(shapeOf({ type: ['object', 'null'] }, {}).kind, 'object');
  });
});
