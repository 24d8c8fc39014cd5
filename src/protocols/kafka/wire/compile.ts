import type { Field, Fields } from './fields.ts';
import type { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';
import { Writer } from './writer.ts';

interface Codec {
  read(reader: Reader): unknown;
  write(writer: Writer, value: unknown): void;
  /** The fewest bytes that a value takes. */
  readonly minBytes: number;
}

interface Member {
  readonly name: string;
  readonly codec: Codec;
  readonly fallback: unknown;
  readonly tag: number;
}

type Values = Record<string, unknown>;

/** The codec of a structure in one version. */
export function compile(fields: Fields, version: number, flexible: boolean): Codec {
  const plain: Member[] = [];
  const tagged: Member[] = [];
  /** What a version does not have is read as its fallback. */
  const absent: Values = {};
  for (const [name, field] of Object.entries(fields)) {
    const { first, last, tagNumber, fallback } = field.facts;
    absent[name] = fallback;
    if (version < first || version > last) continue;
    const codec = fieldCodec(field, version, flexible);
    const member = { name, codec, fallback, tag: tagNumber ?? -1 };
    if (tagNumber === undefined) plain.push(member);
    else if (flexible) tagged.push(member);
  }
  tagged.sort((a, b) => a.tag - b.tag);
  const minBytes = plain.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0);
  return {
    minBytes,
    read(reader) {
      const values = { ...absent };
      for (const { name, codec } of plain) values[name] = codec.read(reader);
      if (flexible) readTags(reader, tagged, values);
      return values;
    },
    write(writer, value) {
      const values = value as Values;
      for (const { name, codec, fallback } of plain) {
        codec.write(writer, values[name] === undefined ? fallback : values[name]);
      }
      if (flexible) writeTags(writer, tagged, values);
    },
  };
}

function readTags(reader: Reader, tagged: readonly Member[], values: Values): void {
  if (tagged.length === 0) {
    reader.skipTags();
    return;
  }
  reader.tags((tag) => {
    const member = tagged.find((one) => one.tag === tag);
    if (member === undefined) return false;
    values[member.name] = member.codec.read(reader);
    return true;
  });
}

/** A tagged field that has its fallback is left out. */
function writeTags(writer: Writer, tagged: readonly Member[], values: Values): void {
  const present = tagged.filter(({ name, fallback }) => {
    const value = values[name];
    return value !== undefined && !same(value, fallback);
  });
  writer.uvarint(present.length);
  for (const { name, codec, tag } of present) {
    // Written by itself first: its size stands before it.
    const own = new Writer(Buffer.allocUnsafe(256));
    codec.write(own, values[name]);
    writer.uvarint(tag);
    writer.uvarint(own.length);
    for (const part of own.finish()) writer.raw(part);
  }
}

function same(value: unknown, fallback: unknown): boolean {
  if (value === fallback) return true;
  if (value === null || fallback === null) return false;
  if (typeof value !== 'object' || typeof fallback !== 'object') return false;
  if (Array.isArray(value) || Buffer.isBuffer(value)) return value.length === 0;
  return Object.entries(value as Values).every(
    ([name, one]) => one === undefined || same(one, (fallback as Values)[name]),
  );
}

function fieldCodec(field: Field<unknown>, version: number, flexible: boolean): Codec {
  const { kind, element, fields, nullableFrom } = field.facts;
  const nullable = version >= nullableFrom;
  switch (kind) {
    case 'string':
      return lengthPrefixed(
        nullable,
        flexible ? 1 : 2,
        (reader) => reader.string(flexible),
        (writer, value) => writer.string(value as string | null, flexible),
      );
    case 'bytes':
      return lengthPrefixed(
        nullable,
        flexible ? 1 : 4,
        (reader) => reader.bytes(flexible),
        (writer, value) => writer.bytes(value as Buffer | null, flexible),
      );
    case 'records':
      return lengthPrefixed(
        nullable,
        flexible ? 1 : 4,
        (reader) => asList(reader.bytes(flexible)),
        (writer, value) => writeRecords(writer, value as readonly Buffer[] | null, flexible),
      );
    case 'array':
      return arrayCodec(fieldCodec(element!, version, flexible), nullable, flexible);
    case 'struct': {
      const codec = compile(fields!, version, flexible);
      return nullable ? nullableStruct(codec) : codec;
    }
    default:
      return PRIMITIVES[kind];
  }
}

function asList(view: Buffer | undefined): readonly Buffer[] | undefined {
  return view === undefined ? undefined : [view];
}

function writeRecords(writer: Writer, batches: readonly Buffer[] | null, flexible: boolean): void {
  if (batches === null) {
    writer.bytesLength(-1, flexible);
    return;
  }
  let length = 0;
  for (const batch of batches) length += batch.length;
  writer.bytesLength(length, flexible);
  for (const batch of batches) writer.attach(batch);
}

function lengthPrefixed(
  nullable: boolean,
  minBytes: number,
  read: (reader: Reader) => unknown,
  write: (writer: Writer, value: unknown) => void,
): Codec {
  return {
    minBytes,
    read: (reader) => orNull(read(reader), nullable),
    write: (writer, value) => write(writer, writable(value, nullable)),
  };
}

function arrayCodec(element: Codec, nullable: boolean, flexible: boolean): Codec {
  return {
    minBytes: flexible ? 1 : 4,
    read(reader) {
      const count = orNull(reader.count(flexible, element.minBytes), nullable);
      if (count === null) return null;
      const values: unknown[] = [];
      for (let index = 0; index < count; index++) values.push(element.read(reader));
      return values;
    },
    write(writer, value) {
      const values = writable(value, nullable) as readonly unknown[] | null;
      writer.count(values === null ? -1 : values.length, flexible);
      for (const one of values ?? []) element.write(writer, one);
    },
  };
}

/** A structure that may be null has a byte before it: -1 for null, else 1. */
function nullableStruct(codec: Codec): Codec {
  return {
    minBytes: 1,
    read: (reader) => (reader.int8() < 0 ? null : codec.read(reader)),
    write(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) codec.write(writer, value);
    },
  };
}

function orNull<T>(value: T | undefined, nullable: boolean): T | null {
  if (value !== undefined) return value;
  if (!nullable) throw new WireError('a field is null that must not be');
  return null;
}

function writable(value: unknown, nullable: boolean): unknown {
  if (value === null && !nullable) throw new TypeError('A field that must not be null is null.');
  return value;
}

type PrimitiveKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigint64'
  | 'float64'
  | 'uuid';

function primitive(kind: PrimitiveKind, minBytes: number): Codec {
  return {
    minBytes,
    read: (reader) => reader[kind](),
    write: (writer, value) => (writer[kind] as (value: unknown) => void).call(writer, value),
  };
}

const PRIMITIVES: Readonly<Record<PrimitiveKind, Codec>> = {
  bool: primitive('bool', 1),
  int8: primitive('int8', 1),
  int16: primitive('int16', 2),
  uint16: primitive('uint16', 2),
  int32: primitive('int32', 4),
  uint32: primitive('uint32', 4),
  int64: primitive('int64', 8),
  bigint64: primitive('bigint64', 8),
  float64: primitive('float64', 8),
  uuid: primitive('uuid', 16),
};
