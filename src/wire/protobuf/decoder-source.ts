import { isPacked, tagOf, wireTypeOf } from './encoder-source.ts';
import { type Field, type MessageType, referenced, type ValueType } from './types.ts';

/**
 * Source of `(reader) => value` for a message type, from the reader's position to its end. Fields
 * that nobody knows are passed over; of one that comes twice the last stands.
 */
export function decoderSource(type: MessageType): string {
  return new DecoderSource(type).text();
}

class DecoderSource {
  readonly #type: MessageType;
  readonly #messages: readonly MessageType[];
  readonly #enums: readonly unknown[];

  constructor(type: MessageType) {
    this.#type = type;
    const { messages, enums } = referenced(type);
    this.#messages = messages;
    this.#enums = enums;
  }

  text(): string {
    const fields = this.#type.fields;
    return [
      "'use strict';",
      'const { wellKnown, memberName, codecs, enumValues } = runtime;',
      ...this.#messages.map((_, index) => `const c${index} = codecs[${index}];`),
      ...this.#enums.map((_, index) => `const e${index} = enumValues[${index}];`),
      'return (r) => {',
      '  const end = r.end;',
      '  let o;',
      this.#type.form === 'union' ? 'let u;' : '',
      ...fields.map((field, index) => `let f${index}${this.#initial(field)};`),
      'while (r.position < end) {',
      'const tag = r.tag();',
      'switch (tag) {',
      ...fields.flatMap((field, index) => this.#cases(field, `f${index}`)),
      'default: r.skip(tag);',
      '}',
      '}',
      ...this.#result(),
      '};',
    ].join('\n');
  }

  #initial(field: Field): string {
    if (this.#type.form === 'union' || field.absent === 'omit') return '';
    if (field.absent === 'null') return ' = null';
    if (field.cardinality === 'repeated') return ' = []';
    return ` = ${field.cardinality === 'map' ? '{}' : defaultSource(field.type)}`;
  }

  #cases(field: Field, variable: string): string[] {
    const { number, type, cardinality, nullOf } = field;
    const wireType = wireTypeOf(type);
    const tag = tagOf(number, wireType);
    if (this.#type.form === 'union') {
      return [`case ${tag}: ${this.#value(type, 'u')} break;`];
    }
    if (nullOf !== undefined) return [`case ${tag}: r.uint32(); ${variable} = true; break;`];
    if (cardinality === 'map') return this.#map(field, variable);
    if (cardinality === 'one') return [`case ${tag}: ${this.#value(type, variable)} break;`];
    const push = `let y; ${this.#value(type, 'y')} (${variable} ??= []).push(y);`;
    const lines = [`case ${tag}: { ${push} break; }`];
    if (isPacked(field)) {
      const loop = `while (r.position < to) { ${push} }`;
      lines.push(
        `case ${tagOf(number, 2)}: { const to = r.length(), before = r.end; r.end = to; ${variable} ??= []; ${loop} r.end = before; break; }`,
      );
    }
    return lines;
  }

  #map({ number, type }: Field, variable: string): string[] {
    return [
      `case ${tagOf(number, 2)}: {`,
      'const before = r.enter();',
      `let k = ''; let y = ${this.#entryDefault(type)};`,
      'while (r.position < r.end) {',
      'const part = r.tag();',
      'if (part === 10) k = r.string();',
      `else if (part === ${tagOf(2, wireTypeOf(type))}) { ${this.#value(type, 'y')} }`,
      'else r.skip(part);',
      '}',
      'r.leave(before);',
      `(${variable} ??= {})[memberName(k)] = y;`,
      'break; }',
    ];
  }

  #entryDefault(type: ValueType): string {
    if (type.kind === 'scalar') return defaultSource(type);
    return type.kind === 'wellKnown' && type.name === 'Value' ? 'null' : 'undefined';
  }

  /** Statement that reads one value into a variable. */
  #value(type: ValueType, variable: string): string {
    switch (type.kind) {
      case 'scalar':
        return `${variable} = ${scalarSource(type.name, type.as)};`;
      case 'enum':
        return `${variable} = e${this.#enums.indexOf(type.type)}(r.int32());`;
      case 'message':
        return `o = r.enter(); { const o1 = o; ${variable} = c${this.#messages.indexOf(type.type)}.read(r); r.leave(o1); }`;
      case 'wellKnown':
        return `o = r.enter(); { const o1 = o; ${variable} = wellKnown.${type.name}.read(r); r.leave(o1); }`;
    }
  }

  #result(): string[] {
    const { form, fields } = this.#type;
    if (form === 'union') return ['return u;'];
    if (form === 'value') return [fields.length === 0 ? 'return null;' : 'return f0;'];
    const certain: string[] = [];
    const later: string[] = [];
    fields.forEach((field, index) => {
      if (field.inline === true) {
        later.push(`for (const k in f${index}) if (!Object.hasOwn(v, k)) v[k] = f${index}[k];`);
      } else if (field.nullOf !== undefined) {
        const member = key(field.nullOf);
        later.push(`if (f${index} === true && v${member} === undefined) v${member} = null;`);
      } else if (field.absent === 'omit') {
        const given =
          field.type.kind === 'enum' && field.cardinality === 'one'
            ? `f${index} !== undefined && f${index} !== 0`
            : `f${index} !== undefined`;
        later.push(`if (${given}) v${key(field.json)} = f${index};`);
      } else if (field.type.kind === 'enum' && field.absent === 'default') {
        const constant = defaultSource(field.type);
        certain.push(`${key(field.json)}: f${index} === 0 ? ${constant} : f${index}`);
      } else certain.push(`${key(field.json)}: f${index}`);
    });
    return [`const v = { ${certain.join(', ')} };`, ...later, 'return v;'];
  }
}

/** In brackets, so that no name means something else to the language. */
function key(name: string): string {
  return `[${JSON.stringify(name)}]`;
}

function defaultSource(type: ValueType): string {
  if (type.kind === 'enum') return JSON.stringify(type.type.values[1]?.json);
  if (type.kind !== 'scalar') return 'undefined';
  switch (type.name) {
    case 'string':
      return '""';
    case 'bytes':
      return type.as === 'buffer' ? 'Buffer.alloc(0)' : '""';
    case 'bool':
      return 'false';
    default:
      return type.as === 'text' ? '"0"' : '0';
  }
}

function scalarSource(name: string, as: string): string {
  switch (name) {
    case 'int64':
    case 'uint64':
      return `r.${as === 'text' ? 'integerText' : 'integer'}(${name === 'int64'})`;
    case 'bytes':
      return as === 'buffer' ? 'Buffer.from(r.view())' : `r.view().toString(${JSON.stringify(as)})`;
    default:
      return `r.${name}()`;
  }
}
