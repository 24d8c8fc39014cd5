import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonSchema } from '../../../model/schema.ts';
import { parseXml } from '../../../wire/xml/reader.ts';
import { TypeCompiler } from './compile.ts';
import { Misfit } from './misfit.ts';
import { type Particle, tagOf } from './xml-type.ts';

const NAMESPACE = 'urn:x';

function compiled(schema: JsonSchema, definitions: Record<string, JsonSchema> = {}) {
  const compiler = new TypeCompiler(definitions, NAMESPACE);
  const { type, nillable } = compiler.compile(schema, NAMESPACE);
  const tag = tagOf(compiler.prefixes, NAMESPACE, 'v');
  const write = (value: unknown) => type.write(tag, value, undefined);
  const read = (text: string) =>
    type.read(
      parseXml(
        text.replace(
          /^<[^ >/]+/,
          `$&${compiler.prefixes.declarations()} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`,
        ),
      ),
      undefined,
    );
  return { compiler, type, nillable, write, read };
}

function roundTrip(
  schema: JsonSchema,
  value: unknown,
  definitions?: Record<string, JsonSchema>,
): string {
  const { write, read } = compiled(schema, definitions);
  const text = write(value);
  assert.deepEqual(read(text), value);
  return text;
}

const object = (properties: Record<string, JsonSchema>, more: object = {}): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...more,
});

describe('types of schemas', () => {
  it('members of parts that are joined are members of the whole', () => {
    const schema = {
      allOf: [{ $ref: '#/$defs/Base' }, object({ b: { type: 'integer' } })],
    };
    const text = roundTrip(schema, { a: 'x', b: 1 }, { Base: object({ a: { type: 'string' } }) });
    assert.equal(text, '<n0:v><n0:a>x</n0:a><n0:b>1</n0:b></n0:v>');
  });

  it('types contain themselves, through objects, lists and unions', () => {
    const definitions: Record<string, JsonSchema> = {
      Rows: { type: 'array', items: { $ref: '#/$defs/Rows' } },
      Chain: {
        ...(object({ next: { anyOf: [{ $ref: '#/$defs/Chain' }, { type: 'null' }] } }) as object),
      },
      Term: {
        anyOf: [
          { type: 'integer' },
          object({ sum: { type: 'array', items: { $ref: '#/$defs/Term' } } }),
        ],
      },
      Alias: { $ref: '#/$defs/Chain' },
      Circle: { $ref: '#/$defs/Circle' },
    };
    roundTrip({ $ref: '#/$defs/Rows' }, [[], [[], []]], definitions);
    roundTrip({ $ref: '#/$defs/Chain' }, { next: { next: { next: null } } }, definitions);
    roundTrip({ $ref: '#/$defs/Term' }, { sum: [1, { sum: [2, { sum: [] }] }] }, definitions);
    roundTrip({ $ref: '#/$defs/Alias' }, { next: null }, definitions);
    roundTrip({ $ref: '#/$defs/Circle' }, { anything: [1] }, definitions);
    roundTrip({ $ref: '#/$defs/Nowhere' }, 'x', definitions);
  });

  it('null is known by references, lists of types, unions and enumerations', () => {
    const definitions = { Maybe: { type: ['string', 'null'] } };
    for (const schema of [
      { $ref: '#/$defs/Maybe' },
      { anyOf: [{ $ref: '#/$defs/Maybe' }] },
      { type: ['integer', 'null'] },
      { oneOf: [{ type: 'boolean' }, { type: 'null' }] },
      { enum: ['a', null] },
      { anyOf: [{ type: 'string' }, { type: 'integer' }, { const: null }] },
    ]) {
      assert.equal(compiled(schema, definitions).nillable, true, JSON.stringify(schema));
    }
    for (const schema of [{ type: 'string' }, {}, true] as const) {
      assert.equal(compiled(schema).nillable, false, JSON.stringify(schema));
    }
  });

  it('tuples and values of several types are any JSON', () => {
    for (const [schema, value] of [
      [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] }, ['a', 1]],
      [{ enum: ['a', 1, null] }, 1],
      [{ type: 'array' }, [1, 'a']],
      [{ not: { type: 'string' } }, 5],
    ] as const) {
      const { compiler } = compiled(schema);
      assert.ok(compiler.usesJson, JSON.stringify(schema));
      roundTrip(schema, value);
    }
  });

  it('members without a name of their own are entries, beside those with one', () => {
    const schema = object(
      { entry: { type: 'string' } },
      { additionalProperties: { type: 'array', items: { type: 'integer' } } },
    );
    const text = roundTrip(schema, { entry: 'x', 'a b': [1, 2], c: [] });
    assert.match(
      text,
      /<n0:entry>x<\/n0:entry><n0:entry_><n0:key>a b<\/n0:key><n0:value><n0:item>1/,
    );
    roundTrip({ type: 'object', patternProperties: { '^x': { type: 'boolean' } } }, { xa: true });
    roundTrip({ type: 'object' }, { any: ['thing'] });
    const { read } = compiled(schema);
    for (const spoiled of [
      text.replace('<n0:key>a b</n0:key>', '<n0:key>entry</n0:key>'),
      text.replace('<n0:key>a b</n0:key>', '<n0:key>__proto__</n0:key>'),
      text.replace('<n0:key>a b</n0:key>', ''),
      text.replace('<n0:key>a b</n0:key>', '<n0:key>a b</n0:key><n0:key>b</n0:key>'),
    ]) {
      assert.throws(() => read(spoiled), Misfit, spoiled);
    }
  });

  it('annotations name elements and make attributes where that is possible', () => {
    const schema = object({
      a: { type: 'string', xml: { name: 'same' } },
      b: { type: 'string', xml: { name: 'same' } },
      c: { type: 'array', items: { type: 'string', xml: { name: 'one' } }, xml: { wrapped: true } },
      d: { type: 'array', items: { type: 'string' }, xml: { attribute: true } },
      e: { type: ['boolean', 'null'], xml: { attribute: true } },
      f: { type: 'string', xml: { name: 7, namespace: '' } },
    });
    const text = roundTrip(schema, { a: '1', b: '2', c: ['x'], d: ['y'], e: null, f: 'z' });
    assert.equal(
      text,
      '<n0:v><n0:same>1</n0:same><n0:b>2</n0:b><n0:c><n0:one>x</n0:one></n0:c><n0:d>y</n0:d><n0:f>z</n0:f></n0:v>',
    );
    assert.match(
      roundTrip(schema, { a: '', b: '', c: [], d: [], e: true, f: '' }),
      /^<n0:v e="true">/,
    );
  });

  it('of one name in one namespace there is one element', () => {
    const definitions = {
      One: object({ m: { type: 'string', xml: { namespace: 'urn:y' } } }),
      Two: object({ m: { type: 'integer', xml: { namespace: 'urn:y' } } }),
    };
    const schema = object({ one: { $ref: '#/$defs/One' }, two: { $ref: '#/$defs/Two' } });
    const text = roundTrip(schema, { one: { m: 'x' }, two: { m: 1 } }, definitions);
    assert.match(text, /<n1:m>x<\/n1:m>.*<n0:m>1<\/n0:m>/);
  });

  it('a secret that does not fit is not repeated', () => {
    const { read } = compiled({ type: 'string', contentEncoding: 'base64', writeOnly: true });
    assert.throws(
      () => read('<v>sec!ret</v>'),
      (error: unknown) => {
        assert.ok(error instanceof Misfit);
        assert.doesNotMatch(error.received, /sec!ret/);
        return true;
      },
    );
  });

  it('lists of lists, optional lists and lists of null keep their shape', () => {
    const items = { type: ['string', 'null'] };
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        always: { type: 'array', items },
        perhaps: { type: 'array', items },
        nested: { type: 'array', items: { type: 'array', items } },
      },
      required: ['always', 'nested'],
    };
    roundTrip(schema, { always: [null, '', 'x'], nested: [[], [null]] });
    roundTrip(schema, { always: [], perhaps: [], nested: [] });
    roundTrip(schema, { always: ['a'], perhaps: [null], nested: [[]] });
  });
});

it('particles know how often they occur', () => {
  const { type } = compiled(
    object({ a: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 3 } }),
  );
  assert.ok(type.kind === 'object');
  const [particle] = type.particles as readonly Particle[];
  assert.deepEqual(particle?.repeated, { min: 2, max: 3 });
});
