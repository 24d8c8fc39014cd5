import { type Field, type MessageType, referenced, type ValueType } from './types.ts';

/**
 * Source of `(writer, value) => void` for a message type: the fields in the order of their
 * numbers, without those that have the type's default.
 */
export function encoderSource(type: MessageType): string {
  const source = new EncoderSource(type);
  return [
    "'use strict';",
    'const { wellKnown, codecs, enumNumbers, fits, fail } = runtime;',
    ...referenced(type).messages.map((_, index) => `const c${index} = codecs[${index}];`),
    ...referenced(type).enums.map((_, index) => `const e${index} = enumNumbers[${index}];`),
    'return (w, v) => {',
    '  let x, o;',
    ...source.body(),
    '};',
  ].join('\n');
}

const WIRE_TYPES: Readonly<Record<string, number>> = { double: 1, string: 2, bytes: 2 };

/** @returns 0 varint, 1 fixed 64 bits, 2 bytes with their length */
export function wireTypeOf(type: ValueType): number {
  if (type.kind === 'enum') return 0;
  return type.kind === 'scalar' ? (WIRE_TYPES[type.name] ?? 0) : 2;
}

export function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}

/** Numbers in a list stand together behind one tag. */
export function isPacked({ cardinality, type }: Field): boolean {
  return cardinality === 'repeated' && wireTypeOf(type) !== 2;
}

class EncoderSource {
  readonly #type: MessageType;
  readonly #messages: readonly MessageType[];
  readonly #enums: readonly unknown[];

  constructor(type: MessageType) {
    this.#type = type;
    const { messages, enums } = referenced(type);
    this.#messages = messages;
    this.#enums = enums;
  }

  body(): string[] {
    const fields = this.#type.fields.toSorted((one, other) => one.number - other.number);
    if (this.#type.form === 'union') return this.#union();
    if (this.#type.form === 'value') {
      const [field] = fields;
      return field === undefined ? [] : ['x = v;', ...this.#field(field)];
    }
    return fields.flatMap((field) => {
      if (field.inline === true) return this.#inline(field);
      if (field.nullOf !== undefined) {
        const member = JSON.stringify(field.nullOf);
        return [`if (v[${member}] === null) { ${tag(field.number, 0)} w.uint32(0); }`];
      }
      return [`x = v[${JSON.stringify(field.json)}];`, ...this.#field(field)];
    });
  }

  #union(): string[] {
    const lines = this.#type.fields.map((field, index) => {
      const write = `${this.#tag(field)} ${this.#value(field.type, 'v')}`;
      return `if (fits[${index}](v)) { ${write} } else`;
    });
    return [...lines, 'fail(v);'];
  }

  #field(field: Field): string[] {
    const { type, cardinality } = field;
    if (cardinality === 'map') {
      return [
        'if (x !== undefined && x !== null) {',
        'for (const k of Object.keys(x)) {',
        ...this.#entry(field, 'x[k]'),
        '}',
        '}',
      ];
    }
    if (cardinality === 'repeated') {
      const start = 'if (x !== undefined && x !== null && x.length > 0) {';
      const loop = 'for (let i = 0; i < x.length; i++) {';
      if (isPacked(field)) {
        const write = this.#value(type, 'x[i]');
        return [
          start,
          `${tag(field.number, 2)} const p = w.open();`,
          `${loop} ${write} }`,
          'w.close(p); }',
        ];
      }
      return [start, `${loop} ${this.#tag(field)} ${this.#value(type, 'x[i]')} }`, '}'];
    }
    return [`if (${present(field)}) { ${this.#tag(field)} ${this.#value(type, 'x')} }`];
  }

  /** An entry of a map: a message with key and value. */
  #entry(field: Field, value: string): string[] {
    const { type } = field;
    return [
      `const y = ${value};`,
      'if (y === undefined) continue;',
      `${tag(field.number, 2)} const p = w.open(); ${tag(1, 2)} w.string(k);`,
      `${tag(2, wireTypeOf(type))} ${this.#value(type, 'y')} w.close(p);`,
    ];
  }

  /** Members that the contract does not name, as entries of a map. */
  #inline(field: Field): string[] {
    const named = this.#type.fields
      .filter(({ inline, nullOf }) => inline !== true && nullOf === undefined)
      .map(({ json }) => json);
    return [
      'for (const k of Object.keys(v)) {',
      ...named.map((name) => `if (k === ${JSON.stringify(name)}) continue;`),
      ...this.#entry(field, 'v[k]'),
      '}',
    ];
  }

  #tag({ number, type }: Field): string {
    return tag(number, wireTypeOf(type));
  }

  #value(type: ValueType, value: string): string {
    switch (type.kind) {
      case 'scalar':
        return scalarSource(type.name, type.as, value);
      case 'enum':
        return `w.uint32(e${this.#enums.indexOf(type.type)}(${value}));`;
      case 'message':
        return `o = w.open(); { const o1 = o; c${this.#messages.indexOf(type.type)}.write(w, ${value}); w.close(o1); }`;
      case 'wellKnown':
        return `o = w.open(); wellKnown.${type.name}.write(w, ${value}); w.close(o);`;
    }
  }
}

function tag(number: number, wireType: number): string {
  return `w.uint32(${tagOf(number, wireType)});`;
}

function present({ type, presence, absent }: Field): string {
  const given = 'x !== undefined && x !== null';
  if (presence || absent === 'omit' || type.kind !== 'scalar') {
    // A JSON value that may be anything may be null, and says so itself.
    return type.kind === 'wellKnown' && type.name === 'Value' ? 'x !== undefined' : given;
  }
  switch (type.name) {
    case 'bool':
      return 'x === true';
    case 'string':
    case 'bytes':
      return `${given} && x.length > 0`;
    case 'double':
      return `${given} && (x !== 0 || 1 / x < 0)`;
    default:
      return type.as === 'text' ? `${given} && x !== "0"` : `${given} && x !== 0`;
  }
}

function scalarSource(name: string, as: string, value: string): string {
  switch (name) {
    case 'int64':
    case 'uint64':
      return `w.${as === 'text' ? 'integerText' : 'integer'}(${value}, ${name === 'int64'});`;
    case 'uint32':
      return `w.unsigned32(${value});`;
    case 'bytes':
      return as === 'buffer'
        ? `w.bytes(${value});`
        : `w.bytes(Buffer.from(${value}, ${JSON.stringify(as)}));`;
    default:
      return `w.${name}(${value});`;
  }
}
