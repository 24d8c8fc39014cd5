import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonSchema } from '../schema.ts';
import { compileSchema } from './validator.ts';
import { findViolations } from './violations.ts';

/** Small worlds, so that values and schemas meet often. */
const memberName = fc.constantFrom('a', 'b', 'c', 'a/b', '~', 'é');
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, -1, 2, 1.5, 10, '', 'a', 'ab', 'abc', '😀', '12'),
  fc.integer({ min: -5, max: 5 }),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(memberName, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const count = fc.integer({ min: 0, max: 4 });
const bound = fc.constantFrom(-1, 0, 1, 1.5, 2);
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');

const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const sub = tie('schema') as fc.Arbitrary<JsonSchema>;
  const list = fc.array(sub, { minLength: 1, maxLength: 3 });
  const map = fc.dictionary(memberName, sub, { maxKeys: 3, noNullPrototype: true });
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ type }),
      fc.boolean(),
      fc.record({ const: value }),
      fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }) }),
      fc.record({ $ref: fc.constantFrom('#/$defs/Text', '#/$defs/Tree') }),
      fc.record(
        {
          type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
          minLength: count,
          maxLength: count,
          pattern: fc.constantFrom('^a', 'b$', '^[0-9]+$', '^.$'),
          minimum: bound,
          maximum: bound,
          exclusiveMinimum: bound,
          exclusiveMaximum: bound,
          multipleOf: fc.constantFrom(1, 2, 0.5),
        },
        { requiredKeys: [] },
      ),
      fc.record(
        {
          properties: map,
          required: fc.uniqueArray(memberName, { maxLength: 2 }),
          additionalProperties: sub,
          patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), sub, {
            maxKeys: 1,
            noNullPrototype: true,
          }),
          propertyNames: fc.constantFrom({ maxLength: 1 }, { pattern: '^[ab]' }),
          minProperties: count,
          maxProperties: count,
          dependentRequired: fc.constantFrom({ a: ['b'] }, { b: ['a', 'c'] }),
          dependentSchemas: fc.dictionary(memberName, sub, { maxKeys: 1, noNullPrototype: true }),
        },
        { requiredKeys: [] },
      ),
      fc.record(
        {
          items: sub,
          prefixItems: list,
          minItems: count,
          maxItems: count,
          uniqueItems: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      // Not beside prefixItems: there ajv lets an empty array contain something.
      fc.record({ contains: sub, minContains: count, maxContains: count }),
      fc.record(
        {
          allOf: list,
          anyOf: list,
          oneOf: list,
          not: sub,
          if: sub,
          else: sub,
          ['then' as string]: sub,
        },
        { requiredKeys: [] },
      ),
    ),
  };
});

const definitions = {
  Text: { type: 'string', maxLength: 2 },
  Tree: { type: 'object', properties: { a: { $ref: '#/$defs/Tree' } }, required: ['b'] },
};

/** ajv's verdict; undefined where the code that it made does not run (some `not` inside unions). */
function verdict(theirs: (value: unknown) => unknown, candidate: unknown): boolean | undefined {
  try {
    return theirs(candidate) === true;
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

test('the compiled check, the search for violations and ajv agree on every value', () => {
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    validateSchema: false,
  });
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 4, maxLength: 8 }), (one, values) => {
      const validator = compileSchema(one, definitions);
      const theirs = ajv.compile(typeof one === 'boolean' ? one : { ...one, $defs: definitions });
      for (const candidate of values) {
        const expected = verdict(theirs, candidate);
        if (expected === undefined) continue;
        const shown = `${JSON.stringify(one)} of ${JSON.stringify(candidate)}`;
        assert.equal(validator.check(candidate), expected, `check: ${shown}`);
        const found = findViolations(one, definitions, candidate);
        assert.equal(found.length === 0, expected, `violations: ${shown}`);
        assert.ok(found.length <= 10);
      }
    }),
    { numRuns: 400 },
  );
});
