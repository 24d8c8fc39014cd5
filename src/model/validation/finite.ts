import type { Violation } from '../fault.ts';
import type { JsonSchema } from '../schema.ts';
import { type Definitions, isSchema, isSchemaObject, pointerStep } from '../schema-tree.ts';
import { describeValue } from './words.ts';

/**
 * Numbers past the largest one: JSON text such as `1e999` is read as Infinity, which no JSON can
 * write; it would be answered as null. A schema that says `number` refuses it; here is what finds
 * it in the parts of a value of which a schema says nothing.
 */

/** Whether every number in the value is finite. */
export function isFiniteThroughout(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isFiniteThroughout(value[index])) return false;
    }
    return true;
  }
  for (const name in value) {
    if (!isFiniteThroughout((value as Record<string, unknown>)[name])) return false;
  }
  return true;
}

/** Where numbers are that are not; at most `most` places. */
export function infiniteNumbers(value: unknown, most: number): Violation[] {
  const found: Violation[] = [];
  const visit = (one: unknown, path: string): void => {
    if (found.length >= most || ArrayBuffer.isView(one)) return;
    if (typeof one === 'number') {
      if (!Number.isFinite(one)) {
        found.push({ path, expected: 'a finite number', received: describeValue(one, false) });
      }
    } else if (Array.isArray(one)) {
      for (const [index, item] of one.entries()) visit(item, path + pointerStep(index));
    } else if (isSchemaObject(one)) {
      for (const [name, member] of Object.entries(one)) visit(member, path + pointerStep(name));
    }
  };
  visit(value, '');
  return found;
}

/** Whether the schema, or a definition, leaves parts of a value open, which may then hold any
 * number. Definitions are looked at once, whether it refers to them or not. */
export function hasOpenParts(schema: JsonSchema, definitions: Definitions): boolean {
  return [schema, ...Object.values(definitions)].some((one) => !isClosed(one));
}

function isClosed(schema: unknown): boolean {
  if (!isSchema(schema)) return false;
  if (typeof schema === 'boolean') return !schema;
  if (schema.$ref !== undefined || Object.hasOwn(schema, 'const') || schema.enum !== undefined) {
    return true;
  }
  const { anyOf, oneOf, allOf } = schema;
  for (const union of [anyOf, oneOf]) {
    if (Array.isArray(union) && union.every(isClosed)) return true;
  }
  if (Array.isArray(allOf) && allOf.some(isClosed)) return true;
  if (schema.type === undefined) return false;
  const types: unknown[] = [schema.type].flat();
  if (types.includes('array')) {
    const { items, prefixItems } = schema;
    const inFront = Array.isArray(prefixItems) ? prefixItems : [];
    if (!isClosed(items) || !inFront.every(isClosed)) return false;
  }
  if (!types.includes('object')) return true;
  const { properties, patternProperties, additionalProperties } = schema;
  if (!isClosed(additionalProperties)) return false;
  return [properties, patternProperties].every(
    (members) => !isSchemaObject(members) || Object.values(members).every(isClosed),
  );
}
