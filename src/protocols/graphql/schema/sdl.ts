import { SCALARS } from './scalars.ts';
import {
  type EnumType,
  type InputField,
  type InputType,
  type NamedType,
  namedType,
  type ObjectType,
  type OutputField,
  ROOT_NAMES,
  type RootField,
  type RootKind,
  type ScalarType,
  type SchemaModel,
  type TypeRef,
} from './types.ts';

/** A schema in GraphQL's schema definition language. Prints what `graphql`'s buildSchema reads. */
export function printSdl(model: SchemaModel): string {
  const parts: string[] = [];
  const kinds = (Object.keys(ROOT_NAMES) as RootKind[]).filter(
    (kind) => model.roots[kind].size > 0,
  );
  const entries = kinds.map((kind) => `  ${kind}: ${ROOT_NAMES[kind]}`);
  parts.push(`${docText(model.doc, '')}schema {\n${entries.join('\n')}\n}`);
  for (const kind of kinds) {
    parts.push(block(`type ${ROOT_NAMES[kind]}`, [...model.roots[kind].values()].map(rootText)));
  }
  for (const type of model.types.values()) parts.push(typeText(type));
  for (const type of usedScalars(model)) parts.push(scalarText(type));
  return `${parts.join('\n\n')}\n`;
}

function usedScalars(model: SchemaModel): ScalarType[] {
  const used = new Set<NamedType>();
  const useInputs = (fields: ReadonlyMap<string, InputField>): void => {
    for (const field of fields.values()) used.add(namedType(field.type));
  };
  for (const root of Object.values(model.roots)) {
    for (const field of root.values()) {
      used.add(namedType(field.type));
      useInputs(field.arguments);
    }
  }
  for (const type of model.types.values()) {
    if (type.kind === 'input') useInputs(type.fields);
    if (type.kind !== 'object') continue;
    for (const field of type.fields.values()) used.add(namedType(field.type));
  }
  return Object.values(SCALARS).filter((type) => !type.builtIn && used.has(type));
}

export function typeRefText(reference: TypeRef<NamedType>): string {
  const inner =
    reference.kind === 'list' ? `[${typeRefText(reference.item)}]` : reference.type.name;
  return reference.nullable ? inner : `${inner}!`;
}

function typeText(type: NamedType): string {
  switch (type.kind) {
    case 'object':
      return objectText(type);
    case 'input':
      return inputText(type);
    case 'enum':
      return enumText(type);
    case 'union': {
      const names = [...new Set(type.options.map((option) => option.type.name))];
      return `${docText(type.doc, '')}union ${type.name} = ${names.join(' | ')}`;
    }
    default:
      return scalarText(type);
  }
}

function scalarText(type: ScalarType): string {
  const url = type.specifiedBy;
  const directive = url === undefined ? '' : ` @specifiedBy(url: ${quoted(url)})`;
  return `${docText(type.doc, '')}scalar ${type.name}${directive}`;
}

function enumText(type: EnumType): string {
  const values = type.values.map(({ name, value }) => {
    const doc = name === value ? '' : docText(`"${value}" in the contract.`, '  ');
    return `${doc}  ${name}`;
  });
  return docText(type.doc, '') + block(`enum ${type.name}`, values);
}

function objectText(type: ObjectType): string {
  return (
    docText(type.doc, '') + block(`type ${type.name}`, [...type.fields.values()].map(fieldText))
  );
}

function fieldText(field: OutputField): string {
  return `${docText(field.doc, '  ')}  ${field.name}: ${typeRefText(field.type)}${deprecation(field)}`;
}

function rootText(field: RootField): string {
  const given = [...field.arguments.values()];
  const inputs =
    given.length === 0
      ? ''
      : `(\n${given.map((one) => inputFieldText(one, '    ')).join('\n')}\n  )`;
  const type = typeRefText(field.type);
  return `${docText(field.doc, '  ')}  ${field.name}${inputs}: ${type}${deprecation(field)}`;
}

function inputText(type: InputType): string {
  const fields = [...type.fields.values()].map((field) => inputFieldText(field, '  '));
  return docText(type.doc, '') + block(`input ${type.name}${type.oneOf ? ' @oneOf' : ''}`, fields);
}

function inputFieldText(field: InputField, indent: string): string {
  const constant = field.constant === undefined ? '' : ` = ${quoted(field.constant)}`;
  const text = `${field.name}: ${typeRefText(field.type)}${constant}${deprecation(field)}`;
  return `${docText(field.doc, indent)}${indent}${text}`;
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.join('\n')}\n}`;
}

function deprecation({ deprecated }: { readonly deprecated?: string | undefined }): string {
  return deprecated === undefined ? '' : ` @deprecated(reason: ${quoted(deprecated)})`;
}

/** GraphQL's quoted strings know the escapes of JSON (section 2.9.4), and no lone surrogates. */
function quoted(value: string | number | boolean): string {
  return JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value);
}

function docText(doc: string | undefined, indent: string): string {
  if (doc === undefined || doc.trim() === '') return '';
  const text = doc
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\uffff]/gu, (one) => (one.length > 1 ? one : ' '));
  if (!text.includes('\n') && text.length < 90) return `${indent}${quoted(text)}\n`;
  const lines = text.replaceAll('"""', '\\"""').split(/\r\n|\r|\n/);
  return `${indent}"""\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}\n${indent}"""\n`;
}
