import type { JsonSchema, JsonSchemaObject } from './schema.ts';

/** Keywords whose value is a schema, a list of schemas, or schemas by name (draft 2020-12). */
const SINGLE = [
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
] as const;
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const;
const MAPS = ['properties', 'patternProperties', 'dependentSchemas', '$defs'] as const;

export type Definitions = Readonly<Record<string, JsonSchema>>;

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isSchemaObject(value);
}

export function isSchemaObject(value: unknown): value is JsonSchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schemas directly below this one, each with the path of keywords and names that leads to it. */
export function subschemas(schema: JsonSchema): [path: string[], schema: JsonSchema][] {
  const found: [string[], JsonSchema][] = [];
  if (typeof schema === 'boolean') return found;
  for (const keyword of SINGLE) {
    const value = schema[keyword];
    if (isSchema(value)) found.push([[keyword], value]);
  }
  for (const keyword of LISTS) {
    const value = schema[keyword];
    if (!Array.isArray(value)) continue;
    for (const [index, item] of value.entries()) {
      if (isSchema(item)) found.push([[keyword, String(index)], item]);
    }
  }
  for (const keyword of MAPS) {
    const value = schema[keyword];
    if (!isSchemaObject(value)) continue;
    for (const [name, item] of Object.entries(value)) {
      if (isSchema(item)) found.push([[keyword, name], item]);
    }
  }
  return found;
}

/** A copy in which every schema directly below this one is replaced by `change` of it. */
export function mapSubschemas(
  schema: JsonSchemaObject,
  change: (schema: JsonSchema) => JsonSchema,
): JsonSchemaObject {
  const copy: Record<string, unknown> = { ...schema };
  for (const keyword of SINGLE) if (isSchema(copy[keyword])) copy[keyword] = change(copy[keyword]);
  for (const keyword of LISTS) {
    const value = copy[keyword];
    if (Array.isArray(value)) {
      copy[keyword] = value.map((item) => (isSchema(item) ? change(item) : item));
    }
  }
  for (const keyword of MAPS) {
    const value = copy[keyword];
    if (!isSchemaObject(value)) continue;
    copy[keyword] = Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, isSchema(item) ? change(item) : item]),
    );
  }
  return copy;
}

const REFERENCE = '#/$defs/';

/** Name of the definition that a reference of a contract points to; undefined for another form. */
export function definitionName(reference: unknown): string | undefined {
  if (typeof reference !== 'string' || !reference.startsWith(REFERENCE)) return undefined;
  return reference.slice(REFERENCE.length);
}

export function referenceTo(name: string): string {
  return REFERENCE + name;
}

/** Follows a schema that is only a reference to what it means; false where it leads nowhere. */
export function resolveSchema(schema: JsonSchema, definitions: Definitions): JsonSchema {
  let current = schema;
  for (let hops = 0; hops < 100; hops++) {
    if (typeof current === 'boolean') return current;
    const name = definitionName(current.$ref);
    if (name === undefined) return current;
    if (!Object.hasOwn(definitions, name)) return false;
    current = definitions[name]!;
  }
  return false;
}

export interface Member {
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** Top-level members of an object schema, through references and `allOf`, in their order. */
export function membersOf(schema: JsonSchema, definitions: Definitions): Map<string, Member> {
  const members = new Map<string, Member>();
  collectMembers(schema, definitions, members, 0);
  return members;
}

function collectMembers(
  schema: JsonSchema,
  definitions: Definitions,
  members: Map<string, Member>,
  depth: number,
): void {
  if (typeof schema === 'boolean' || depth > 20) return;
  if (schema.$ref !== undefined) {
    const name = definitionName(schema.$ref);
    const target = name === undefined ? undefined : definitions[name];
    if (target !== undefined) collectMembers(target, definitions, members, depth + 1);
  }
  if (isSchemaObject(schema.properties)) {
    for (const [name, member] of Object.entries(schema.properties)) {
      if (isSchema(member)) {
        members.set(name, { schema: member, required: members.get(name)?.required ?? false });
      }
    }
  }
  if (Array.isArray(schema.allOf)) {
    for (const part of schema.allOf) {
      if (isSchema(part)) collectMembers(part, definitions, members, depth + 1);
    }
  }
  if (Array.isArray(schema.required)) {
    for (const name of schema.required) {
      const member = members.get(String(name));
      if (member !== undefined) members.set(String(name), { ...member, required: true });
    }
  }
}

/**
 * The JSON types (RFC 8259; 'integer' beside 'number') that values of this schema may have, as far
 * as `type`, `const`, `enum`, references and combinations say; undefined for any.
 */
export function typesOf(
  schema: JsonSchema,
  definitions: Definitions,
  depth = 0,
): ReadonlySet<string> | undefined {
  const resolved = resolveSchema(schema, definitions);
  if (typeof resolved === 'boolean') return resolved ? undefined : new Set();
  if (depth > 20) return undefined;
  const { type } = resolved;
  if (typeof type === 'string') return new Set([type]);
  if (Array.isArray(type)) return new Set(type.map(String));
  if (resolved.const !== undefined) return new Set([jsonType(resolved.const)]);
  if (Array.isArray(resolved.enum)) return new Set(resolved.enum.map(jsonType));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = resolved[keyword];
    if (!Array.isArray(branches)) continue;
    const all = new Set<string>();
    for (const branch of branches) {
      const types = isSchema(branch) ? typesOf(branch, definitions, depth + 1) : undefined;
      if (types === undefined) return undefined;
      for (const one of types) all.add(one);
    }
    return all;
  }
  if (Array.isArray(resolved.allOf)) {
    for (const part of resolved.allOf) {
      const types = isSchema(part) ? typesOf(part, definitions, depth + 1) : undefined;
      if (types !== undefined) return types;
    }
  }
  return undefined;
}

export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** One step of a JSON Pointer (RFC 6901 section 3). */
export function pointerStep(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Equality of JSON values; the order of members does not matter. */
export function jsonEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return false;
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, index) => jsonEqual(item, other[index]));
  }
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every(
    (name) =>
      Object.hasOwn(other, name) &&
      jsonEqual((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
  );
}
