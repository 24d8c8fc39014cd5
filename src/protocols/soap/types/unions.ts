import type { JsonSchema, JsonSchemaObject } from '../../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  resolveSchema,
} from '../../../model/schema-tree.ts';

/** The `xml` annotation of a schema, as the OpenAPI specification (section 4.26) defines it. */
export interface XmlAnnotation {
  readonly name?: string;
  readonly namespace?: string;
  readonly prefix?: string;
  readonly attribute?: boolean;
  readonly wrapped?: boolean;
}

const NONE: XmlAnnotation = Object.freeze({});

/** The parts of a schema's annotation that are of the right form. */
export function xmlOf(schema: JsonSchema): XmlAnnotation {
  if (typeof schema === 'boolean' || !isSchemaObject(schema.xml)) return NONE;
  const { name, namespace, prefix, attribute, wrapped } = schema.xml;
  return {
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    ...(typeof prefix === 'string' ? { prefix } : {}),
    ...(typeof attribute === 'boolean' ? { attribute } : {}),
    ...(typeof wrapped === 'boolean' ? { wrapped } : {}),
  };
}

const TYPE_NAMES = ['string', 'integer', 'number', 'boolean', 'object', 'array'];

/** A schema without null, and whether null was among its values. */
export function nonNull(
  schema: JsonSchemaObject,
  definitions: Definitions,
): { readonly schema: JsonSchema; readonly nillable: boolean } {
  const { type, enum: values } = schema;
  if (Array.isArray(type) && type.includes('null')) {
    const types = type.filter((one) => one !== 'null');
    const rest: Record<string, unknown> = {
      ...schema,
      type: types.length === 1 ? types[0] : types,
    };
    if (Array.isArray(values)) rest.enum = values.filter((one) => one !== null);
    return { schema: rest, nillable: true };
  }
  if (type === undefined && Array.isArray(values) && values.includes(null)) {
    return { schema: { ...schema, enum: values.filter((one) => one !== null) }, nillable: true };
  }
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = schema[keyword];
    if (!Array.isArray(branches) || isSchemaObject(schema.properties)) continue;
    const present = branches.filter((one) => isSchema(one) && !isNull(one, definitions));
    if (present.length === branches.length && present.length !== 1) continue;
    const nillable = present.length < branches.length;
    if (present.length === 1) return { schema: present[0] as JsonSchema, nillable };
    return { schema: { ...schema, [keyword]: present }, nillable };
  }
  return { schema, nillable: false };
}

function isNull(schema: JsonSchema, definitions: Definitions): boolean {
  const resolved = resolveSchema(schema, definitions);
  if (typeof resolved === 'boolean') return false;
  return resolved.type === 'null' || resolved.const === null;
}

/** The forms among which a value has one; undefined for a schema that is no union. */
export function branchesOf(schema: JsonSchemaObject): readonly JsonSchema[] | undefined {
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const branches = schema[keyword];
    if (!Array.isArray(branches) || branches.length < 2) continue;
    // Conditions on an object that is described beside them are the hub's to judge.
    if (isSchemaObject(schema.properties) || schema.allOf !== undefined) continue;
    if (branches.every(isSchema)) return branches;
  }
  const { type } = schema;
  if (!Array.isArray(type) || type.length < 2) return undefined;
  const types = type.filter((one) => TYPE_NAMES.includes(one as string));
  // A number may be whole.
  const distinct = types.includes('number') ? types.filter((one) => one !== 'integer') : types;
  if (distinct.length < 2) return undefined;
  return distinct.map((one) => ({ ...schema, type: one }));
}

/** Names for the branches of a union: of the named type, of the title, of the constant that tells
 * it apart, else of the JSON type. */
export function branchNames(branches: readonly JsonSchema[], definitions: Definitions): string[] {
  const names = new Set<string>();
  for (const branch of branches) {
    const wanted = branchName(branch, definitions);
    let name = wanted;
    for (let number = 2; names.has(name); number++) name = `${wanted}${number}`;
    names.add(name);
  }
  return [...names];
}

function branchName(branch: JsonSchema, definitions: Definitions): string {
  if (typeof branch === 'boolean') return 'any';
  const definition = definitionName(branch.$ref);
  if (definition !== undefined) return definition.charAt(0).toLowerCase() + definition.slice(1);
  if (typeof branch.title === 'string' && branch.title !== '') return branch.title;
  const { properties } = branch;
  if (isSchemaObject(properties)) {
    for (const member of Object.values(properties)) {
      const resolved = isSchema(member) ? resolveSchema(member, definitions) : false;
      if (typeof resolved !== 'boolean' && typeof resolved.const === 'string')
        return resolved.const;
    }
  }
  return typeof branch.type === 'string' ? branch.type : 'option';
}
