import { codecOf } from './codec.ts';
import { FileDescriptorSetType, FileDescriptorType } from './descriptor-types.ts';
import { pascalCase } from './names.ts';
import {
  type EnumType,
  type Field,
  importsOf,
  type MessageType,
  type MethodType,
  type ProtoFile,
  type Reserved,
  type ScalarName,
  typeName,
} from './types.ts';
import { WELL_KNOWN_PROTOS } from './well-known-files.ts';

/** Numbers of google.protobuf.FieldDescriptorProto.Type. */
const SCALAR_TYPES: { readonly [name in ScalarName]: number } = {
  double: 1,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const TYPE_MESSAGE = 11;
const TYPE_ENUM = 14;
const LABEL_OPTIONAL = 1;
const LABEL_REPEATED = 3;
const NO_SIDE_EFFECTS = 1;

/** The bytes of a google.protobuf.FileDescriptorProto. */
export function fileDescriptor(file: ProtoFile): Buffer {
  return codecOf(FileDescriptorType).encode({
    name: file.name,
    package: file.package,
    dependency: importsOf(file),
    messageType: file.messages.map(messageDescriptor),
    enumType: file.enums.map(enumDescriptor),
    service: file.services.map(({ name, methods }) => ({
      name,
      method: methods.map(methodDescriptor),
    })),
    syntax: 'proto3',
  });
}

/** The bytes of a google.protobuf.FileDescriptorSet with these files and all that they import. */
export function fileDescriptorSet(files: readonly ProtoFile[]): Buffer {
  const imports = new Set(files.flatMap(importsOf));
  const wellKnown = [...imports].map((name) => WELL_KNOWN_PROTOS.get(name)!);
  return codecOf(FileDescriptorSetType).encode({
    file: [...wellKnown, ...files].map(fileDescriptor),
  });
}

function messageDescriptor(message: MessageType): object {
  const { fields } = message;
  const synthetic = fields.filter(isOptional);
  const oneofs = message.oneof === undefined ? [] : [message.oneof];
  const entries = fields.filter(({ cardinality }) => cardinality === 'map');
  return {
    name: ownName(message.path),
    field: fields.map((field) => {
      const index = synthetic.indexOf(field);
      const oneofIndex =
        message.oneof !== undefined ? 0 : index < 0 ? undefined : oneofs.length + index;
      return fieldDescriptor(field, message, oneofIndex);
    }),
    nestedType: [
      ...message.messages.map(messageDescriptor),
      ...entries.map((field) => entryDescriptor(field)),
    ],
    enumType: message.enums.map(enumDescriptor),
    oneofDecl: [...oneofs, ...synthetic.map(({ name }) => `_${name}`)].map((name) => ({ name })),
    // The end of a message's range is past the last number, that of an enum's is not.
    reservedRange: ranges(message.reserved, 1),
    reservedName: reservedNames(message.reserved, fields),
  };
}

/** Scalars and enums with presence, outside of a oneof, are written `optional`. */
export function isOptional(field: Field): boolean {
  const { presence, type, cardinality, fits } = field;
  return (
    presence &&
    cardinality === 'one' &&
    fits === undefined &&
    (type.kind === 'scalar' || type.kind === 'enum')
  );
}

export function ownName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Names that nobody has any more; one whose meaning changed has a new number and is in use. */
export function reservedNames(
  reserved: readonly Reserved[],
  used: readonly { readonly name: string }[],
): string[] {
  const gone = new Set(reserved.map(({ name }) => name));
  for (const { name } of used) gone.delete(name);
  return [...gone];
}

function ranges(reserved: readonly Reserved[], past: number): object[] {
  return reserved.map(({ number }) => ({ start: number, end: number + past }));
}

function entryName(field: Field): string {
  return `${pascalCase(field.name)}Entry`;
}

function fieldDescriptor(
  field: Field,
  message: MessageType,
  oneofIndex: number | undefined,
): Record<string, unknown> {
  const { name, number, cardinality, json } = field;
  const type =
    cardinality === 'map'
      ? { type: TYPE_MESSAGE, typeName: `.${message.fullName}.${entryName(field)}` }
      : typeDescriptor(field);
  return {
    name,
    number,
    label: cardinality === 'one' ? LABEL_OPTIONAL : LABEL_REPEATED,
    ...type,
    jsonName: json,
    ...(field.deprecated === true ? { options: { deprecated: true } } : {}),
    ...(oneofIndex === undefined ? {} : { oneofIndex }),
    ...(isOptional(field) ? { proto3Optional: true } : {}),
  };
}

function typeDescriptor({ type }: Field): { type: number; typeName?: string } {
  if (type.kind === 'scalar') return { type: SCALAR_TYPES[type.name] };
  return { type: type.kind === 'enum' ? TYPE_ENUM : TYPE_MESSAGE, typeName: `.${typeName(type)}` };
}

function entryDescriptor(field: Field): object {
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label: LABEL_OPTIONAL, type: SCALAR_TYPES.string, jsonName: 'key' },
      {
        name: 'value',
        number: 2,
        label: LABEL_OPTIONAL,
        ...typeDescriptor(field),
        jsonName: 'value',
      },
    ],
    options: { mapEntry: true },
  };
}

function enumDescriptor(type: EnumType): object {
  return {
    name: ownName(type.path),
    value: type.values.map(({ name, number }) => ({ name, number })),
    reservedRange: ranges(type.reserved, 0),
    reservedName: reservedNames(type.reserved, type.values),
  };
}

function methodDescriptor(method: MethodType): object {
  const options = {
    ...(method.deprecated === true ? { deprecated: true } : {}),
    ...(method.query ? { idempotencyLevel: NO_SIDE_EFFECTS } : {}),
  };
  return {
    name: method.name,
    inputType: `.${method.input.fullName}`,
    outputType: `.${method.output.fullName}`,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(method.inputStreams ? { clientStreaming: true } : {}),
    ...(method.outputStreams ? { serverStreaming: true } : {}),
  };
}
