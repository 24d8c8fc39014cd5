import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  membersOf,
  typesOf,
} from '../../model/schema-tree.ts';
import { compileSchema } from '../../model/validation/validator.ts';
import { branchesOf, branchName, stringChoices } from './branches.ts';
import { defaultJsonName, freeName, pascalCase, snakeCase, upperCase } from './names.ts';
import type { Numbering, Numberings } from './numbering.ts';
import {
  type FieldPlan,
  fieldPlan,
  INTEGER_FORMATS,
  meaningOf,
  moreMembers,
  nullField,
  one,
  type Shape,
  stringType,
} from './shapes.ts';
import { type EnumType, type MessageType, scalar, type ValueType } from './types.ts';

/** Where new types go: the file, or a message. */
interface Scope {
  readonly path: string;
  readonly messages: MessageType[];
  readonly enums: EnumType[];
  readonly taken: Set<string>;
}

const ANY: Shape = one({ kind: 'wellKnown', name: 'Value' });
const ANY_OBJECT: Shape = one({ kind: 'wellKnown', name: 'Struct' });

/** Makes the types of one .proto file of JSON Schemas. */
export class SchemaTypes {
  readonly messages: MessageType[] = [];
  readonly enums: EnumType[] = [];
  readonly #package: string;
  readonly #definitions: Definitions;
  readonly #numberings: Numberings;
  readonly #root: Scope;
  readonly #names = new Map<string, string>();
  readonly #named = new Map<string, Shape>();
  /** Definitions that are being looked at: one that leads to itself without an object. */
  readonly #open = new Set<string>();
  /** Names of messages that are about to be made, and the definitions that they are made of: a
   * type that contains itself has to find itself. */
  readonly #awaited = new Map<string, string>();

  /** @param taken names in the package that are no types */
  constructor(
    packageName: string,
    definitions: Definitions,
    numberings: Numberings,
    taken: readonly string[],
  ) {
    this.#package = packageName;
    this.#definitions = definitions;
    this.#numberings = numberings;
    this.#root = {
      path: '',
      messages: this.messages,
      enums: this.enums,
      taken: new Set(taken),
    };
    for (const name of Object.keys(definitions)) {
      this.#names.set(name, freeName(pascalCase(name), this.#root.taken, ''));
    }
  }

  /** The message for values of a schema; for what is none, one that holds it as `value`. */
  message(schema: JsonSchema, name: string): MessageType {
    if (isSchemaObject(schema) && schema.type === 'null') return this.#empty(name);
    const shape = this.#shape(schema, this.#root, name);
    if (shape.cardinality === 'one' && shape.type.kind === 'message' && !shape.nullable) {
      return shape.type.type;
    }
    return this.#wrap(shape, this.#root, name);
  }

  #shape(schema: JsonSchema, scope: Scope, hint: string): Shape {
    if (typeof schema === 'boolean') return ANY;
    const name = definitionName(schema.$ref);
    if (name !== undefined) return this.#reference(name);
    const choices = stringChoices(schema);
    if (choices !== undefined) {
      const type = this.#enum(choices.values, scope, hint, schema);
      return one({ kind: 'enum', type }, choices.nullable);
    }
    if (!isSchemaObject(schema.properties)) {
      const union = branchesOf(schema);
      if (union !== undefined) return this.#union(union, schema, scope, hint);
    }
    return this.#typed(schema, scope, hint);
  }

  #reference(name: string): Shape {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const target = this.#definitions[name];
    if (target === undefined || this.#open.has(name)) return ANY;
    this.#open.add(name);
    // The name was kept for this type, whatever it turns out to be.
    const typeName = this.#names.get(name)!;
    this.#root.taken.delete(typeName);
    this.#awaited.set(typeName, name);
    const shape = this.#shape(target, this.#root, typeName);
    this.#awaited.delete(typeName);
    this.#root.taken.add(typeName);
    this.#open.delete(name);
    this.#named.set(name, shape);
    return shape;
  }

  /** A schema that says its type by `type`, `properties` or `allOf`. */
  #typed(schema: JsonSchemaObject, scope: Scope, hint: string): Shape {
    const types = typesOf(schema, this.#definitions);
    const type =
      schema.type ??
      (isSchemaObject(schema.properties)
        ? 'object'
        : types?.size === 1
          ? [...types][0]
          : undefined);
    switch (type) {
      case 'string':
        return one(stringType(schema));
      case 'integer':
        return one(INTEGER_FORMATS[String(schema.format)] ?? scalar('int64'));
      case 'number':
        return one(scalar('double'));
      case 'boolean':
        return one(scalar('bool'));
      case 'array':
        return this.#list(schema, scope, hint);
      case 'object':
        return this.#object(schema, scope, hint);
      default:
        return ANY;
    }
  }

  #list(schema: JsonSchemaObject, scope: Scope, hint: string): Shape {
    if (Array.isArray(schema.prefixItems)) return one({ kind: 'wellKnown', name: 'ListValue' });
    const items = isSchema(schema.items) ? schema.items : true;
    return this.#many('repeated', this.#shape(items, scope, `${hint}Item`), scope, hint);
  }

  /** Many of a shape; what cannot stand in a list or map by itself is put into a message. */
  #many(cardinality: 'repeated' | 'map', item: Shape, scope: Scope, hint: string): Shape {
    const plain = item.cardinality === 'one' && !item.nullable;
    const type: ValueType = plain
      ? item.type
      : { kind: 'message', type: this.#wrap(item, scope, `${hint}Item`) };
    return { cardinality, type, nullable: false };
  }

  #object(schema: JsonSchemaObject, scope: Scope, hint: string): Shape {
    const members = membersOf(schema, this.#definitions);
    const more = moreMembers(schema);
    if (members.size === 0 && !isSchemaObject(schema.properties)) {
      if (more === undefined) {
        return schema.additionalProperties === false
          ? one({ kind: 'message', type: this.#begin(scope, hint, 'object', schema).message })
          : ANY_OBJECT;
      }
      if (typeof more === 'boolean' || Object.keys(more).length === 0) return ANY_OBJECT;
      return this.#many('map', this.#shape(more, scope, `${hint}Value`), scope, hint);
    }
    const { message, inner, numbering } = this.#begin(scope, hint, 'object', schema);
    const taken = new Set<string>();
    for (const [json, member] of members) {
      const name = freeName(snakeCase(json), taken);
      const own = this.#shape(member.schema, inner, pascalCase(json));
      const shape =
        own.nullable && own.cardinality !== 'one' ? this.#wrapped(own, inner, json) : own;
      const { description, deprecated } = isSchemaObject(member.schema)
        ? member.schema
        : ({} as JsonSchemaObject);
      this.#add(message, numbering, {
        ...fieldPlan(shape, member.required),
        name,
        json,
        doc: typeof description === 'string' ? description : undefined,
        deprecated: deprecated === true,
      });
      if (shape.nullable && !member.required) {
        this.#add(message, numbering, nullField(freeName(`${name}_null`, taken), json));
      }
    }
    if (more !== undefined) {
      const values = this.#many(
        'map',
        this.#shape(more, inner, 'AdditionalValue'),
        inner,
        'Additional',
      );
      const name = freeName('additional_properties', taken);
      this.#add(message, numbering, {
        ...fieldPlan(values, false),
        name,
        json: defaultJsonName(name),
        inline: true,
        doc: 'Members that the contract does not name.',
      });
    }
    this.#close(message, numbering);
    return one({ kind: 'message', type: message });
  }

  #union(
    union: { readonly branches: readonly JsonSchema[]; readonly nullable: boolean },
    schema: JsonSchemaObject,
    scope: Scope,
    hint: string,
  ): Shape {
    const { branches } = union;
    if (branches.length === 0) return ANY;
    if (branches.length === 1) {
      const shape = this.#shape(branches[0]!, scope, hint);
      return union.nullable && !isAny(shape) ? { ...shape, nullable: true } : shape;
    }
    const { message, inner, numbering } = this.#begin(scope, hint, 'union', schema);
    const taken = new Set([(message.oneof = 'kind')]);
    let nullable = union.nullable;
    for (const branch of branches) {
      const name = freeName(branchName(branch, branches, this.#definitions), taken);
      const own = this.#shape(branch, inner, pascalCase(name));
      nullable ||= own.nullable;
      const shape =
        own.cardinality === 'one' ? own : this.#wrapped({ ...own, nullable: false }, inner, name);
      const validator = compileSchema(branch, this.#definitions);
      this.#add(message, numbering, {
        ...fieldPlan(shape, false),
        name,
        json: defaultJsonName(name),
        fits: (value) => validator.check(value),
      });
    }
    this.#close(message, numbering);
    return one({ kind: 'message', type: message }, nullable);
  }

  #enum(values: readonly string[], scope: Scope, hint: string, schema: JsonSchemaObject): EnumType {
    const name = freeName(hint, scope.taken, '');
    const path = joined(scope.path, name);
    const fullName = `${this.#package}.${path}`;
    const prefix = upperCase(name);
    const numbering = this.#numberings.of(fullName);
    const valueName = (text: string): string => freeName(`${prefix}_${text}`, scope.taken);
    const type: EnumType = {
      path,
      fullName,
      values: [{ name: valueName('UNSPECIFIED'), json: undefined, number: 0 }],
      reserved: [],
      doc: docOf(schema),
    };
    for (const json of values) {
      const own = valueName(upperCase(json) || 'EMPTY');
      type.values.push({ name: own, json, number: numbering.numberOf(own, '') });
    }
    this.#numberings.keep(fullName, numbering.finish());
    type.reserved.push(...numbering.reserved);
    scope.enums.push(type);
    return type;
  }

  /** A message that holds what is no message as its `value`. */
  #wrap(shape: Shape, scope: Scope, hint: string): MessageType {
    const { message, numbering } = this.#begin(scope, hint, 'value', {});
    this.#add(message, numbering, { ...fieldPlan(shape, true), name: 'value', json: 'value' });
    this.#close(message, numbering);
    return message;
  }

  #wrapped(shape: Shape, scope: Scope, name: string): Shape {
    const type = this.#wrap({ ...shape, nullable: false }, scope, `${pascalCase(name)}List`);
    return one({ kind: 'message', type }, shape.nullable);
  }

  #empty(name: string): MessageType {
    return this.#begin(this.#root, name, 'value', {}).message;
  }

  #begin(scope: Scope, hint: string, form: MessageType['form'], schema: JsonSchemaObject) {
    const name = freeName(hint, scope.taken, '');
    const path = joined(scope.path, name);
    const fullName = `${this.#package}.${path}`;
    const message: MessageType = {
      path,
      fullName,
      form,
      oneof: undefined,
      fields: [],
      messages: [],
      enums: [],
      reserved: [],
      doc: docOf(schema),
    };
    scope.messages.push(message);
    const definition = scope === this.#root ? this.#awaited.get(hint) : undefined;
    if (definition !== undefined && form !== 'value') {
      this.#named.set(definition, one({ kind: 'message', type: message }));
    }
    const inner: Scope = {
      path,
      messages: message.messages,
      enums: message.enums,
      taken: new Set(),
    };
    return { message, inner, numbering: this.#numberings.of(fullName) };
  }

  #add(message: MessageType, numbering: Numbering, plan: FieldPlan): void {
    const number = numbering.numberOf(plan.name, meaningOf(plan));
    message.fields.push({ ...plan, number });
  }

  #close(message: MessageType, numbering: Numbering): void {
    this.#numberings.keep(message.fullName, numbering.finish());
    message.reserved.push(...numbering.reserved);
  }
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function docOf(schema: JsonSchemaObject): string | undefined {
  const text = schema.description ?? schema.title;
  return typeof text === 'string' ? text : undefined;
}

function isAny({ type }: Shape): boolean {
  return type.kind === 'wellKnown' && type.name === 'Value';
}
