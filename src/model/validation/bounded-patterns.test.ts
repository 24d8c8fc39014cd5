import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { JsonSchemaObject } from '../schema.ts';
import { MAX_PATTERN_TEXT, withBoundedPatterns } from './bounded-patterns.ts';
import { compileSchema } from './validator.ts';

test('a long text does not reach a pattern that backtracks', () => {
  for (const pattern of ['^a*a*b$', '\\s+$', '^(x+)(y+)$', 'a{2,}b']) {
    const validator = compileSchema({ type: 'string', pattern });
    const text = 'a '.repeat(MAX_PATTERN_TEXT);
    assert.equal(validator.check(text), false, pattern);
    assert.match(validator.violations(text)[0]!.expected, /at most 4096 characters/, pattern);
  }
  const inside = { type: 'object', properties: { a: { type: 'string', pattern: '^a*a*$' } } };
  assert.equal(compileSchema(inside).check({ a: 'a'.repeat(MAX_PATTERN_TEXT + 1) }), false);
  assert.equal(compileSchema(inside).check({ a: 'a'.repeat(100) }), true);
});

test('linear patterns, and texts with a length of their own, are left as they are', () => {
  const base64 = z.toJSONSchema(z.base64());
  for (const schema of [
    { type: 'string', pattern: '^[0-9a-f]+$' },
    { type: 'string', pattern: '^[A-Z]{2}[0-9]{9}[A-Z]{2}$' },
    { type: 'string', pattern: '^a*a*b$', maxLength: 10_000 },
    { type: 'object', properties: { a: { type: 'string', pattern: 'abc\\+' } } },
  ] satisfies JsonSchemaObject[]) {
    assert.equal(withBoundedPatterns(schema), schema);
  }
  const long = 'QUJD'.repeat(100_000);
  assert.equal(compileSchema(base64 as JsonSchemaObject).check(long), true);
});
