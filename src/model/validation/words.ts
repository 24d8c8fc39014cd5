import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { type Definitions, definitionName, isSchema, resolveSchema } from '../schema-tree.ts';

const MAX_RECEIVED = 80;
const MAX_LISTED = 10;

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
};

/** What a schema asks for, in words: `a string of at most 20 characters`. */
export function describeSchema(schema: JsonSchema, definitions: Definitions, depth = 0): string {
  if (typeof schema === 'boolean') return schema ? 'any value' : 'nothing here';
  const name = definitionName(schema.$ref);
  if (name !== undefined) {
    const target = resolveSchema(schema, definitions);
    const isObject = typeof target !== 'boolean' && target.type === 'object';
    return isObject ? `an object (${name})` : describeSchema(target, definitions, depth + 1);
  }
  if (Object.hasOwn(schema, 'const')) return shorten(JSON.stringify(schema.const));
  if (Array.isArray(schema.enum)) return describeChoice(schema.enum);
  const union = schema.anyOf ?? schema.oneOf;
  if (schema.type === undefined && Array.isArray(union)) {
    const parts = new Set(
      union
        .slice(0, MAX_LISTED)
        .map((part: unknown) =>
          isSchema(part) && depth < 4 ? describeSchema(part, definitions, depth + 1) : 'a value',
        ),
    );
    const text = [...parts].join(' or ');
    return text.length <= 200 ? text : `one of ${union.length} forms`;
  }
  const types = [schema.type ?? impliedType(schema)].flat().filter((type) => type !== undefined);
  if (types.length === 0) return 'another value';
  return types.map((type) => describeType(String(type), schema)).join(' or ');
}

function impliedType(schema: JsonSchemaObject): string | undefined {
  if ('minLength' in schema || 'maxLength' in schema || 'pattern' in schema || 'format' in schema) {
    return 'string';
  }
  if ('properties' in schema || 'required' in schema) return 'object';
  if ('items' in schema || 'minItems' in schema || 'maxItems' in schema) return 'array';
  const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
  return bounds.some((keyword) => keyword in schema) ? 'number' : undefined;
}

function describeChoice(values: readonly unknown[]): string {
  if (values.length === 1) return shorten(JSON.stringify(values[0]));
  const listed = values.slice(0, MAX_LISTED).map((value) => shorten(JSON.stringify(value)));
  const more = values.length - listed.length;
  return `one of ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function describeType(type: string, schema: JsonSchemaObject): string {
  const base = ARTICLES[type] ?? type;
  if (type === 'string') {
    const format = schema.format === undefined ? '' : ` of format ${String(schema.format)}`;
    const length = counted(schema.minLength, schema.maxLength, 'character');
    const pattern =
      schema.pattern === undefined || format !== ''
        ? ''
        : ` that matches ${shorten(String(schema.pattern), 120)}`;
    return base + format + length + pattern;
  }
  if (type === 'number' || type === 'integer') return base + numberBounds(schema);
  if (type === 'array') {
    const different = schema.uniqueItems === true ? ', all different' : '';
    return base + counted(schema.minItems, schema.maxItems, 'item') + different;
  }
  if (type === 'object')
    return base + counted(schema.minProperties, schema.maxProperties, 'member');
  return base;
}

function counted(least: unknown, most: unknown, unit: string): string {
  const units = (count: unknown): string => `${String(count)} ${unit}${count === 1 ? '' : 's'}`;
  if (least !== undefined && least === most) return ` of ${units(least)}`;
  if (least !== undefined && most !== undefined) {
    return ` of ${String(least)} to ${units(most)}`;
  }
  if (most !== undefined) return ` of at most ${units(most)}`;
  return least === undefined ? '' : ` of at least ${units(least)}`;
}

function numberBounds(schema: JsonSchemaObject): string {
  const parts: string[] = [];
  const add = (words: string, value: unknown): void => {
    if (value !== undefined) parts.push(`${words} ${String(value)}`);
  };
  // zod writes these two for every z.int(); they say nothing to a reader.
  const safe = (value: unknown): unknown =>
    Math.abs(value as number) === Number.MAX_SAFE_INTEGER ? undefined : value;
  add('at least', safe(schema.minimum));
  add('above', schema.exclusiveMinimum);
  add('at most', safe(schema.maximum));
  add('below', schema.exclusiveMaximum);
  add('a multiple of', schema.multipleOf);
  return parts.length === 0 ? '' : ` that is ${parts.join(' and ')}`;
}

/** What came, shortened: its type and, unless it is secret, its value. */
export function describeValue(value: unknown, secret: boolean): string {
  if (secret) return '***';
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string')
    return `the string ${shorten(JSON.stringify(value.slice(0, 200)))}`;
  // JSON text can say more than a number can hold: 1e999.
  if (value === Number.POSITIVE_INFINITY) return 'a number above 1.79e308';
  if (value === Number.NEGATIVE_INFINITY) return 'a number below -1.79e308';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    return `an array of ${value.length} item${value.length === 1 ? '' : 's'}`;
  }
  if (typeof value !== 'object') return `a ${typeof value}`;
  const names = Object.keys(value);
  if (names.length === 0) return 'an object without members';
  const listed = names.slice(0, MAX_LISTED).map((name) => shorten(name, 30));
  return shorten(
    `an object with ${listed.join(', ')}${names.length > listed.length ? ', ...' : ''}`,
  );
}

/** The type of a value alone, for values of which nobody knows whether they are secret. */
export function describeTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return ARTICLES[typeof value] ?? `a ${typeof value}`;
}

export function shorten(text: string, length: number = MAX_RECEIVED): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
