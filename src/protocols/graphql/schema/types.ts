import type { Contract, EventType, Link, Operation } from '../../../model/contract.ts';
import type { JsonSchema } from '../../../model/schema.ts';

/** A GraphQL schema as plain data: SDL is printed from it, and queries are compiled by it. Each
 * part knows what it stands for in the contract. */

export interface ScalarType {
  readonly kind: 'scalar';
  readonly name: string;
  readonly doc?: string | undefined;
  readonly specifiedBy?: string | undefined;
  /** Part of every GraphQL schema. */
  readonly builtIn: boolean;
  /** JSON form of its values. */
  readonly json: 'string' | 'number' | 'integer' | 'int32' | 'boolean' | 'null' | 'any';
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly doc?: string | undefined;
  readonly values: readonly { readonly name: string; readonly value: string }[];
}

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  readonly doc?: string | undefined;
  readonly fields: Map<string, OutputField>;
}

export interface OutputField {
  readonly name: string;
  /** Name in the contract. */
  readonly member: string;
  readonly doc?: string | undefined;
  readonly deprecated?: string | undefined;
  readonly type: TypeRef<OutputType>;
  /** The value is no member: another operation answers it. */
  readonly link?: LinkTarget | undefined;
}

/** A link of the contract with the operations that follow it. */
export interface LinkTarget {
  readonly link: Link;
  /** Full name of the operation that answers one. */
  readonly operation: string;
  /** Full name and operation that answers many at once, where the contract names one. */
  readonly batch: { readonly name: string; readonly operation: Operation } | undefined;
}

export interface UnionType {
  readonly kind: 'union';
  readonly name: string;
  readonly doc?: string | undefined;
  readonly options: UnionOption[];
  /** Member whose value tells the option; undefined: the options' schemas tell. */
  discriminator: string | undefined;
}

export interface UnionOption {
  readonly type: ObjectType;
  readonly schema: JsonSchema;
  readonly contract: Contract;
  /** Value of the discriminator. */
  readonly tag: unknown;
}

export interface InputType {
  readonly kind: 'input';
  readonly name: string;
  readonly doc?: string | undefined;
  readonly fields: Map<string, InputField>;
  /** Exactly one field is given, and its value is the value (`@oneOf`). */
  readonly oneOf: boolean;
}

export interface InputField {
  readonly name: string;
  readonly member: string;
  readonly doc?: string | undefined;
  readonly deprecated?: string | undefined;
  readonly type: TypeRef<InputNamedType>;
  readonly required: boolean;
  /** The contract takes null there: it is passed on. Else null says: not given. */
  readonly takesNull: boolean;
  /** The only value that the contract takes; filled in where the client leaves it out. */
  readonly constant?: string | number | boolean | undefined;
}

export type OutputType = ScalarType | EnumType | ObjectType | UnionType;
export type InputNamedType = ScalarType | EnumType | InputType;
export type NamedType = OutputType | InputType;

export type TypeRef<T extends NamedType> =
  | { readonly kind: 'named'; readonly type: T; readonly nullable: boolean }
  | { readonly kind: 'list'; readonly item: TypeRef<T>; readonly nullable: boolean };

/** A field of Query, Mutation or Subscription. */
export interface RootField {
  readonly name: string;
  /** Full name in the contract. */
  readonly target: string;
  readonly doc?: string | undefined;
  readonly deprecated?: string | undefined;
  readonly arguments: ReadonlyMap<string, InputField>;
  /** The input is not its members but the value of the argument `input`. */
  readonly wholeInput: boolean;
  readonly type: TypeRef<OutputType>;
  /** An event that is subscribed to, rather than an operation that is called. */
  readonly event?: EventType | undefined;
}

export type RootKind = 'query' | 'mutation' | 'subscription';

export interface SchemaModel {
  readonly roots: { readonly [kind in RootKind]: ReadonlyMap<string, RootField> };
  /** By name, in the order in which they were met. */
  readonly types: ReadonlyMap<string, NamedType>;
  readonly doc: string | undefined;
}

export const ROOT_NAMES: { readonly [kind in RootKind]: string } = {
  query: 'Query',
  mutation: 'Mutation',
  subscription: 'Subscription',
};

export function namedType<T extends NamedType>(reference: TypeRef<T>): T {
  let current = reference;
  while (current.kind === 'list') current = current.item;
  return current.type;
}

export function nullable<T extends NamedType>(reference: TypeRef<T>): TypeRef<T> {
  return reference.nullable ? reference : { ...reference, nullable: true };
}
