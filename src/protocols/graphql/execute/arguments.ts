import type { FieldNode, ValueNode } from 'graphql';
import type {
  InputField,
  InputNamedType,
  InputType,
  RootField,
  ScalarType,
  TypeRef,
} from '../schema/types.ts';

/** Coerced values of an operation's variables, by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** A value as the query has it (GraphQL's names), from literals and variables; undefined for a
 * variable that is not given. */
type Source = (variables: Variables) => unknown;
/** A value as the query has it to the value that the contract knows. */
type Convert = (value: unknown) => unknown;

/** The input of an operation from the arguments of its field. */
export function compileInput(field: RootField, node: FieldNode): Source {
  const given = new Map(node.arguments?.map((one) => [one.name.value, one.value]));
  const parts = [...field.arguments.values()].map((argument) => {
    const value = given.get(argument.name);
    const source = value === undefined ? undefined : compileSource(value, argument.type);
    return { argument, source, convert: converterOf(argument.type) };
  });
  return (variables) => {
    const input: Record<string, unknown> = {};
    for (const { argument, source, convert } of parts) {
      const value = source === undefined ? undefined : source(variables);
      put(input, argument, value, convert);
    }
    return field.wholeInput ? input.input : input;
  };
}

/** Null where the contract has no null means: not given. What must be given keeps it, so that the
 * contract's own check names it. */
function put(
  target: Record<string, unknown>,
  field: InputField,
  value: unknown,
  convert: Convert,
): void {
  if (value === undefined) {
    if (field.constant !== undefined) target[field.member] = field.constant;
  } else if (value !== null) target[field.member] = convert(value);
  else if (field.takesNull || field.required) target[field.member] = null;
}

function compileSource(node: ValueNode, reference: TypeRef<InputNamedType>): Source {
  if (node.kind === 'Variable') {
    const name = node.name.value;
    return (variables) => variables[name];
  }
  if (node.kind === 'NullValue') return () => null;
  if (reference.kind === 'list') {
    const nodes = node.kind === 'ListValue' ? node.values : [node];
    const items = nodes.map((item) => compileSource(item, reference.item));
    // An item whose variable is not given is null (section 5.6.1, list coercion).
    return (variables) => items.map((item) => item(variables) ?? null);
  }
  const { type } = reference;
  if (type.kind === 'input') return compileObject(node, type);
  return compileScalar(node, type.kind === 'scalar' ? type : undefined);
}

function compileObject(node: ValueNode, type: InputType): Source {
  const parts: [name: string, source: Source][] = [];
  for (const { name, value } of node.kind === 'ObjectValue' ? node.fields : []) {
    const field = type.fields.get(name.value);
    if (field !== undefined) parts.push([field.name, compileSource(value, field.type)]);
  }
  return (variables) => {
    const object: Record<string, unknown> = {};
    for (const [name, source] of parts) {
      const value = source(variables);
      if (value !== undefined) object[name] = value;
    }
    return object;
  };
}

function compileScalar(node: ValueNode, type: ScalarType | undefined): Source {
  switch (node.kind) {
    case 'Variable':
      return (variables) => variables[node.name.value];
    case 'IntValue':
    case 'FloatValue': {
      // Text of digits stays text: a number would lose some of them.
      const value = type?.json === 'string' ? node.value : Number(node.value);
      return () => value;
    }
    case 'StringValue':
    case 'BooleanValue':
    case 'EnumValue': {
      const { value } = node;
      return () => value;
    }
    case 'ListValue': {
      const items = node.values.map((item) => compileScalar(item, type));
      return (variables) => items.map((item) => item(variables) ?? null);
    }
    case 'ObjectValue': {
      const parts = node.fields.map(
        ({ name, value }) => [name.value, compileScalar(value, type)] as const,
      );
      return (variables) =>
        Object.fromEntries(
          parts
            .map(([name, source]) => [name, source(variables)] as const)
            .filter(([, value]) => value !== undefined),
        );
    }
    default:
      return () => null;
  }
}

const same: Convert = (value) => value;
const converters = new WeakMap<InputNamedType, Convert>();

function converterOf(reference: TypeRef<InputNamedType>): Convert {
  if (reference.kind === 'named') return namedConverter(reference.type);
  const item = converterOf(reference.item);
  return (value) =>
    Array.isArray(value) ? value.map((one) => (one === null ? null : item(one))) : [item(value)];
}

function namedConverter(type: InputNamedType): Convert {
  let convert = converters.get(type);
  if (convert !== undefined) return convert;
  if (type.kind === 'scalar') return same;
  if (type.kind === 'enum') {
    const values = new Map(type.values.map(({ name, value }) => [name, value]));
    convert = (value) => values.get(String(value)) ?? value;
  } else convert = type.oneOf ? unionConverter(type) : objectConverter(type);
  converters.set(type, convert);
  return convert;
}

function objectConverter(type: InputType): Convert {
  // Made at the first value: types may lead back to themselves.
  let fields: readonly (readonly [InputField, Convert])[] | undefined;
  return (value) => {
    fields ??= [...type.fields.values()].map((field) => [field, converterOf(field.type)] as const);
    const given = value as Readonly<Record<string, unknown>>;
    const object: Record<string, unknown> = {};
    for (const [field, convert] of fields) put(object, field, given[field.name], convert);
    return object;
  };
}

function unionConverter(type: InputType): Convert {
  return (value) => {
    for (const [name, one] of Object.entries(value as Readonly<Record<string, unknown>>)) {
      const field = type.fields.get(name);
      if (field !== undefined && one !== null) return converterOf(field.type)(one);
    }
    return {};
  };
}
