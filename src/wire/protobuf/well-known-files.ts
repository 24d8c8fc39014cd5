import { field, message } from './by-hand.ts';
import { type MessageType, NULL_VALUE, type ProtoFile, scalar } from './types.ts';

/** The files of google/protobuf that ours import, for whoever asks by reflection. */

function file(name: string, messages: MessageType[], enums: ProtoFile['enums'] = []): ProtoFile {
  return {
    name: `google/protobuf/${name}.proto`,
    package: 'google.protobuf',
    messages,
    enums,
    services: [],
  };
}

const seconds = () => [field(1, 'seconds', scalar('int64')), field(2, 'nanos', scalar('int32'))];

const Value = message('google.protobuf.Value', []);
const Struct = message('google.protobuf.Struct', [field(1, 'fields', Value, { map: true })]);
const ListValue = message('google.protobuf.ListValue', [
  field(1, 'values', Value, { repeated: true }),
]);
Value.oneof = 'kind';
Value.form = 'union';
const branch = (number: number, name: string, type: Parameters<typeof field>[2]) => ({
  ...field(number, name, type),
  fits: () => false,
});
Value.fields.push(
  branch(1, 'null_value', NULL_VALUE),
  branch(2, 'number_value', scalar('double')),
  branch(3, 'string_value', scalar('string')),
  branch(4, 'bool_value', scalar('bool')),
  branch(5, 'struct_value', Struct),
  branch(6, 'list_value', ListValue),
);

const FILES = [
  file('any', [
    message('google.protobuf.Any', [
      field(1, 'type_url', scalar('string')),
      field(2, 'value', scalar('bytes', 'buffer')),
    ]),
  ]),
  file('duration', [message('google.protobuf.Duration', seconds())]),
  file('empty', [message('google.protobuf.Empty', [])]),
  file('struct', [Struct, Value, ListValue], [NULL_VALUE]),
  file('timestamp', [message('google.protobuf.Timestamp', seconds())]),
];

/** By their names. */
export const WELL_KNOWN_PROTOS: ReadonlyMap<string, ProtoFile> = new Map(
  FILES.map((one) => [one.name, one]),
);
