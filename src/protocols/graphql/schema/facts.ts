import type { Contract } from '../../../model/contract.ts';
import type { JsonSchema } from '../../../model/schema.ts';
import { isSchemaObject, membersOf, resolveSchema } from '../../../model/schema-tree.ts';

/** What single keywords of a JSON Schema say to a type system. */

export function docOf(schema: JsonSchema): string | undefined {
  return typeof schema !== 'boolean' && typeof schema.description === 'string'
    ? schema.description
    : undefined;
}

/** Description and deprecation of a member; what must be given cannot be deprecated. */
export function textsOf(
  schema: JsonSchema,
  resolved: JsonSchema,
  mayBeLeftOut: boolean,
): { readonly doc?: string | undefined; readonly deprecated?: string | undefined } {
  const own = isSchemaObject(schema) ? schema : {};
  const deprecated =
    own.deprecated === true || (isSchemaObject(resolved) && resolved.deprecated === true);
  return {
    doc: docOf(schema) ?? docOf(resolved),
    deprecated: deprecated && mayBeLeftOut ? 'No longer supported.' : undefined,
  };
}

export function constantOf(
  schema: JsonSchema,
  contract: Contract,
): string | number | boolean | undefined {
  const resolved = resolveSchema(schema, contract.$defs);
  if (typeof resolved === 'boolean') return undefined;
  const { const: value } = resolved;
  const only =
    value === undefined && Array.isArray(resolved.enum) && resolved.enum.length === 1
      ? (resolved.enum[0] as unknown)
      : value;
  return typeof only === 'string' || typeof only === 'number' || typeof only === 'boolean'
    ? only
    : undefined;
}

export function tagOf(option: JsonSchema, member: string, contract: Contract): unknown {
  const found = membersOf(resolveSchema(option, contract.$defs), contract.$defs).get(member);
  return found === undefined || !found.required ? undefined : constantOf(found.schema, contract);
}

/** A required member with another constant in each option. */
export function discriminatorOf(
  options: readonly JsonSchema[],
  contract: Contract,
): string | undefined {
  const [first] = options;
  if (first === undefined) return undefined;
  for (const name of membersOf(resolveSchema(first, contract.$defs), contract.$defs).keys()) {
    const tags = options.map((option) => tagOf(option, name, contract));
    if (tags.every((tag) => tag !== undefined) && new Set(tags).size === tags.length) return name;
  }
  return undefined;
}
