import { parseJson } from '../../formats/json.ts';
import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';

/**
 * How text from a URL or header becomes a value of a schema. A schema's shape is worked out once,
 * at start; a request only follows it. Text that does not fit its schema stays text, so that
 * validation, not this, says what was expected.
 */
export type Shape = ScalarShape | ArrayShape | ObjectShape | JsonShape;

/** One value: text, a number, a boolean. */
export interface ScalarShape {
  readonly kind: 'scalar';
  read(text: string): unknown;
}

/** A list of scalars, by repeating the parameter (OpenAPI: style form, explode true). */
export interface ArrayShape {
  readonly kind: 'array';
  readonly item: ScalarShape;
  /** Set where one value alone may also stand for itself (`string | string[]`). */
  readonly single: ScalarShape | undefined;
}

/** Members as `name[member]=value` (OpenAPI: style deepObject), or the whole as JSON text. */
export interface ObjectShape {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, Shape>;
  /** For members without a name of their own in the schema; undefined where there are none. */
  readonly additional: Shape | undefined;
}

/** What fits no other form: JSON text (OpenAPI: content application/json). */
export interface JsonShape {
  readonly kind: 'json';
}

export type Definitions = Readonly<Record<string, JsonSchema>>;

type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object';

const ALL_TYPES: readonly TypeName[] = ['string', 'number', 'boolean', 'null', 'array', 'object'];
const JSON_SHAPE: JsonShape = Object.freeze({ kind: 'json' });
/** Deeper members are written as JSON text. */
const DEEPEST = 4;

/** The schema that a local reference names; undefined for one that leads nowhere. */
export function resolveReference(schema: JsonSchema, definitions: Definitions): JsonSchema {
  let current = schema;
  // Definitions that only refer to each other in a circle end here.
  for (let hops = 0; hops < 32; hops++) {
    if (typeof current === 'boolean' || typeof current.$ref !== 'string') return current;
    const name = /^#\/\$defs\/(.+)$/.exec(current.$ref)?.[1];
    const target = name === undefined ? undefined : definitions[unescapePointer(name)];
    if (target === undefined) return true;
    current = target;
  }
  return true;
}

function unescapePointer(text: string): string {
  return decodeURIComponent(text).replaceAll('~1', '/').replaceAll('~0', '~');
}

function schemas(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? (value as JsonSchema[]) : [];
}

function typeOfValue(value: unknown): TypeName {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return typeof value as TypeName;
}

function union(sets: readonly ReadonlySet<TypeName>[]): Set<TypeName> {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersect(left: ReadonlySet<TypeName>, right: ReadonlySet<TypeName>): Set<TypeName> {
  const both = new Set<TypeName>();
  for (const type of left) {
    if (right.has(type)) both.add(type);
    else if (type === 'number' && right.has('integer')) both.add('integer');
    else if (type === 'integer' && right.has('number')) both.add('integer');
  }
  return both;
}

/** The JSON types that a schema lets pass, as far as its keywords say so. */
export function typesOf(schema: JsonSchema, definitions: Definitions, depth = 0): Set<TypeName> {
  if (depth > 16) return new Set(ALL_TYPES);
  if (schema === false) return new Set();
  if (schema === true) return new Set(ALL_TYPES);
  let types = new Set<TypeName>(ALL_TYPES);
  const narrow = (others: ReadonlySet<TypeName>) => {
    types = intersect(types, others);
  };
  if (typeof schema.$ref === 'string') {
    const target = resolveReference(schema, definitions);
    if (target !== schema) narrow(typesOf(target, definitions, depth + 1));
  }
  if (schema.type !== undefined) narrow(new Set([schema.type].flat() as TypeName[]));
  if ('const' in schema) narrow(new Set([typeOfValue(schema.const)]));
  if (Array.isArray(schema.enum)) narrow(new Set(schema.enum.map(typeOfValue)));
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = schemas(schema[keyword]);
    if (branches.length > 0) {
      narrow(union(branches.map((branch) => typesOf(branch, definitions, depth + 1))));
    }
  }
  for (const part of schemas(schema.allOf)) narrow(typesOf(part, definitions, depth + 1));
  return types;
}

/** Every schema that applies to, or is a choice for, a value of this one: itself and what
 * references and combinations lead to. */
function parts(schema: JsonSchema, definitions: Definitions, depth = 0): JsonSchemaObject[] {
  if (typeof schema === 'boolean' || depth > 16) return [];
  const found = [schema];
  if (typeof schema.$ref === 'string') {
    const target = resolveReference(schema, definitions);
    if (target !== schema) found.push(...parts(target, definitions, depth + 1));
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    for (const part of schemas(schema[keyword])) {
      found.push(...parts(part, definitions, depth + 1));
    }
  }
  return found;
}

function oneOfThem(found: readonly JsonSchema[]): JsonSchema {
  return found.length === 1 ? found[0]! : { anyOf: found };
}

/** Members that an object schema names, each with its schema. */
export function membersOf(schema: JsonSchema, definitions: Definitions): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema[]>();
  for (const part of parts(schema, definitions)) {
    for (const [name, member] of Object.entries((part.properties ?? {}) as object)) {
      const earlier = found.get(name);
      if (earlier === undefined) found.set(name, [member as JsonSchema]);
      else earlier.push(member as JsonSchema);
    }
  }
  return new Map([...found].map(([name, list]) => [name, oneOfThem(list)]));
}

/** Names of members that a value must have. */
export function requiredMembers(schema: JsonSchema, definitions: Definitions): Set<string> {
  const required = new Set<string>();
  const visit = (part: JsonSchema, depth: number) => {
    if (typeof part === 'boolean' || depth > 16) return;
    if (Array.isArray(part.required)) for (const name of part.required) required.add(String(name));
    const target = resolveReference(part, definitions);
    if (target !== part) visit(target, depth + 1);
    for (const one of schemas(part.allOf)) visit(one, depth + 1);
  };
  visit(schema, 0);
  return required;
}

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

function readInteger(text: string): unknown {
  if (!INTEGER.test(text)) return text;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function readNumber(text: string): unknown {
  if (!NUMBER.test(text)) return text;
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function readBoolean(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}

const readText = (text: string): unknown => text;

const STRING: ScalarShape = { kind: 'scalar', read: readText };

/** A reader for any of these types; numbers and booleans win over text where they are written as
 * JSON writes them, and null is only read where text is not allowed. */
function scalarShape(types: ReadonlySet<TypeName>): ScalarShape {
  const readers: ((text: string) => unknown)[] = [];
  if (types.has('boolean')) readers.push(readBoolean);
  if (types.has('number')) readers.push(readNumber);
  else if (types.has('integer')) readers.push(readInteger);
  if (types.has('null') && !types.has('string')) {
    readers.push((text) => (text === '' || text === 'null' ? null : text));
  }
  if (readers.length === 0) return STRING;
  if (readers.length === 1) return { kind: 'scalar', read: readers[0]! };
  return {
    kind: 'scalar',
    read(text) {
      for (const read of readers) {
        const value = read(text);
        if (value !== text) return value;
      }
      return text;
    },
  };
}

/** The shape of a schema. */
export function shapeOf(schema: JsonSchema, definitions: Definitions, depth = 0): Shape {
  const types = typesOf(schema, definitions);
  // Anything goes: text is text.
  if (types.has('array') && types.has('object') && types.has('string')) return STRING;
  const scalars = new Set(types);
  scalars.delete('array');
  scalars.delete('object');
  if (types.has('object')) {
    scalars.delete('null');
    if (types.has('array') || scalars.size > 0 || depth >= DEEPEST) return JSON_SHAPE;
    return objectShape(schema, definitions, depth);
  }
  if (!types.has('array')) return scalarShape(scalars);
  const items = parts(schema, definitions).flatMap((part) =>
    part.items === undefined ? [] : [part.items as JsonSchema],
  );
  const item = items.length === 0 ? STRING : shapeOf(oneOfThem(items), definitions, depth + 1);
  if (item.kind !== 'scalar') return JSON_SHAPE;
  scalars.delete('null');
  return { kind: 'array', item, single: scalars.size > 0 ? scalarShape(scalars) : undefined };
}

/** The shape of an object schema's members. */
export function objectShape(schema: JsonSchema, definitions: Definitions, depth = 0): ObjectShape {
  const members = new Map<string, Shape>();
  for (const [name, member] of membersOf(schema, definitions)) {
    members.set(name, shapeOf(member, definitions, depth + 1));
  }
  const additional = parts(schema, definitions).flatMap((part) =>
    typeof part.additionalProperties === 'object' && part.additionalProperties !== null
      ? [part.additionalProperties as JsonSchema]
      : [],
  );
  return {
    kind: 'object',
    members,
    additional:
      additional.length === 0 ? undefined : shapeOf(oneOfThem(additional), definitions, depth + 1),
  };
}

/** JSON text as its value; what is no JSON stays text. */
export function readJsonText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Validation says what was expected in its place.
    return text;
  }
}
