import type { Contract, Link } from '../../../model/contract.ts';
import type { JsonSchema, JsonSchemaObject } from '../../../model/schema.ts';
import { type Member, membersOf, resolveSchema } from '../../../model/schema-tree.ts';
import { capital, distinctNames, enumValueNames, graphqlName } from '../names.ts';
import { constantOf, discriminatorOf, docOf, tagOf, textsOf } from './facts.ts';
import { integerScalar, SCALARS, textScalar } from './scalars.ts';
import { type Shaped, shapeOf } from './shape.ts';
import { sameDefinition, TypeNames } from './type-names.ts';
import type {
  EnumType,
  InputField,
  InputNamedType,
  InputType,
  LinkTarget,
  NamedType,
  ObjectType,
  OutputField,
  OutputType,
  ScalarType,
  TypeRef,
  UnionOption,
  UnionType,
} from './types.ts';

type Side = 'output' | 'input';

interface Known {
  readonly contract: Contract;
  readonly type: NamedType;
}

/** Where a named type is kept. */
interface Slot {
  readonly contract: Contract;
  readonly known: Known[];
}

/** What the fields that links add are made from; undefined for a link that leads nowhere. */
export type ResolveLink = (link: Link, contract: Contract) => LinkBinding | undefined;

export interface LinkBinding {
  readonly target: LinkTarget;
  readonly output: JsonSchema;
  readonly contract: Contract;
  readonly deprecated: string | undefined;
}

/** Makes types from the JSON Schemas of contracts; a named type once for each side. */
export class TypeBuilder {
  readonly types = new Map<string, NamedType>();
  readonly #names = new TypeNames();
  readonly #known = new Map<string, Known[]>();
  readonly #resolveLink: ResolveLink;

  constructor(resolveLink: ResolveLink) {
    this.#resolveLink = resolveLink;
  }

  /** @param hint name of the type, if it has none of its own */
  output(schema: JsonSchema, contract: Contract, hint: string): TypeRef<OutputType> {
    const shaped = shapeOf(schema, contract.$defs);
    const { shape, nullable } = shaped;
    if (shape.kind === 'list') {
      const item = this.output(shape.item, contract, `${hint}Item`);
      return { kind: 'list', item, nullable };
    }
    if (shape.kind === 'object' || shape.kind === 'union') {
      const type = this.#named('output', shaped, contract, hint) as OutputType;
      return { kind: 'named', type, nullable };
    }
    return { kind: 'named', type: this.#leaf(shaped, contract, hint), nullable };
  }

  input(schema: JsonSchema, contract: Contract, hint: string): TypeRef<InputNamedType> {
    const shaped = shapeOf(schema, contract.$defs);
    const { shape, nullable } = shaped;
    if (shape.kind === 'list') {
      const item = this.input(shape.item, contract, `${hint}Item`);
      return { kind: 'list', item, nullable };
    }
    if (shape.kind === 'object' || shape.kind === 'union') {
      const type = this.#named('input', shaped, contract, hint) as InputNamedType;
      return { kind: 'named', type, nullable };
    }
    return { kind: 'named', type: this.#leaf(shaped, contract, hint), nullable };
  }

  /** The members of an input as arguments or fields of an input type, by their GraphQL names. */
  inputFields(
    members: ReadonlyMap<string, Member>,
    contract: Contract,
    hint: string,
  ): Map<string, InputField> {
    const names = distinctNames([...members.keys()]);
    const fields = new Map<string, InputField>();
    let index = 0;
    for (const [member, { schema, required }] of members) {
      const name = names[index++]!;
      const type = this.input(schema, contract, hint + capital(name));
      const constant = required ? constantOf(schema, contract) : undefined;
      const resolved = resolveSchema(schema, contract.$defs);
      fields.set(name, {
        name,
        member,
        ...textsOf(schema, resolved, !required || constant !== undefined),
        type: required ? type : { ...type, nullable: true },
        required,
        takesNull: type.nullable,
        constant,
      });
    }
    return fields;
  }

  #leaf({ shape, definition }: Shaped, contract: Contract, hint: string): ScalarType | EnumType {
    switch (shape.kind) {
      case 'text':
        return textScalar(shape.schema);
      case 'integer':
        return integerScalar(shape.schema);
      case 'number':
        return SCALARS.Float;
      case 'boolean':
        return SCALARS.Boolean;
      case 'nothing':
        return SCALARS.Void;
      case 'enum':
        return this.#enum(shape.values, shape.schema, definition, contract, hint);
      default:
        return SCALARS.JSON;
    }
  }

  #enum(
    values: readonly string[],
    schema: JsonSchemaObject,
    definition: string | undefined,
    contract: Contract,
    hint: string,
  ): ScalarType | EnumType {
    const names = values.length < 2 ? undefined : enumValueNames(values);
    if (names === undefined) return SCALARS.String;
    const make = (wanted: string, slot: Slot | undefined): EnumType =>
      this.#keep<EnumType>(slot, {
        kind: 'enum',
        name: this.#names.take(wanted, contract),
        doc: docOf(schema),
        values: values.map((value, index) => ({ name: names[index]!, value })),
      });
    if (definition === undefined) return make(hint, undefined);
    return this.#once('enum', definition, contract, (slot) => make(definition, slot)) as EnumType;
  }

  #named(side: Side, shaped: Shaped, contract: Contract, hint: string): NamedType {
    const { definition } = shaped;
    if (definition === undefined) return this.#make(side, shaped, contract, hint, undefined);
    return this.#once(side, definition, contract, (slot) =>
      this.#make(side, shaped, contract, definition, slot),
    );
  }

  #once(
    side: string,
    definition: string,
    contract: Contract,
    make: (slot: Slot) => NamedType,
  ): NamedType {
    const key = `${side} ${definition}`;
    const known = this.#known.get(key) ?? [];
    const same = known.find(
      (one) => one.contract === contract || sameDefinition(definition, one.contract, contract),
    );
    if (same !== undefined) return same.type;
    this.#known.set(key, known);
    return make({ contract, known });
  }

  /** Remembers a type before its fields are made: they may lead back to it. */
  #keep<T extends NamedType>(slot: Slot | undefined, type: T): T {
    slot?.known.push({ contract: slot.contract, type });
    this.types.set(type.name, type);
    return type;
  }

  #make(
    side: Side,
    { shape, definition }: Shaped,
    contract: Contract,
    base: string,
    slot: Slot | undefined,
  ): NamedType {
    if (shape.kind === 'union') {
      return side === 'output'
        ? this.#union(shape.options, shape.schema, contract, base, slot)
        : this.#inputUnion(shape.options, shape.schema, contract, base, slot);
    }
    const { schema } = shape as { readonly schema: JsonSchemaObject };
    const members = membersOf(schema, contract.$defs);
    if (side === 'input') {
      const name = this.#names.take(base.endsWith('Input') ? base : `${base}Input`, contract);
      const type = this.#keep<InputType>(slot, {
        kind: 'input',
        name,
        doc: docOf(schema),
        fields: new Map(),
        oneOf: false,
      });
      for (const [field, value] of this.inputFields(members, contract, base)) {
        type.fields.set(field, value);
      }
      return type;
    }
    const name = this.#names.take(base, contract);
    const type = this.#keep<ObjectType>(slot, {
      kind: 'object',
      name,
      doc: docOf(schema),
      fields: new Map(),
    });
    this.#outputFields(type, members, contract, base, definition);
    return type;
  }

  #outputFields(
    type: ObjectType,
    members: ReadonlyMap<string, Member>,
    contract: Contract,
    base: string,
    definition: string | undefined,
  ): void {
    const names = distinctNames([...members.keys()]);
    let index = 0;
    for (const [member, { schema, required }] of members) {
      const name = names[index++]!;
      const reference = this.output(schema, contract, base + capital(name));
      const field: OutputField = {
        name,
        member,
        ...textsOf(schema, resolveSchema(schema, contract.$defs), true),
        type: required ? reference : { ...reference, nullable: true },
      };
      type.fields.set(name, field);
    }
    if (definition === undefined) return;
    for (const link of contract.links ?? []) {
      if (link.type !== definition) continue;
      const binding = this.#resolveLink(link, contract);
      if (binding === undefined || type.fields.has(link.name)) continue;
      const reference = this.output(binding.output, binding.contract, base + capital(link.name));
      type.fields.set(link.name, {
        name: link.name,
        member: link.name,
        doc: link.doc,
        deprecated: binding.deprecated,
        type: { ...reference, nullable: true },
        link: binding.target,
      });
    }
  }

  #union(
    options: readonly JsonSchema[],
    schema: JsonSchemaObject,
    contract: Contract,
    base: string,
    slot: Slot | undefined,
  ): UnionType {
    const type = this.#keep<UnionType>(slot, {
      kind: 'union',
      name: this.#names.take(base, contract),
      doc: docOf(schema),
      options: [],
      discriminator: undefined,
    });
    const discriminator = discriminatorOf(options, contract);
    type.discriminator = discriminator;
    for (const [index, option] of options.entries()) {
      const tag = discriminator === undefined ? undefined : tagOf(option, discriminator, contract);
      const hint = base + optionName(tag, index);
      const reference = this.output(option, contract, hint);
      // Two options that are one named type are one member of the union.
      if (reference.kind !== 'named' || reference.type.kind !== 'object') continue;
      if (type.options.some((one) => one.type === reference.type && one.tag === tag)) continue;
      const made: UnionOption = { type: reference.type, schema: option, contract, tag };
      type.options.push(made);
    }
    return type;
  }

  /** A union on the way in: an object with one field for each option, of which one is given. */
  #inputUnion(
    options: readonly JsonSchema[],
    schema: JsonSchemaObject,
    contract: Contract,
    base: string,
    slot: Slot | undefined,
  ): InputType {
    const type = this.#keep<InputType>(slot, {
      kind: 'input',
      name: this.#names.take(base.endsWith('Input') ? base : `${base}Input`, contract),
      doc: docOf(schema),
      fields: new Map(),
      oneOf: true,
    });
    const discriminator = discriminatorOf(options, contract);
    const wanted = options.map((option, index) => {
      const { definition } = shapeOf(option, contract.$defs);
      const tag = discriminator === undefined ? undefined : tagOf(option, discriminator, contract);
      const name = typeof tag === 'string' ? tag : (definition ?? optionName(undefined, index));
      return lowerCamel(graphqlName(name));
    });
    for (const [index, name] of distinct(wanted).entries()) {
      const option = options[index]!;
      const reference = this.input(option, contract, base + capital(name));
      type.fields.set(name, {
        name,
        member: name,
        ...textsOf(option, resolveSchema(option, contract.$defs), true),
        type: { ...reference, nullable: true },
        required: false,
        takesNull: false,
      });
    }
    return type;
  }
}

function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}

function optionName(tag: unknown, index: number): string {
  return typeof tag === 'string' ? capital(graphqlName(tag)) : `Option${index + 1}`;
}
