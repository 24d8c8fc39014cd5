import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  membersOf,
  resolveSchema,
} from '../../model/schema-tree.ts';
import { snakeCase } from './names.ts';

/** The strings that a schema allows and nothing else (and null, perhaps); undefined for others. */
export function stringChoices(
  schema: JsonSchemaObject,
): { readonly values: readonly string[]; readonly nullable: boolean } | undefined {
  let values: readonly unknown[];
  if (Array.isArray(schema.enum)) values = schema.enum;
  else if (Object.hasOwn(schema, 'const')) values = [schema.const];
  else {
    const parts = schema.anyOf ?? schema.oneOf;
    if (!Array.isArray(parts) || parts.length === 0) return undefined;
    const all: unknown[] = [];
    for (const part of parts as unknown[]) {
      if (!isSchemaObject(part)) return undefined;
      if (part.type === 'null') all.push(null);
      else if (Object.hasOwn(part, 'const')) all.push(part.const);
      else return undefined;
    }
    values = all;
  }
  const strings = new Set(values.filter((value) => typeof value === 'string'));
  const nullable = values.includes(null);
  if (strings.size === 0 || values.some((value) => value !== null && typeof value !== 'string')) {
    return undefined;
  }
  return { values: [...strings], nullable };
}

/** The forms that values of a schema may have, null apart; undefined where there is one form. */
export function branchesOf(
  schema: JsonSchemaObject,
): { readonly branches: readonly JsonSchema[]; readonly nullable: boolean } | undefined {
  const parts = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(parts) && parts.length > 0) {
    const all = parts.filter(isSchema);
    const branches = all.filter((part) => !isNull(part));
    return { branches, nullable: branches.length < all.length };
  }
  if (Array.isArray(schema.allOf) && schema.allOf.length === 1 && schema.type === undefined) {
    const [only] = schema.allOf as unknown[];
    return isSchema(only) ? { branches: [only], nullable: false } : undefined;
  }
  if (!Array.isArray(schema.type)) return undefined;
  let types = schema.type.map(String);
  if (types.includes('number')) types = types.filter((type) => type !== 'integer');
  const branches = types.filter((type) => type !== 'null').map((type) => ({ ...schema, type }));
  return { branches, nullable: types.includes('null') };
}

function isNull(schema: JsonSchema): boolean {
  return isSchemaObject(schema) && (schema.type === 'null' || schema.const === null);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'string_value',
  integer: 'integer_value',
  number: 'number_value',
  boolean: 'bool_value',
  array: 'list_value',
  object: 'object_value',
};

/** What the field of a branch is called: by its discriminator, its name or its type. */
export function branchName(
  branch: JsonSchema,
  all: readonly JsonSchema[],
  definitions: Definitions,
): string {
  const tag = discriminatorOf(all, definitions);
  if (tag !== undefined) {
    const value = constantOf(branch, tag, definitions);
    if (value !== undefined) return snakeCase(value);
  }
  if (!isSchemaObject(branch)) return 'any_value';
  const name = definitionName(branch.$ref);
  if (name !== undefined) return snakeCase(name);
  if (typeof branch.title === 'string' && branch.title !== '') return snakeCase(branch.title);
  return TYPE_NAMES[String(branch.type)] ?? 'other_value';
}

/** The member that has a different constant string in every branch. */
function discriminatorOf(all: readonly JsonSchema[], definitions: Definitions): string | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  for (const [name] of membersOf(first, definitions)) {
    const values = new Set(all.map((branch) => constantOf(branch, name, definitions)));
    if (values.size === all.length && !values.has(undefined)) return name;
  }
  return undefined;
}

function constantOf(
  branch: JsonSchema,
  member: string,
  definitions: Definitions,
): string | undefined {
  const found = membersOf(branch, definitions).get(member);
  if (found === undefined) return undefined;
  const schema = resolveSchema(found.schema, definitions);
  if (!isSchemaObject(schema)) return undefined;
  const value =
    schema.const ??
    (Array.isArray(schema.enum) && schema.enum.length === 1
      ? (schema.enum[0] as unknown)
      : undefined);
  return typeof value === 'string' ? value : undefined;
}
