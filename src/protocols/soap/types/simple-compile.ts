import type { JsonSchema, JsonSchemaObject } from '../../../model/schema.ts';
import { type Definitions, isSchema, resolveSchema } from '../../../model/schema-tree.ts';
import {
  BASE64_BINARY,
  BOOLEAN,
  DATE,
  DATE_TIME,
  DECIMAL_NUMBER,
  DECIMAL_TEXT,
  DURATION,
  enumeration,
  floating,
  integer,
  type Lexical,
  long,
  STRING,
  TIME,
} from './lexical.ts';
import { type Facet, SimpleType } from './simple-type.ts';
import type { QualifiedName } from './xml-type.ts';

const LONG = integer('long');
const INT = integer('int');
const DOUBLE = floating('double');
const FLOAT = floating('float');

/** Marked as not to be shown in messages. */
export function isSecret(schema: JsonSchemaObject): boolean {
  return schema.writeOnly === true || schema.format === 'password';
}

/** The simple type of a schema without null; undefined for a schema that is none. */
export function simpleTypeOf(
  schema: JsonSchemaObject,
  definitions: Definitions,
  typeName: QualifiedName | undefined,
): SimpleType | undefined {
  const values = valuesOf(schema, definitions);
  if (values !== undefined) return enumerationType(schema, values, typeName);
  const lexical = lexicalOf(schema);
  if (lexical === undefined) return undefined;
  const facets = facetsOf(schema, lexical);
  // A name for no more than a built-in type helps nobody.
  const name = facets.length > 0 ? typeName : undefined;
  return new SimpleType(lexical, facets, name, isSecret(schema));
}

function lexicalOf(schema: JsonSchemaObject): Lexical | undefined {
  const { type, format } = schema;
  switch (type) {
    case 'boolean':
      return BOOLEAN;
    case 'integer':
      return format === 'int32' ? INT : LONG;
    case 'number':
      if (format === 'decimal') return DECIMAL_NUMBER;
      return format === 'float' ? FLOAT : DOUBLE;
    case 'string':
      return textLexical(schema);
    default:
      break;
  }
  if (format === 'int64' && Array.isArray(type) && type.length === 2) {
    if (type.includes('integer') && type.includes('string')) return long(true);
  }
  return undefined;
}

function textLexical({ format, contentEncoding }: JsonSchemaObject): Lexical {
  if (contentEncoding === 'base64') return BASE64_BINARY;
  switch (format) {
    case 'byte':
      return BASE64_BINARY;
    case 'int64':
      return long(false);
    case 'decimal':
      return DECIMAL_TEXT;
    case 'date-time':
      return DATE_TIME;
    case 'date':
      return DATE;
    case 'time':
      return TIME;
    case 'duration':
      return DURATION;
    default:
      return STRING;
  }
}

/** The values that a schema lists; undefined where it lists none, or values of several types. */
function valuesOf(schema: JsonSchemaObject, definitions: Definitions): unknown[] | undefined {
  let values: unknown[] | undefined;
  if ('const' in schema) values = [schema.const];
  else if (Array.isArray(schema.enum)) values = schema.enum;
  else {
    const union = schema.anyOf ?? schema.oneOf;
    if (!Array.isArray(union) || union.length === 0) return undefined;
    values = [];
    for (const branch of union) {
      const resolved = isSchema(branch) ? resolveSchema(branch as JsonSchema, definitions) : false;
      if (typeof resolved === 'boolean') return undefined;
      const own = 'const' in resolved ? [resolved.const] : resolved.enum;
      if (!Array.isArray(own)) return undefined;
      values.push(...own);
    }
  }
  const kinds = new Set(values.map((value) => typeof value));
  if (values.length === 0 || kinds.size !== 1) return undefined;
  return kinds.has('object') ? undefined : values;
}

function enumerationType(
  schema: JsonSchemaObject,
  values: readonly unknown[],
  typeName: QualifiedName | undefined,
): SimpleType {
  const [first] = values;
  if (typeof first === 'boolean') return new SimpleType(BOOLEAN, [], undefined, isSecret(schema));
  const lexical =
    typeof first === 'string' ? STRING : values.every(Number.isSafeInteger) ? LONG : DOUBLE;
  const facets = values.map((value): Facet => ['enumeration', lexical.print(value) ?? '']);
  return new SimpleType(enumeration(lexical, values), facets, typeName, isSecret(schema));
}

const INTEGER_RANGE: Readonly<Record<string, number>> = { int: 2 ** 31, long: 2 ** 53 - 1 };
const BOUNDS = [
  ['minimum', 'minInclusive'],
  ['maximum', 'maxInclusive'],
  ['exclusiveMinimum', 'minExclusive'],
  ['exclusiveMaximum', 'maxExclusive'],
] as const;

/** What XSD can say of a schema's own keywords; the rest is told by the hub. */
function facetsOf(schema: JsonSchemaObject, lexical: Lexical): Facet[] {
  const facets: Facet[] = [];
  switch (lexical.base) {
    case 'string':
      for (const keyword of ['minLength', 'maxLength'] as const) {
        const length = schema[keyword];
        if (Number.isSafeInteger(length)) facets.push([keyword, String(length)]);
      }
      break;
    case 'dateTime':
    case 'time':
      facets.push(['pattern', '.*(Z|[+\\-][0-9]{2}:[0-9]{2})']);
      break;
    case 'date':
      facets.push(['pattern', '[0-9]{4}-[0-9]{2}-[0-9]{2}']);
      break;
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      facets.push(...boundsOf(schema, lexical));
      break;
    default:
      break;
  }
  return facets;
}

function boundsOf(schema: JsonSchemaObject, lexical: Lexical): Facet[] {
  const facets: Facet[] = [];
  if (schema.type !== 'integer' && schema.type !== 'number') return facets;
  const range = INTEGER_RANGE[lexical.base];
  const used = new Set<string>();
  for (const [keyword, facet] of BOUNDS) {
    const bound = schema[keyword];
    const text = typeof bound === 'number' ? lexical.print(bound) : undefined;
    // One lower and one upper bound; what the type itself says is not said again.
    if (text === undefined || used.has(facet.slice(0, 3))) continue;
    if (range !== undefined && Math.abs(bound as number) >= range) continue;
    used.add(facet.slice(0, 3));
    facets.push([facet, text]);
  }
  return facets;
}
