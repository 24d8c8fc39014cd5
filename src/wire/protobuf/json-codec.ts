import { parseJson } from '../../formats/json.ts';
import { Fault } from '../../model/fault.ts';
import type { EnumType, Field, MessageType, ValueType } from './types.ts';
import { durationOf, durationParts, fractionText, nanosOf } from './well-known.ts';

/**
 * Protobuf's JSON (https://protobuf.dev/programming-guides/json/) of the values of a contract: what
 * clients with generated code send and expect. 64-bit integers are strings in it, enum values have
 * the names of the .proto, lists in lists and unions stand in their messages, and defaults may be
 * left out. On the way in the contract's own JSON is understood too, for people with curl.
 */
export function encodeJson(type: MessageType, value: unknown, headBytes: number): Buffer {
  const text = JSON.stringify(messageToJson(type, value));
  const bytes = Buffer.allocUnsafe(headBytes + Buffer.byteLength(text));
  bytes.write(text, headBytes);
  return bytes;
}

/** @throws Fault INVALID_ARGUMENT for what is no JSON */
export function decodeJson(type: MessageType, bytes: Buffer, maxDepth: number): unknown {
  const json = bytes.length === 0 ? {} : parseJson(bytes, maxDepth);
  return messageFromJson(type, json);
}

function messageToJson(type: MessageType, value: unknown): unknown {
  const { form, fields } = type;
  if (form === 'value') {
    const [field] = fields;
    if (field === undefined || value === null || value === undefined) return {};
    return { [field.json]: fieldToJson(field, value) };
  }
  if (form === 'union') {
    const field = fields.find(({ fits }) => fits?.(value) === true);
    if (field === undefined) throw new TypeError(`a value fits no branch of ${type.fullName}`);
    return { [field.json]: valueToJson(field.type, value) };
  }
  const members = value as Record<string, unknown>;
  const json: Record<string, unknown> = {};
  for (const field of fields) {
    if (field.nullOf !== undefined) {
      if (members[field.nullOf] === null) json[field.json] = null;
    } else if (field.inline === true) {
      const named = new Set(fields.map((one) => one.json));
      const others = Object.entries(members).filter(([name]) => !named.has(name));
      if (others.length > 0) json[field.json] = fieldToJson(field, Object.fromEntries(others));
    } else {
      const member = members[field.json];
      const isAny = field.type.kind === 'wellKnown' && field.type.name === 'Value';
      if (member !== undefined && (member !== null || isAny)) {
        json[field.json] = fieldToJson(field, member);
      }
    }
  }
  return json;
}

function fieldToJson({ cardinality, type }: Field, value: unknown): unknown {
  if (cardinality === 'repeated') {
    return (value as unknown[]).map((item) => valueToJson(type, item));
  }
  if (cardinality === 'map') {
    const entries = Object.entries(value as object);
    return Object.fromEntries(entries.map(([key, item]) => [key, valueToJson(type, item)]));
  }
  return valueToJson(type, value);
}

function valueToJson(type: ValueType, value: unknown): unknown {
  switch (type.kind) {
    case 'message':
      return messageToJson(type.type, value);
    case 'enum':
      return enumName(type.type, value);
    case 'wellKnown':
      return type.name === 'Duration' ? secondsText(String(value)) : value;
    default:
      if (type.name === 'int64' || type.name === 'uint64') return String(value);
      if (type.as === 'base64url')
        return Buffer.from(String(value), 'base64url').toString('base64');
      return type.as === 'buffer' ? (value as Buffer).toString('base64') : value;
  }
}

function enumName(type: EnumType, value: unknown): string {
  const found = type.values.find(({ json }) => json === value && json !== undefined);
  if (found === undefined) throw new RangeError(`no value of ${type.fullName}`);
  return found.name;
}

function messageFromJson(type: MessageType, json: unknown): unknown {
  const { form, fields } = type;
  if (form === 'value') return wrappedFromJson(type, json);
  if (!isObject(json)) return form === 'union' ? looseUnion(type, json) : json;
  if (form === 'union') {
    const names = Object.keys(json);
    const field = names.length === 1 ? named(fields, names[0]!) : undefined;
    if (field === undefined) return looseUnion(type, json);
    return valueFromJson(field.type, json[names[0]!]);
  }
  const value: Record<string, unknown> = {};
  let more: Record<string, unknown> | undefined;
  for (const [name, member] of Object.entries(json)) {
    const field = named(fields, name);
    if (field === undefined) {
      // The contract's own JSON has members that are not named beside the others.
      if (fields.some(({ inline }) => inline === true)) (more ??= {})[name] = member;
    } else if (field.nullOf !== undefined) value[field.nullOf] = null;
    else if (field.inline === true) more = { ...more, ...(member as object) };
    else if (member !== null || isAnyValue(field)) value[field.json] = fieldFromJson(field, member);
    else if (fields.some(({ nullOf }) => nullOf === field.json)) value[field.json] = null;
  }
  for (const field of fields) {
    if (field.inline === true && more !== undefined) {
      Object.assign(value, fieldFromJson(field, more));
    } else if (!(field.json in value)) absent(value, field);
  }
  return value;
}

function isAnyValue({ type, cardinality }: Field): boolean {
  return cardinality === 'one' && type.kind === 'wellKnown' && type.name === 'Value';
}

function named(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.json === name) ?? fields.find((field) => field.name === name);
}

function absent(value: Record<string, unknown>, field: Field): void {
  if (field.absent === 'null') value[field.json] = null;
  else if (field.absent === 'default' && field.inline !== true && field.nullOf === undefined) {
    value[field.json] = defaultOf(field);
  }
}

function defaultOf({ cardinality, type }: Field): unknown {
  if (cardinality === 'repeated') return [];
  if (cardinality === 'map') return {};
  if (type.kind === 'enum') return type.type.values[1]?.json;
  if (type.kind !== 'scalar') return undefined;
  switch (type.name) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'bytes':
      return type.as === 'buffer' ? Buffer.alloc(0) : '';
    default:
      return type.as === 'text' ? '0' : 0;
  }
}

/** Values that stand in a message of their own; the value itself is understood too. */
function wrappedFromJson(type: MessageType, json: unknown): unknown {
  const [field] = type.fields;
  if (field === undefined) return null;
  if (!isObject(json)) return json === null ? null : fieldFromJson(field, json);
  const names = Object.keys(json);
  if (names.length === 0) {
    if (field.absent === 'null') return null;
    return field.absent === 'default' ? defaultOf(field) : undefined;
  }
  const inner = json[field.json];
  if (names.length === 1 && inner !== undefined) {
    return inner === null ? null : fieldFromJson(field, inner);
  }
  return fieldFromJson(field, json);
}

/** A value as the contract writes it, without the name of its branch. */
function looseUnion(type: MessageType, json: unknown): unknown {
  const field = type.fields.find(({ fits }) => fits?.(json) === true);
  return field === undefined ? json : valueFromJson(field.type, json);
}

function fieldFromJson({ cardinality, type }: Field, json: unknown): unknown {
  if (cardinality === 'repeated') {
    return Array.isArray(json) ? json.map((item) => valueFromJson(type, item)) : json;
  }
  if (cardinality === 'map' && isObject(json)) {
    const entries = Object.entries(json);
    return Object.fromEntries(entries.map(([key, item]) => [key, valueFromJson(type, item)]));
  }
  return valueFromJson(type, json);
}

/** What does not fit is handed on as it is: validation says what is wrong with it, and where. */
function valueFromJson(type: ValueType, json: unknown): unknown {
  switch (type.kind) {
    case 'message':
      return messageFromJson(type.type, json);
    case 'enum': {
      const found = type.type.values.find(({ name, number }) => name === json || number === json);
      return found?.json ?? json;
    }
    case 'wellKnown':
      if (type.name === 'Duration' && typeof json === 'string') return isoDuration(json);
      return json;
    default:
      return scalarFromJson(type.name, type.as, json);
  }
}

function scalarFromJson(name: string, as: string, json: unknown): unknown {
  if (name === 'bytes' && typeof json === 'string') {
    const bytes = Buffer.from(json, 'base64');
    return as === 'buffer' ? bytes : bytes.toString(as as 'base64' | 'base64url');
  }
  if (as === 'text') return typeof json === 'number' ? String(json) : json;
  const isNumber = name !== 'bool' && name !== 'string' && name !== 'bytes';
  if (
    !isNumber ||
    typeof json !== 'string' ||
    !/^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(json)
  ) {
    return json;
  }
  const number = Number(json);
  if (name !== 'double' && !Number.isSafeInteger(number)) {
    throw new Fault('INVALID_ARGUMENT', `The integer ${json.slice(0, 40)} is past 2^53.`);
  }
  return number;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** `PT1M0.5S` as protobuf's JSON has it: `60.5s`. */
function secondsText(iso: string): string {
  const { seconds, nanos } = durationParts(iso);
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}${fractionText(Math.abs(nanos))}s`;
}

function isoDuration(text: string): string {
  const parts = /^(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s$/.exec(text);
  if (parts === null) return text;
  const sign = parts[1] === '-' ? -1 : 1;
  return durationOf({ seconds: sign * Number(parts[2]), nanos: sign * nanosOf(parts[3]) });
}
