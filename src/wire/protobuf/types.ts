/**
 * Protocol Buffers types as the codecs, the descriptors and the .proto text see them: plain data,
 * made from a contract (contract-types.ts) or by hand for services that every gRPC server has.
 * Source: https://protobuf.dev/programming-guides/proto3/ and descriptor.proto.
 */

export type ScalarName =
  | 'double'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'bytes';

/** Types of google/protobuf/*.proto whose values in JSON are not objects with their fields. */
export type WellKnownName = 'Timestamp' | 'Duration' | 'Value' | 'Struct' | 'ListValue' | 'Any';

export type ValueType =
  | {
      readonly kind: 'scalar';
      readonly name: ScalarName;
      /**
       * How the value stands in JavaScript where there is a choice: 64-bit integers as numbers
       * (refused past 2^53) or decimal strings, bytes as base64 text or as a Buffer.
       */
      readonly as: 'plain' | 'text' | 'base64' | 'base64url' | 'buffer';
    }
  | { readonly kind: 'enum'; readonly type: EnumType }
  | { readonly kind: 'message'; readonly type: MessageType }
  | { readonly kind: 'wellKnown'; readonly name: WellKnownName };

export interface Field {
  /** In snake case, as in the .proto. */
  readonly name: string;
  /** Member of the value in JavaScript, and the name in protobuf's JSON. */
  readonly json: string;
  readonly number: number;
  readonly cardinality: 'one' | 'repeated' | 'map';
  readonly type: ValueType;
  /** Whether the message tells an absent value from the type's default. */
  readonly presence: boolean;
  /**
   * What stands in the value where the field is absent: the type's default, nothing, null, or an
   * empty object that the members of a map are put straight into (`inline`).
   */
  readonly absent: 'default' | 'omit' | 'null';
  /** A map whose entries are members of the message's own value, beside its other fields. */
  readonly inline?: boolean;
  /** Set when the member is null; only where null and absent both occur. */
  readonly nullOf?: string;
  /** For a branch of a union: whether a value belongs to it. */
  readonly fits?: (value: unknown) => boolean;
  readonly doc?: string | undefined;
  readonly deprecated?: boolean | undefined;
}

export interface Reserved {
  readonly name: string;
  readonly number: number;
}

export interface MessageType {
  /** Without its package: `Order`, `Order.Line`. */
  readonly path: string;
  /** `orders.Order.Line` */
  readonly fullName: string;
  /**
   * `object`: fields are members of an object. `value`: the only field's value is the value, as
   * lists in lists and answers that are no objects need it. `union`: one of the fields (a oneof) is
   * set, and its value is the value.
   */
  form: 'object' | 'value' | 'union';
  /** Name of the oneof; only for unions. */
  oneof: string | undefined;
  readonly fields: Field[];
  readonly messages: MessageType[];
  readonly enums: EnumType[];
  readonly reserved: Reserved[];
  doc?: string | undefined;
}

export interface EnumValue {
  /** `STATUS_DELIVERED` */
  readonly name: string;
  /** `delivered`; the first value, which means "not given", has none. */
  readonly json: string | undefined;
  readonly number: number;
}

export interface EnumType {
  readonly path: string;
  readonly fullName: string;
  readonly values: EnumValue[];
  readonly reserved: Reserved[];
  readonly doc?: string | undefined;
}

export interface MethodType {
  readonly name: string;
  readonly input: MessageType;
  readonly output: MessageType;
  readonly inputStreams: boolean;
  readonly outputStreams: boolean;
  /** Without side effects: clients may send it by GET and again. */
  readonly query: boolean;
  readonly doc?: string | undefined;
  readonly deprecated?: boolean | undefined;
}

export interface ServiceType {
  readonly name: string;
  readonly methods: readonly MethodType[];
  readonly doc?: string | undefined;
}

/** One .proto file. */
export interface ProtoFile {
  /** `orders.proto` */
  readonly name: string;
  readonly package: string;
  readonly messages: readonly MessageType[];
  readonly enums: readonly EnumType[];
  readonly services: readonly ServiceType[];
  readonly doc?: string | undefined;
}

export function scalar(
  name: ScalarName,
  as: 'plain' | 'text' | 'base64' | 'base64url' | 'buffer' = 'plain',
): ValueType {
  return { kind: 'scalar', name, as };
}

/** Name of a type as other types of any package write it, without the leading dot. */
export function typeName(type: ValueType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name;
    case 'wellKnown':
      return `google.protobuf.${type.name}`;
    default:
      return type.type.fullName;
  }
}

/** Every message of a file, with those inside others. */
export function allMessages(file: ProtoFile): MessageType[] {
  const found: MessageType[] = [];
  const visit = (message: MessageType): void => {
    found.push(message);
    message.messages.forEach(visit);
  };
  file.messages.forEach(visit);
  return found;
}

/** Files of google/protobuf that a file's types come from. */
export function importsOf(file: ProtoFile): string[] {
  const found = new Set<string>();
  for (const message of allMessages(file)) {
    for (const { type } of message.fields) {
      if (type.kind === 'wellKnown') found.add(WELL_KNOWN_FILES[type.name]);
      else if (type.kind === 'enum' && type.type === NULL_VALUE) found.add(STRUCT_FILE);
    }
  }
  found.delete(file.name);
  return [...found].sort();
}

const STRUCT_FILE = 'google/protobuf/struct.proto';

export const WELL_KNOWN_FILES: { readonly [name in WellKnownName]: string } = {
  Timestamp: 'google/protobuf/timestamp.proto',
  Duration: 'google/protobuf/duration.proto',
  Value: STRUCT_FILE,
  Struct: STRUCT_FILE,
  ListValue: STRUCT_FILE,
  Any: 'google/protobuf/any.proto',
};

/** google.protobuf.NullValue: its only value says that something is null. */
export const NULL_VALUE: EnumType = {
  path: 'NullValue',
  fullName: 'google.protobuf.NullValue',
  values: [{ name: 'NULL_VALUE', json: undefined, number: 0 }],
  reserved: [],
};

/** Types that fields refer to, each once, in an order that both generators know. */
export function referenced(type: MessageType): { messages: MessageType[]; enums: EnumType[] } {
  const messages = new Set<MessageType>();
  const enums = new Set<EnumType>();
  for (const { type: of } of type.fields) {
    if (of.kind === 'message') messages.add(of.type);
    else if (of.kind === 'enum') enums.add(of.type);
  }
  return { messages: [...messages], enums: [...enums] };
}
