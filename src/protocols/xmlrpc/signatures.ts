import type { Endpoint } from '../../hub/hub.ts';
import type { Contract } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { type Definitions, membersOf, resolveSchema, typesOf } from '../../model/schema-tree.ts';
import { shapeOf } from './shape.ts';

const SCALARS: Readonly<Record<string, string>> = {
  integer: 'int',
  number: 'double',
  boolean: 'boolean',
  array: 'array',
  object: 'struct',
};

const TEXTS = {
  text: 'string',
  date: 'string',
  'date-time': 'dateTime.iso8601',
  base64: 'base64',
  base64url: 'base64',
  int64: 'i8',
} as const;

/** The XML-RPC type of a schema's values; `any` where there are several. */
export function typeName(contract: Contract, schema: JsonSchema): string {
  const all = typesOf(schema, contract.$defs);
  if (all === undefined) return 'any';
  const types = new Set(all);
  const orNull = types.delete('null');
  if (types.size === 0) return orNull ? 'nil' : 'any';
  if (types.has('number')) types.delete('integer');
  if (types.size > 1) return 'any';
  const [type] = types;
  if (type === 'string') return TEXTS[shapeOf(contract, schema).text];
  return SCALARS[type!] ?? 'any';
}

/** Signatures that are told beside the one with a struct; an input has few optional members. */
const MAX_POSITIONAL = 16;

/**
 * What `system.methodSignature` answers: the answer's type and the parameters' types, for one
 * struct, and for parameters by position with and without the optional ones at the end.
 */
export function signaturesOf({ contract, operation }: Endpoint): string[][] {
  const answer = typeName(contract, operation.output.schema);
  const members = [...membersOf(operation.input.schema, contract.$defs).values()];
  const types = members.map(({ schema }) => typeName(contract, schema));
  const needed = members.findLastIndex(({ required }) => required) + 1;
  const signatures = needed === 0 ? [[answer], [answer, 'struct']] : [[answer, 'struct']];
  for (let count = types.length; count >= Math.max(needed, 1); count--) {
    if (signatures.length > MAX_POSITIONAL) break;
    const signature = [answer, ...types.slice(0, count)];
    if (signature.length !== 2 || signature[1] !== 'struct') signatures.push(signature);
  }
  return signatures;
}

/** What `system.methodHelp` answers: text for people. */
export function helpOf({ name, contract, operation }: Endpoint): string {
  const { $defs } = contract;
  const paragraphs = [operation.doc ?? name];
  if (operation.deprecated !== undefined) paragraphs.push(`Deprecated: ${operation.deprecated}`);
  const members = [...membersOf(operation.input.schema, $defs)].map(
    ([member, { schema, required }]) =>
      `  ${member}: ${typeName(contract, schema)}${required ? '' : ', optional'}${described(schema, $defs)}`,
  );
  if (members.length > 0) {
    paragraphs.push(['Takes one struct, or these by position:', ...members].join('\n'));
  }
  const answer = operation.output.schema;
  paragraphs.push(`Answers ${typeName(contract, answer)}${described(answer, $defs)}`);
  const errors = operation.errors.map((error) => {
    const { code, doc, message } = contract.errors[error]!;
    const text = doc ?? message;
    return `  ${error}: ${code}${text === undefined ? '' : `. ${text}`}`;
  });
  if (errors.length > 0) paragraphs.push(['Errors:', ...errors].join('\n'));
  if (operation.scopes.length > 0) paragraphs.push(`Needs: ${operation.scopes.join(', ')}`);
  return paragraphs.join('\n\n');
}

function described(schema: JsonSchema, definitions: Definitions): string {
  for (const one of [schema, resolveSchema(schema, definitions)]) {
    if (typeof one !== 'boolean' && typeof one.description === 'string') {
      return `. ${one.description}`;
    }
  }
  return '';
}
