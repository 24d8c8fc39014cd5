import type { JsonSchema, JsonSchemaObject } from '../../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  jsonEqual,
  membersOf,
  resolveSchema,
} from '../../../model/schema-tree.ts';
import { compileSchema } from '../../../model/validation/validator.ts';
import { encodeName } from '../../../wire/xml/names.ts';
import { ChoiceType } from './choice-type.ts';
import { JsonType } from './json-type.ts';
import { ListType } from './list-type.ts';
import { type AttributeParticle, type EntryParticle, ObjectType } from './object-type.ts';
import { Prefixes } from './prefixes.ts';
import { simpleTypeOf } from './simple-compile.ts';
import { SimpleType } from './simple-type.ts';
import { branchesOf, branchNames, nonNull, xmlOf } from './unions.ts';
import { type Occurrence, type Particle, tagOf, type XmlType } from './xml-type.ts';

/** A type, and whether null is a value of it too. */
export interface Typed {
  readonly type: XmlType;
  readonly nillable: boolean;
}

const ONCE = undefined;

/**
 * Types of one service, made from the schemas of its contract. The XSD and what reads and writes
 * documents come from the same types: they cannot differ.
 */
export class TypeCompiler {
  readonly prefixes = new Prefixes();
  /** Types that are declared by name, in the order of first use. */
  readonly named: XmlType[] = [];
  /** Elements that are declared by themselves because they are of another namespace than the type
   * that holds them; by namespace and name. */
  readonly globals = new Map<string, Particle>();
  readonly #globalSchemas = new Map<string, JsonSchema>();
  readonly #definitions: Definitions;
  readonly #byDefinition = new Map<string, Typed>();
  readonly #namespace: string;
  #json: JsonType | undefined;

  constructor(definitions: Definitions, namespace: string) {
    this.#definitions = definitions;
    this.#namespace = namespace;
    this.prefixes.of(namespace);
  }

  get usesJson(): boolean {
    return this.#json !== undefined;
  }

  /** @param namespace of the elements within */
  compile(schema: JsonSchema, namespace: string): Typed {
    if (typeof schema === 'boolean') return this.#any();
    const name = definitionName(schema.$ref);
    if (name !== undefined && !('properties' in schema) && !('allOf' in schema)) {
      return this.#definition(name);
    }
    return this.#inline(schema, namespace, undefined);
  }

  /** One element of a sequence. */
  particle(
    member: string,
    schema: JsonSchema,
    required: boolean,
    parentNamespace: string,
    ownName?: string,
  ): Particle {
    const xml = xmlOf(schema);
    const name = encodeName(ownName ?? xml.name ?? member);
    let namespace = xml.namespace ?? parentNamespace;
    if (namespace !== parentNamespace && this.#isGlobalTaken(namespace, name, schema)) {
      namespace = parentNamespace;
    }
    if (namespace !== '') this.prefixes.of(namespace, xml.prefix);
    const tag = tagOf(this.prefixes, namespace, name);
    const documentation = documentationOf(schema);
    const shared = { member, namespace, name, tag, documentation };
    const items = this.#itemsOf(schema, required, xml.wrapped);
    const key = `{${namespace}}${name}`;
    let made: Particle;
    if (items !== undefined) {
      const { type, nillable } = this.compile(items.schema, namespace);
      const { occurrence } = items;
      made = { ...shared, type, nillable, optional: !required, repeated: occurrence };
    } else {
      const { type, nillable } = this.compile(schema, namespace);
      made = { ...shared, type, nillable, optional: !required, repeated: ONCE };
    }
    if (namespace !== parentNamespace) {
      this.globals.set(key, made);
      this.#globalSchemas.set(key, schema);
    }
    return made;
  }

  #isGlobalTaken(namespace: string, name: string, schema: JsonSchema): boolean {
    const other = this.#globalSchemas.get(`{${namespace}}${name}`);
    return other !== undefined && !jsonEqual(other, schema);
  }

  /** Items of an array that needs no element around it: it is always there, so that no item means
   * an empty array. */
  #itemsOf(
    schema: JsonSchema,
    required: boolean,
    wrapped: boolean | undefined,
  ): { readonly schema: JsonSchema; readonly occurrence: Occurrence } | undefined {
    const array = resolveSchema(schema, this.#definitions);
    if (typeof array === 'boolean' || array.type !== 'array' || 'prefixItems' in array) {
      return undefined;
    }
    if ((wrapped ?? xmlOf(array).wrapped ?? !required) || !isSchema(array.items)) return undefined;
    // What is an array itself, or nothing, cannot be told apart in a row.
    return { schema: array.items, occurrence: occurrenceOf(array) };
  }

  #any(): Typed {
    this.#json ??= new JsonType(this.prefixes);
    return { type: this.#json, nillable: false };
  }

  #definition(name: string): Typed {
    const known = this.#byDefinition.get(name);
    if (known !== undefined) return known;
    const schema = this.#definitions[name];
    if (schema === undefined || typeof schema === 'boolean') return this.#any();
    const own = xmlOf(schema);
    const namespace = own.namespace ?? this.#namespace;
    this.prefixes.of(namespace, own.prefix);
    return this.#inline(schema, namespace, name);
  }

  /** @param definition name of the definition that this schema is, to declare its type by name */
  #inline(schema: JsonSchemaObject, namespace: string, definition: string | undefined): Typed {
    const nullable = nonNull(schema, this.#definitions);
    const { schema: present, nillable } = nullable;
    const typeName =
      definition === undefined ? undefined : { namespace, name: encodeName(definition) };
    const register = <T extends XmlType>(type: T): T => {
      if (definition === undefined) return type;
      this.#byDefinition.set(definition, { type, nillable });
      if (type.typeName === typeName) this.named.push(type);
      return type;
    };
    if (typeof present === 'boolean') return this.#any();
    const reference = definitionName(present.$ref);
    if (reference !== undefined && !('properties' in present) && !('allOf' in present)) {
      if (reference === definition) return this.#any();
      const typed = this.#definition(reference);
      return {
        type: typed.type,
        nillable: (nillable || typed.nillable) && typed.type.kind !== 'json',
      };
    }
    const simple = simpleTypeOf(present, this.#definitions, typeName);
    if (simple !== undefined) return { type: register(simple), nillable };
    const branches = branchesOf(present);
    if (branches !== undefined) {
      const choice = register(new ChoiceType(typeName, namespace));
      choice.branches = this.#branches(branches, namespace);
      return { type: choice, nillable };
    }
    if (isObjectSchema(present, this.#definitions)) {
      const object = register(new ObjectType(typeName, namespace));
      this.#fill(object, present);
      return { type: object, nillable };
    }
    if (present.type === 'array' && isSchema(present.items) && !('prefixItems' in present)) {
      const list = register(new ListType(typeName, namespace, occurrenceOf(present)));
      const itemName = xmlOf(present.items).name ?? 'item';
      const item = this.particle('', withoutName(present.items), true, namespace, itemName);
      // An item is one element, whatever it is.
      const typed = this.compile(present.items, item.namespace);
      list.item = { ...item, ...typed, repeated: undefined };
      return { type: list, nillable };
    }
    return this.#any();
  }

  #branches(branches: readonly JsonSchema[], namespace: string): ChoiceType['branches'] {
    const names = branchNames(branches, this.#definitions);
    return branches.map((branch, index) => {
      const validator = compileSchema(branch, this.#definitions);
      const name = encodeName(names[index]!);
      const typed = this.compile(branch, namespace);
      const particle: Particle = {
        member: '',
        namespace,
        name,
        tag: tagOf(this.prefixes, namespace, name),
        ...typed,
        optional: false,
        repeated: ONCE,
        documentation: documentationOf(branch),
      };
      return { particle, matches: (value) => validator.check(value) };
    });
  }

  #fill(object: ObjectType, schema: JsonSchemaObject): void {
    const particles: Particle[] = [];
    const attributes = new Map<string, AttributeParticle>();
    const taken = new Set<string>();
    for (const [member, { schema: own, required }] of membersOf(schema, this.#definitions)) {
      const attribute = this.#attribute(member, own, required);
      if (attribute !== undefined && !attributes.has(attribute.name)) {
        attributes.set(attribute.name, attribute);
        continue;
      }
      let particle = this.particle(member, own, required, object.namespace);
      if (taken.has(`{${particle.namespace}}${particle.name}`)) {
        particle = this.particle(member, withoutXml(own), required, object.namespace, member);
      }
      taken.add(`{${particle.namespace}}${particle.name}`);
      particles.push(particle);
    }
    object.particles = particles;
    object.attributes = attributes;
    const additional = additionalOf(schema, this.#definitions);
    if (additional !== undefined) object.entry = this.#entry(additional, object.namespace, taken);
  }

  #entry(schema: JsonSchema, namespace: string, taken: ReadonlySet<string>): EntryParticle {
    let name = 'entry';
    while (taken.has(`{${namespace}}${name}`)) name += '_';
    const key = this.particle('key', { type: 'string' }, true, namespace);
    const typed = this.compile(schema, namespace);
    const value: Particle = {
      ...key,
      ...typed,
      member: 'value',
      name: 'value',
      tag: tagOf(this.prefixes, namespace, 'value'),
    };
    return { namespace, name, tag: tagOf(this.prefixes, namespace, name), key, value };
  }

  /** A member that is declared as an attribute and is of a simple type. */
  #attribute(member: string, schema: JsonSchema, required: boolean): AttributeParticle | undefined {
    const xml = xmlOf(schema);
    if (!xml.attribute) return undefined;
    const { type, nillable } = this.compile(schema, this.#namespace);
    if (!(type instanceof SimpleType)) return undefined;
    return {
      member,
      name: encodeName(xml.name ?? member),
      type,
      required,
      nullable: nillable,
      documentation: documentationOf(schema),
    };
  }
}

function isObjectSchema(schema: JsonSchemaObject, definitions: Definitions): boolean {
  if (schema.type === 'object') return true;
  if (schema.type !== undefined) return false;
  return isSchemaObject(schema.properties) || membersOf(schema, definitions).size > 0;
}

/** The schema of members without a name of their own; undefined where there are none. What a
 * schema does not say is taken as closed, unless it names no member at all. */
function additionalOf(schema: JsonSchemaObject, definitions: Definitions): JsonSchema | undefined {
  const resolved = resolveSchema(schema, definitions);
  if (typeof resolved === 'boolean') return undefined;
  for (const part of [resolved, ...((resolved.allOf ?? []) as JsonSchema[])]) {
    const target = resolveSchema(part, definitions);
    if (typeof target === 'boolean') continue;
    const { additionalProperties: additional, patternProperties } = target;
    if (isSchemaObject(patternProperties)) {
      const patterns = Object.values(patternProperties).filter(isSchema);
      if (patterns.length === 1 && (additional === false || additional === undefined)) {
        return patterns[0];
      }
      if (patterns.length > 0) return true;
    }
    if (additional === true || isSchemaObject(additional)) return additional;
    if (additional === undefined && target.type === 'object' && target.properties === undefined) {
      if (target.allOf === undefined && target.$ref === undefined) return true;
    }
  }
  return undefined;
}

function occurrenceOf(array: JsonSchemaObject): Occurrence {
  const { minItems, maxItems } = array;
  return {
    min: typeof minItems === 'number' ? minItems : 0,
    max: typeof maxItems === 'number' ? maxItems : Number.POSITIVE_INFINITY,
  };
}

export function documentationOf(schema: JsonSchema): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  const { title, description } = schema;
  if (typeof description === 'string') return description;
  return typeof title === 'string' ? title : undefined;
}

function withoutName(schema: JsonSchema): JsonSchema {
  if (typeof schema === 'boolean') return schema;
  const { name: _name, ...xml } = (isSchemaObject(schema.xml) ? schema.xml : {}) as {
    name?: unknown;
  };
  return { ...schema, xml };
}

function withoutXml(schema: JsonSchema): JsonSchema {
  if (typeof schema === 'boolean') return schema;
  const { xml: _xml, ...rest } = schema;
  return rest;
}
