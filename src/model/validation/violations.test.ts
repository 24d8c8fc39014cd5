import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import type { JsonSchema } from '../schema.ts';
import { isExponential } from './patterns.ts';
import { compileSchema } from './validator.ts';

function told(schema: JsonSchema, value: unknown, definitions = {}): string[] {
  const validator = compileSchema(schema, definitions);
  assert.equal(validator.check(value), false);
  return validator
    .violations(value)
    .map(({ path, expected, received }) => `${path}: ${expected} | ${received}`);
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

test('a violation names the path, what was expected and what came', () => {
  const cases: [JsonSchema, unknown, string][] = [
    [
      { type: 'string', maxLength: 2 },
      'abc',
      ': a string of at most 2 characters | the string "abc"',
    ],
    [{ type: 'string', minLength: 2 }, 5, ': a string of at least 2 characters | the number 5'],
    [{ type: 'integer', minimum: 1 }, 0, ': a whole number that is at least 1 | the number 0'],
    [{ type: ['string', 'null'] }, true, ': a string or null | true'],
    [{ enum: ['a', 'b'] }, 'c', ': one of "a", "b" | the string "c"'],
    [{ const: 7 }, null, ': 7 | null'],
    [
      { type: 'string', format: 'date-time' },
      'x',
      ': a string of format date-time | the string "x"',
    ],
    [object({}, { required: ['id'] }), {}, ': a member "id" | an object without members'],
    [object({ 'a/b': { type: 'null' } }), { 'a/b': [1] }, '/a~1b: null | an array of 1 item'],
    [
      object({ a: true }, { additionalProperties: false }),
      { b: 'secret?' },
      '/b: no member "b" | a string',
    ],
    [{ type: 'array', items: { type: 'number' } }, [1, '2'], '/1: a number | the string "2"'],
    [{ type: 'array', minItems: 1 }, [], ': an array of at least 1 item | an array of 0 items'],
    [
      { type: 'array', uniqueItems: true },
      [1, 1],
      ': an array, all different | an array of 2 items',
    ],
    [false, 1, ': nothing here | a number'],
    [{ not: { type: 'string' } }, 'a', ': anything but a string | the string "a"'],
  ];
  for (const [schema, value, expected] of cases) assert.deepEqual(told(schema, value), [expected]);
});

test('a long value is shortened', () => {
  const [line] = told({ type: 'number' }, 'x'.repeat(5000));
  assert.ok(line!.length < 130, line);
});

test('of a union the branch that comes nearest is told', () => {
  const union = {
    anyOf: [
      object(
        { kind: { const: 'card' }, number: { type: 'string' } },
        { required: ['kind', 'number'] },
      ),
      object(
        { kind: { const: 'cash' }, amount: { type: 'number' } },
        { required: ['kind', 'amount'] },
      ),
    ],
  };
  assert.deepEqual(told(union, { kind: 'cash', amount: 'ten' }), [
    '/amount: a number | the string "ten"',
  ]);
  assert.deepEqual(told({ anyOf: [{ type: 'string' }, { type: 'null' }] }, 4), [
    ': a string or null | the number 4',
  ]);
});

test('values of writeOnly and password schemas are never shown', () => {
  const secrets = object({
    a: { type: 'string', writeOnly: true, maxLength: 1 },
    b: { type: 'string', format: 'password', maxLength: 1 },
    c: { anyOf: [{ type: 'string', maxLength: 1 }, { type: 'null' }], writeOnly: true },
    d: { $ref: '#/$defs/Secret' },
    e: { type: 'array', writeOnly: true, items: { type: 'string', maxLength: 1 } },
  });
  const word = 'hunter2';
  const lines = told(
    secrets,
    { a: word, b: word, c: word, d: word, e: [word] },
    { Secret: { type: 'string', writeOnly: true, maxLength: 1 } },
  );
  assert.equal(lines.length, 5);
  for (const line of lines) {
    assert.ok(line.endsWith('| ***'), line);
    assert.ok(!line.includes(word));
  }
});

test('at most ten violations are told', () => {
  const value = Array.from({ length: 1000 }, String);
  assert.equal(told({ type: 'array', items: { type: 'number' } }, value).length, 10);
});

test('a union that refers to itself does not make the search endless', () => {
  const definitions = {
    Tree: {
      anyOf: [
        object({ next: { $ref: '#/$defs/Tree' }, a: { type: 'number' } }, { required: ['a'] }),
        object({ next: { $ref: '#/$defs/Tree' }, b: { type: 'number' } }, { required: ['b'] }),
      ],
    },
  };
  let value: unknown = {};
  for (let depth = 0; depth < 60; depth++) value = { next: value };
  const found = compileSchema({ $ref: '#/$defs/Tree' }, definitions).violations(value);
  assert.ok(found.length >= 1);
});

test('formats are checked', () => {
  const table: [string, string, string][] = [
    ['date-time', '2024-02-29T12:00:00Z', '2023-02-29T12:00:00Z'],
    ['date', '2024-02-29', '2024-2-29'],
    ['time', '12:00:00Z', '25:00:00Z'],
    ['duration', 'P1DT2H', '1 day'],
    ['email', 'a@example.com', 'a@'],
    ['hostname', 'example.com', '-a-.com'],
    ['ipv4', '127.0.0.1', '256.0.0.1'],
    ['ipv6', '::1', ':::1'],
    ['uri', 'https://example.com/a?b#c', '/a'],
    ['uri-reference', '/a', '\\a'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
    ['json-pointer', '/a~0b', 'a'],
    ['regex', '^a$', '('],
  ];
  for (const [format, good, bad] of table) {
    const validator = compileSchema({ type: 'string', format });
    assert.equal(validator.check(good), true, `${format} ${good}`);
    assert.equal(validator.check(bad), false, `${format} ${bad}`);
    assert.equal(validator.violations(bad)[0]!.expected, `a string of format ${format}`);
  }
  assert.equal(compileSchema({ type: 'string', format: 'unheard-of' }).check('x'), true);
});

test('defaults are filled into a copy, nested and through references', () => {
  const definitions = {
    Node: object({ size: { default: 1 }, next: { $ref: '#/$defs/Node' } }),
  };
  const schema = object({
    limit: { type: 'integer', default: 20 },
    tags: { type: 'array', default: ['new'] },
    node: { $ref: '#/$defs/Node' },
    list: { type: 'array', items: { $ref: '#/$defs/Node' } },
    map: { type: 'object', additionalProperties: { $ref: '#/$defs/Node' } },
    plain: { type: 'string' },
  });
  const fill = compileSchema(schema, definitions).applyDefaults!;
  const given = { node: { next: {} }, list: [{ size: 2 }, {}], map: { a: {} } };
  const before = structuredClone(given);
  const filled = fill(given) as { tags: string[] };
  assert.deepEqual(filled, {
    limit: 20,
    tags: ['new'],
    node: { size: 1, next: { size: 1 } },
    list: [{ size: 2 }, { size: 1 }],
    map: { a: { size: 1 } },
  });
  assert.deepEqual(given, before);
  filled.tags.push('changed');
  assert.deepEqual((fill({}) as { tags: string[] }).tags, ['new']);
  const complete = { limit: 1, tags: [] };
  assert.equal(fill(complete), complete);
});

test('a schema without defaults costs nothing', () => {
  assert.equal(compileSchema(object({ a: { type: 'string' } })).applyDefaults, undefined);
  const loop = { Loop: object({ next: { $ref: '#/$defs/Loop' } }) };
  assert.equal(compileSchema({ $ref: '#/$defs/Loop' }, loop).applyDefaults, undefined);
});

test('any JSON value is judged without an exception', () => {
  const schema = object(
    { a: { type: 'string', pattern: '^x' }, b: { $ref: '#/$defs/B' } },
    { required: ['a'], additionalProperties: false },
  );
  const definitions = { B: { oneOf: [{ type: 'array', contains: { const: 1 } }, { minimum: 3 }] } };
  const validator = compileSchema(schema, definitions);
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.record({ a: fc.jsonValue(), b: fc.jsonValue() })),
      (value) => {
        if (!validator.check(value)) assert.ok(validator.violations(value).length > 0);
      },
    ),
  );
});

test('a number that JSON cannot write back is refused where a schema leaves it open', () => {
  const infinite = JSON.parse('{"a":{"b":[1,-1e999]},"c":1e999}') as unknown;
  const open: JsonSchema[] = [
    true,
    {},
    { type: 'object' },
    object({ a: true }),
    { anyOf: [{ type: 'string' }, { type: 'object' }] },
    { $ref: '#/$defs/Any' },
    object({ a: object({ b: { type: 'array' } }, { additionalProperties: false }) }),
  ];
  for (const schema of open) {
    const definitions: Record<string, JsonSchema> = JSON.stringify(schema).includes('Any')
      ? { Any: {} }
      : {};
    assert.deepEqual(
      told(schema, infinite, definitions),
      [
        '/a/b/1: a finite number | a number below -1.79e308',
        '/c: a finite number | a number above 1.79e308',
      ],
      JSON.stringify(schema),
    );
    assert.equal(compileSchema(schema, definitions).check({ a: { b: [1e308] } }), true);
  }
  const closed = object({ c: { type: 'number' } }, { additionalProperties: false });
  assert.deepEqual(told(closed, JSON.parse('{"c":1e999}')), [
    '/c: a number | a number above 1.79e308',
  ]);
});

test('patterns that take exponential time are recognised, and ordinary ones are not', () => {
  for (const bad of [
    '(a+)+$',
    '(\\w+\\s?)*$',
    '([a-z]*)*x',
    '^(a|b+)*$',
    '(?:x*y*)+z',
    '(a+){20}',
    '^(a|a)*$',
    '^(?:[a-z]|\\d|[m-p])+$',
    '(\\w|_)*x',
    '(a|aa)+$',
    '^(?:ab|a|b)*$',
    '^(a?b?)*$',
    '^(?:a{1,3})+$',
    '^(a{2}|a{3})*$',
    '(?:(?:|)a)*b',
    '^(?:a?){30}$',
    '(?=(a|aa)+$)a',
    '^(?:\\d+|[0-9]{3},)*$',
  ]) {
    assert.equal(isExponential(bad), true, bad);
  }
  for (const good of [
    '^[a-z]+(-[a-z]+)*$',
    '^(?:[A-Za-z0-9]+\\.)*[a-z]+@x$',
    '(ab)*c+',
    '^\\d{4}-\\d{2}$',
    '(?=a+)b*',
    '[(+*]+',
    '\\(a+\\)+',
    '^(?:[a-z]|[0-9]|-)+$',
    '^(?:a|[ab])$',
    '(a)(?:\\1|b)+',
    '^(?:ab|ac|b)+$',
    '^(?:a{3})*$',
    '^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$',
    '^(?:a|ba)+$',
    '^a?a?a?$',
    '^(?:one|two|three|four){1,3}$',
  ]) {
    assert.equal(isExponential(good), false, good);
  }
});

test('the patterns of the schema library are ordinary ones', () => {
  const known = Object.entries(z.regexes).flatMap(([name, pattern]) =>
    pattern instanceof RegExp ? [[name, pattern.source] as const] : [],
  );
  assert.ok(known.length > 20);
  for (const [name, pattern] of known) assert.equal(isExponential(pattern), false, name);
});

test('reading any text as a pattern ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'()[]{}\\|*+?^$a1,=!<:') }), (text) => {
      assert.equal(typeof isExponential(text), 'boolean');
    }),
  );
});
