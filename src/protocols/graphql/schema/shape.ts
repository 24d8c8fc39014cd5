import type { JsonSchema, JsonSchemaObject } from '../../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  membersOf,
  resolveSchema,
  typesOf,
} from '../../../model/schema-tree.ts';

/** What a JSON Schema is in the eyes of a type system. */
export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text' | 'integer' | 'number' | 'boolean'; readonly schema: JsonSchemaObject }
  | { readonly kind: 'enum'; readonly values: readonly string[]; readonly schema: JsonSchemaObject }
  | { readonly kind: 'list'; readonly item: JsonSchema }
  | { readonly kind: 'object'; readonly schema: JsonSchemaObject }
  | {
      readonly kind: 'union';
      readonly options: readonly JsonSchema[];
      readonly schema: JsonSchemaObject;
    };

export interface Shaped {
  readonly shape: Shape;
  readonly nullable: boolean;
  /** The named type whose shape it is, if it stands behind a reference. */
  readonly definition: string | undefined;
}

const ANY: Shape = { kind: 'any' };
const MAX_HOPS = 50;

/** Looks through references, null and lone options at what a schema describes. */
export function shapeOf(schema: JsonSchema, definitions: Definitions): Shaped {
  let current = schema;
  let nullable = false;
  let definition: string | undefined;
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    if (typeof current === 'boolean') return { shape: ANY, nullable: true, definition };
    const name = definitionName(current.$ref);
    if (name !== undefined && Object.hasOwn(definitions, name)) {
      definition = name;
      current = definitions[name]!;
      continue;
    }
    const options = optionsOf(current, definitions);
    if (options !== undefined && !isSchemaObject(current.properties)) {
      const filled = options.filter((option) => !isNull(option, definitions));
      if (filled.length < options.length) nullable = true;
      if (filled.length === 0) return { shape: { kind: 'nothing' }, nullable: true, definition };
      if (filled.length > 1)
        return { ...joined(filled, current, definitions, nullable), definition };
      [current] = filled as [JsonSchema];
      continue;
    }
    const plain = plainShape(current, definitions);
    return { shape: plain.shape, nullable: nullable || plain.nullable, definition };
  }
  return { shape: ANY, nullable: true, definition };
}

function optionsOf(schema: JsonSchemaObject, definitions: Definitions): JsonSchema[] | undefined {
  const listed = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(listed)) return undefined;
  return listed.filter(isSchema).flatMap((option) => {
    const resolved = resolveSchema(option, definitions);
    const inner = typeof resolved === 'boolean' ? undefined : (resolved.anyOf ?? resolved.oneOf);
    // Options of options count as options, but a named union stays whole where it stands alone.
    return Array.isArray(inner) && !isSchemaObject((resolved as JsonSchemaObject).properties)
      ? inner.filter(isSchema)
      : [option];
  });
}

function isNull(schema: JsonSchema, definitions: Definitions): boolean {
  const types = typesOf(schema, definitions);
  return types !== undefined && types.size === 1 && types.has('null');
}

/** Several options, none of which is null. */
function joined(
  options: readonly JsonSchema[],
  schema: JsonSchemaObject,
  definitions: Definitions,
  nullable: boolean,
): { shape: Shape; nullable: boolean } {
  const shapes = options.map((option) => shapeOf(option, definitions));
  const mayBeNull = nullable || shapes.some((one) => one.nullable);
  if (shapes.every(({ shape }) => shape.kind === 'object')) {
    return { shape: { kind: 'union', options, schema }, nullable: mayBeNull };
  }
  if (shapes.every(({ shape }) => shape.kind === 'enum')) {
    const values = shapes.flatMap(({ shape }) => (shape.kind === 'enum' ? shape.values : []));
    return { shape: { kind: 'enum', values: [...new Set(values)], schema }, nullable: mayBeNull };
  }
  const kinds = new Set(shapes.map(({ shape }) => (shape.kind === 'enum' ? 'text' : shape.kind)));
  const [kind] = kinds;
  if (
    kinds.size === 1 &&
    (kind === 'text' || kind === 'integer' || kind === 'number' || kind === 'boolean')
  ) {
    // Texts of several formats are text; numbers of several ranges are numbers.
    return { shape: { kind, schema: {} }, nullable: mayBeNull };
  }
  if (kinds.size === 2 && kinds.has('integer') && kinds.has('number')) {
    return { shape: { kind: 'number', schema: {} }, nullable: mayBeNull };
  }
  return { shape: ANY, nullable: true };
}

function plainShape(
  schema: JsonSchemaObject,
  definitions: Definitions,
): { shape: Shape; nullable: boolean } {
  const values = schema.const !== undefined ? [schema.const] : schema.enum;
  if (Array.isArray(values)) return valuesShape(values, schema);
  const types = typesOf(schema, definitions);
  if (types === undefined) return { shape: ANY, nullable: true };
  const nullable = types.has('null');
  const [type, ...others] = [...types].filter((one) => one !== 'null');
  if (type === undefined) return { shape: { kind: 'nothing' }, nullable: true };
  if (others.length > 0) {
    const numeric = [type, ...others].every((one) => one === 'integer' || one === 'number');
    return numeric
      ? { shape: { kind: 'number', schema }, nullable }
      : { shape: ANY, nullable: true };
  }
  return { shape: typeShape(type, schema, definitions), nullable };
}

function valuesShape(
  values: readonly unknown[],
  schema: JsonSchemaObject,
): { shape: Shape; nullable: boolean } {
  const filled = values.filter((value) => value !== null);
  const nullable = filled.length < values.length;
  if (filled.length === 0) return { shape: { kind: 'nothing' }, nullable: true };
  if (filled.every((value) => typeof value === 'string')) {
    return { shape: { kind: 'enum', values: filled, schema }, nullable };
  }
  if (filled.every((value) => typeof value === 'boolean')) {
    return { shape: { kind: 'boolean', schema }, nullable };
  }
  if (filled.every((value) => typeof value === 'number')) {
    const numbers = filled as number[];
    const minimum = Math.min(...numbers);
    const maximum = Math.max(...numbers);
    const kind = numbers.every(Number.isInteger) ? 'integer' : 'number';
    return { shape: { kind, schema: { minimum, maximum } }, nullable };
  }
  return { shape: ANY, nullable: true };
}

function typeShape(type: string, schema: JsonSchemaObject, definitions: Definitions): Shape {
  switch (type) {
    case 'string':
      return { kind: 'text', schema };
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: type, schema };
    case 'array':
      return isSchema(schema.items) && schema.prefixItems === undefined
        ? { kind: 'list', item: schema.items }
        : { kind: 'list', item: true };
    case 'object':
      return hasFreeNames(schema, definitions) ? ANY : { kind: 'object', schema };
    default:
      return ANY;
  }
}

/** Whether an object's names are data rather than fields: a map, or nothing known about it. */
function hasFreeNames(schema: JsonSchemaObject, definitions: Definitions): boolean {
  if (isSchemaObject(schema.additionalProperties) || isSchemaObject(schema.patternProperties)) {
    return true;
  }
  if (membersOf(schema, definitions).size === 0) return true;
  return [schema.anyOf, schema.oneOf].some(
    (options) =>
      Array.isArray(options) && options.some((option) => hasMembers(option, definitions)),
  );
}

function hasMembers(option: unknown, definitions: Definitions): boolean {
  return isSchema(option) && membersOf(option, definitions).size > 0;
}
