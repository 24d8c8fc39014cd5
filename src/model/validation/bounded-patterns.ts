import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { mapSubschemas, subschemas } from '../schema-tree.ts';

/** Characters of a text whose pattern may need time that grows faster than the text. An author who
 * wants more sets `maxLength`. */
export const MAX_PATTERN_TEXT = 4096;

/**
 * The schema, with `maxLength` beside each pattern that backtracking can make slow and that has no
 * length of its own: `^a*a*b$` takes 30 s for 100,000 characters, and nobody else is served
 * meanwhile. The schema itself where nothing has to be added.
 */
export function withBoundedPatterns(schema: JsonSchema): JsonSchema {
  return typeof schema === 'boolean' || !hasUnbounded(schema) ? schema : bounded(schema);
}

function bounded(schema: JsonSchemaObject): JsonSchemaObject {
  const copy = mapSubschemas(schema, withBoundedPatterns);
  return isUnbounded(schema) ? { ...copy, maxLength: MAX_PATTERN_TEXT } : copy;
}

function hasUnbounded(schema: JsonSchema): boolean {
  if (typeof schema === 'boolean') return false;
  return isUnbounded(schema) || subschemas(schema).some(([, part]) => hasUnbounded(part));
}

/** Encoded bytes are long by nature, and the patterns that libraries give them are linear. */
function isUnbounded({ pattern, maxLength, contentEncoding }: JsonSchemaObject): boolean {
  return (
    typeof pattern === 'string' &&
    maxLength === undefined &&
    contentEncoding === undefined &&
    !isLinear(pattern)
  );
}

/** Certainly linear: nothing repeats without bound, or one thing does and the start is fixed. */
function isLinear(pattern: string): boolean {
  const plain = pattern.replace(/\\./gsu, 'x').replace(/\[[^\]]*\]/gu, 'x');
  const repeats = plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  return (
    repeats === 0 || (repeats === 1 && plain.startsWith('^') && !/^[^(]*\|/.test(plain.slice(1)))
  );
}
