import { field, message } from './by-hand.ts';
import { scalar } from './types.ts';

/** The part of google/protobuf/descriptor.proto that our files need, as types of our own codec. */

const text = scalar('string');
const int32 = scalar('int32');
const bool = scalar('bool');
const optional = { optional: true };
const many = { repeated: true };
const name = field(1, 'name', text, optional);

function type(own: string, ...fields: Parameters<typeof message>[1]) {
  return message(`google.protobuf.${own}`, fields);
}

const deprecated = (number: number) => field(number, 'deprecated', bool, optional);

const FieldOptions = type('FieldOptions', deprecated(3));
const FieldDescriptor = type(
  'FieldDescriptorProto',
  name,
  field(3, 'number', int32, optional),
  field(4, 'label', int32, optional),
  field(5, 'type', int32, optional),
  field(6, 'type_name', text, optional),
  field(8, 'options', FieldOptions),
  field(9, 'oneof_index', int32, optional),
  field(10, 'json_name', text, optional),
  field(17, 'proto3_optional', bool, optional),
);
const Range = type('Range', field(1, 'start', int32, optional), field(2, 'end', int32, optional));
const EnumValueDescriptor = type(
  'EnumValueDescriptorProto',
  name,
  field(2, 'number', int32, optional),
);
const EnumDescriptor = type(
  'EnumDescriptorProto',
  name,
  field(2, 'value', EnumValueDescriptor, many),
  field(4, 'reserved_range', Range, many),
  field(5, 'reserved_name', text, many),
);
const MessageOptions = type('MessageOptions', field(7, 'map_entry', bool, optional));
const Oneof = type('OneofDescriptorProto', name);
const Message = type(
  'DescriptorProto',
  name,
  field(2, 'field', FieldDescriptor, many),
  field(4, 'enum_type', EnumDescriptor, many),
  field(7, 'options', MessageOptions),
  field(8, 'oneof_decl', Oneof, many),
  field(9, 'reserved_range', Range, many),
  field(10, 'reserved_name', text, many),
);
Message.fields.push(field(3, 'nested_type', Message, many));
const MethodOptions = type(
  'MethodOptions',
  deprecated(33),
  field(34, 'idempotency_level', int32, optional),
);
const Method = type(
  'MethodDescriptorProto',
  name,
  field(2, 'input_type', text, optional),
  field(3, 'output_type', text, optional),
  field(4, 'options', MethodOptions),
  field(5, 'client_streaming', bool, optional),
  field(6, 'server_streaming', bool, optional),
);
const Service = type('ServiceDescriptorProto', name, field(2, 'method', Method, many));

export const FileDescriptorType = type(
  'FileDescriptorProto',
  name,
  field(2, 'package', text, optional),
  field(3, 'dependency', text, many),
  field(4, 'message_type', Message, many),
  field(5, 'enum_type', EnumDescriptor, many),
  field(6, 'service', Service, many),
  field(12, 'syntax', text, optional),
);

export const FileDescriptorSetType = type(
  'FileDescriptorSet',
  field(1, 'file', scalar('bytes', 'buffer'), many),
);
