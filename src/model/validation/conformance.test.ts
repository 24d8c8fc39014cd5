import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFINITIONS, GROUPS } from '../../../test/fixtures/json-schema/groups.ts';
import type { Contract } from '../contract.ts';
import { checkContract } from '../contract-rules.ts';
import type { JsonSchema } from '../schema.ts';
import { compileSchema } from './validator.ts';
import { findViolations } from './violations.ts';

/** What the search for violations does not look at, as its docstring says: the compiled check
 * decides, and the whole value is named. */
const UNSEARCHED = /unevaluated/;

for (const { about, schema, fits, fails } of GROUPS) {
  test(`JSON Schema: ${about}`, () => {
    const validator = compileSchema(schema as JsonSchema, DEFINITIONS);
    const cases = [
      ...fits.map((value) => [value, true] as const),
      ...fails.map((value) => [value, false] as const),
    ];
    for (const [value, expected] of cases) {
      const shown = JSON.stringify(value);
      assert.equal(validator.check(value), expected, `check of ${shown}`);
      if (!expected) assert.ok(validator.violations(value).length > 0);
      if (UNSEARCHED.test(about)) continue;
      const found = findViolations(schema as JsonSchema, DEFINITIONS, value);
      assert.equal(found.length === 0, expected, `violations of ${shown}`);
    }
  });
}

test('contracts may use every keyword that is tested', () => {
  const schemas = Object.fromEntries(GROUPS.map(({ schema }, index) => [`Type${index}`, schema]));
  const contract: Contract = {
    polywire: '1',
    name: 'test',
    version: '1.0.0',
    services: [],
    errors: {},
    $defs: { ...DEFINITIONS, ...(schemas as Record<string, JsonSchema>) },
  };
  assert.deepEqual(
    checkContract(contract).filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('every amount of money is a multiple of a cent, and half a cent is not', () => {
  const { check } = compileSchema({ items: { multipleOf: 0.01 } });
  fc.assert(
    fc.property(fc.integer({ min: -1e14, max: 1e14 }), (cents) => {
      assert.ok(check([Number(`${cents}e-2`)]));
      assert.ok(Math.abs(cents) > 1e12 || !check([Number(`${cents}5e-3`)]));
    }),
    { numRuns: 2000 },
  );
});
