import Format from 'typebox/format';
import type { JsonSchemaObject } from '../schema.ts';
import { isSchemaObject, jsonEqual } from '../schema-tree.ts';

/**
 * Whether a value fits the keywords of a schema that look at the value alone, not at its members
 * or items: type, const, enum, lengths, bounds, counts, pattern, format, uniqueItems.
 */
export function fitsOwnKeywords(schema: JsonSchemaObject, value: unknown): boolean {
  if (schema.type !== undefined && !fitsType(schema.type, value)) return false;
  if (Object.hasOwn(schema, 'const') && !jsonEqual(schema.const, value)) return false;
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => jsonEqual(one, value))) return false;
  if (typeof value === 'string') return fitsString(schema, value);
  if (typeof value === 'number') return fitsNumber(schema, value);
  if (Array.isArray(value)) {
    if (!within(value.length, schema.minItems, schema.maxItems)) return false;
    return schema.uniqueItems !== true || allDifferent(value);
  }
  if (!isSchemaObject(value)) return true;
  return within(Object.keys(value).length, schema.minProperties, schema.maxProperties);
}

export function fitsType(type: unknown, value: unknown): boolean {
  return Array.isArray(type)
    ? type.some((one) => fitsOneType(one, value))
    : fitsOneType(type, value);
}

function fitsOneType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isSchemaObject(value);
    default:
      return true;
  }
}

const expressions = new Map<string, RegExp>();
const MAX_EXPRESSIONS = 10_000;

/** The pattern as a regular expression, made once. */
export function expressionOf(pattern: string): RegExp {
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(pattern, 'u');
    if (expressions.size < MAX_EXPRESSIONS) expressions.set(pattern, expression);
  }
  return expression;
}

function fitsString(schema: JsonSchemaObject, value: string): boolean {
  if (schema.minLength !== undefined || schema.maxLength !== undefined) {
    if (!within(characters(value), schema.minLength, schema.maxLength)) return false;
  }
  if (typeof schema.pattern === 'string' && !expressionOf(schema.pattern).test(value)) return false;
  return typeof schema.format !== 'string' || Format.Test(schema.format, value);
}

/** Length in Unicode code points (JSON Schema validation, section 6.3.1). */
function characters(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}

function fitsNumber(schema: JsonSchemaObject, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && value < minimum) return false;
  if (typeof maximum === 'number' && value > maximum) return false;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return false;
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return false;
  return typeof multipleOf !== 'number' || isMultiple(value, multipleOf);
}

/** Rounding that a quotient of two rounded numbers has, relative to it, with some to spare. */
const ROUNDING = 4 * Number.EPSILON;

/** Whether a number is a multiple of another, as their decimals say: 0.3 is one of 0.1, though no
 * binary fraction is (JSON Schema validation, section 6.2.1). */
export function isMultiple(value: number, of: number): boolean {
  if (value % of === 0) return true;
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) <= ROUNDING * Math.abs(quotient);
}

function within(count: number, least: unknown, most: unknown): boolean {
  if (typeof least === 'number' && count < least) return false;
  return typeof most !== 'number' || count <= most;
}

function allDifferent(items: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonical(item);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    isSchemaObject(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
