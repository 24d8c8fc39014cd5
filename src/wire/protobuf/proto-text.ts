import { isOptional, ownName, reservedNames } from './descriptor.ts';
import { defaultJsonName } from './names.ts';
import {
  type EnumType,
  type Field,
  importsOf,
  type MessageType,
  type MethodType,
  type ProtoFile,
  type Reserved,
  typeName,
} from './types.ts';

/** A file as people and compilers read it. */
export function protoText(file: ProtoFile): string {
  const imports = importsOf(file);
  const parts = [
    ['// Made by Polywire from a contract; do not edit.', ...comment(file.doc, '')],
    ['syntax = "proto3";'],
    [`package ${file.package};`],
    ...(imports.length === 0 ? [] : [imports.map((name) => `import "${name}";`)]),
    ...file.services.map(({ name, methods, doc }) => [
      ...comment(doc, ''),
      `service ${name} {`,
      ...methods.flatMap(methodLines),
      '}',
    ]),
    ...file.enums.map((type) => enumLines(type, '')),
    ...file.messages.map((type) => messageLines(type, '')),
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function comment(doc: string | undefined, indent: string): string[] {
  if (doc === undefined || doc.trim() === '') return [];
  // Whatever ends a line in some reader's eyes ends it here.
  return doc
    .trim()
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => `${indent}// ${line.trimEnd()}`.trimEnd());
}

function methodLines(method: MethodType): string[] {
  const { name, input, output, inputStreams, outputStreams } = method;
  const side = (type: MessageType, streams: boolean): string =>
    `(${streams ? 'stream ' : ''}.${type.fullName})`;
  const options = [
    ...(method.query ? ['    option idempotency_level = NO_SIDE_EFFECTS;'] : []),
    ...(method.deprecated === true ? ['    option deprecated = true;'] : []),
  ];
  const head = `  rpc ${name}${side(input, inputStreams)} returns ${side(output, outputStreams)}`;
  return [
    ...comment(method.doc, '  '),
    ...(options.length === 0 ? [`${head};`] : [`${head} {`, ...options, '  }']),
  ];
}

function messageLines(message: MessageType, indent: string): string[] {
  const inner = `${indent}  `;
  const fields = message.fields.toSorted((one, other) => one.number - other.number);
  const lines =
    message.oneof === undefined
      ? fields.flatMap((field) => fieldLines(field, inner))
      : [
          `${inner}oneof ${message.oneof} {`,
          ...fields.flatMap((field) => fieldLines(field, `${inner}  `)),
          `${inner}}`,
        ];
  return [
    ...comment(message.doc, indent),
    `${indent}message ${ownName(message.path)} {`,
    ...reservedLines(message.reserved, fields, inner),
    ...message.enums.flatMap((type) => enumLines(type, inner)),
    ...message.messages.flatMap((type) => messageLines(type, inner)),
    ...lines,
    `${indent}}`,
  ];
}

function reservedLines(
  reserved: readonly Reserved[],
  used: readonly { readonly name: string }[],
  indent: string,
): string[] {
  return [
    ...reservedNames(reserved, used).map((name) => `${indent}reserved "${name}";`),
    ...reserved.map(({ name, number }) => `${indent}reserved ${number}; // ${name}`),
  ];
}

function fieldLines(field: Field, indent: string): string[] {
  const { type, cardinality, name, number, json } = field;
  const own = type.kind === 'scalar' ? type.name : `.${typeName(type)}`;
  const written =
    cardinality === 'map'
      ? `map<string, ${own}>`
      : `${cardinality === 'repeated' ? 'repeated ' : isOptional(field) ? 'optional ' : ''}${own}`;
  const options = [
    ...(json === defaultJsonName(name) ? [] : [`json_name = ${quoted(json)}`]),
    ...(field.deprecated === true ? ['deprecated = true'] : []),
  ];
  const behind = options.length === 0 ? '' : ` [${options.join(', ')}]`;
  return [...comment(field.doc, indent), `${indent}${written} ${name} = ${number}${behind};`];
}

function enumLines(type: EnumType, indent: string): string[] {
  return [
    ...comment(type.doc, indent),
    `${indent}enum ${ownName(type.path)} {`,
    ...reservedLines(type.reserved, type.values, `${indent}  `),
    ...type.values.map(({ name, number }) => `${indent}  ${name} = ${number};`),
    `${indent}}`,
  ];
}

/** A string of the proto language; what JSON escapes otherwise is written byte by byte. */
function quoted(text: string): string {
  let written = '"';
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    written += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${written}"`;
}
