import type { JsonSchemaObject } from '../schema.ts';
import { jsonEqual } from '../schema-tree.ts';
import { type Place, type SchemaComparison, show } from './schema-diff.ts';

const LOWER = [
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'minItems',
  'minProperties',
  'minContains',
] as const;
const UPPER = [
  'maximum',
  'exclusiveMaximum',
  'maxLength',
  'maxItems',
  'maxProperties',
  'maxContains',
] as const;
/** Present: fewer values fit. Another value of it: neither set holds the other. */
const NARROWING = [
  'pattern',
  'format',
  'not',
  'contains',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contentEncoding',
  'contentMediaType',
] as const;

/** Compares the keywords that take values away from a type: bounds, enum, pattern, format, ... */
export function compareConstraints(
  comparison: SchemaComparison,
  before: JsonSchemaObject,
  after: JsonSchemaObject,
  at: Place,
): void {
  for (const keyword of LOWER) compareBound(comparison, keyword, 1, before, after, at);
  for (const keyword of UPPER) compareBound(comparison, keyword, -1, before, after, at);
  for (const keyword of NARROWING) {
    comparePresence(comparison, keyword, before[keyword], after[keyword], at);
  }
  comparePresence(
    comparison,
    'uniqueItems',
    before.uniqueItems === true ? true : undefined,
    after.uniqueItems === true ? true : undefined,
    at,
  );
  compareMultiple(comparison, before.multipleOf, after.multipleOf, at);
  compareValues(comparison, before, after, at);
  const conditional = (schema: JsonSchemaObject): unknown =>
    schema.if === undefined ? undefined : [schema.if, schema.then ?? true, schema.else ?? true];
  comparePresence(comparison, 'if/then/else', conditional(before), conditional(after), at);
}

/** @param sign 1 for a lower bound, -1 for an upper one */
function compareBound(
  comparison: SchemaComparison,
  keyword: string,
  sign: 1 | -1,
  before: JsonSchemaObject,
  after: JsonSchemaObject,
  at: Place,
): void {
  const none = sign * Number.NEGATIVE_INFINITY;
  const old = typeof before[keyword] === 'number' ? before[keyword] : none;
  const next = typeof after[keyword] === 'number' ? after[keyword] : none;
  if (old === next) return;
  at.report(
    comparison,
    (next - old) * sign > 0 ? 'constraintTightened' : 'constraintLoosened',
    `${keyword} ${show(before[keyword])} became ${show(after[keyword])}`,
  );
}

function comparePresence(
  comparison: SchemaComparison,
  keyword: string,
  before: unknown,
  after: unknown,
  at: Place,
): void {
  if (jsonEqual(before, after)) return;
  const kind =
    before === undefined
      ? 'constraintTightened'
      : after === undefined
        ? 'constraintLoosened'
        : 'constraintChanged';
  at.report(comparison, kind, `${keyword} ${show(before)} became ${show(after)}`);
}

function compareMultiple(
  comparison: SchemaComparison,
  before: unknown,
  after: unknown,
  at: Place,
): void {
  if (typeof before !== 'number' || typeof after !== 'number') {
    comparePresence(comparison, 'multipleOf', before, after, at);
    return;
  }
  if (before === after) return;
  const kind =
    after % before === 0
      ? 'constraintTightened'
      : before % after === 0
        ? 'constraintLoosened'
        : 'constraintChanged';
  at.report(comparison, kind, `multipleOf ${before} became ${after}`);
}

function compareValues(
  comparison: SchemaComparison,
  before: JsonSchemaObject,
  after: JsonSchemaObject,
  at: Place,
): void {
  const old = allowedValues(before);
  const next = allowedValues(after);
  if (old === undefined && next === undefined) return;
  if (old === undefined || next === undefined) {
    const kind = old === undefined ? 'constraintTightened' : 'constraintLoosened';
    at.report(comparison, kind, `allowed values ${show(old)} became ${show(next)}`);
    return;
  }
  for (const value of old) {
    if (!next.some((one) => jsonEqual(one, value))) {
      at.report(comparison, 'enumValueRemoved', `the value ${show(value)} is gone`);
    }
  }
  for (const value of next) {
    if (!old.some((one) => jsonEqual(one, value))) {
      at.report(comparison, 'enumValueAdded', `the value ${show(value)} is new`);
    }
  }
}

function allowedValues(schema: JsonSchemaObject): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}
