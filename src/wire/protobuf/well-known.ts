import { Fault } from '../../model/fault.ts';
import type { Reader } from './reader.ts';
import type { WellKnownName } from './types.ts';
import type { Writer } from './writer.ts';

/**
 * The messages of google/protobuf/*.proto that stand for something else in JSON. Each is written
 * and read without its tag and length.
 */
export interface WellKnown {
  write(writer: Writer, value: never): void;
  read(reader: Reader): unknown;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

export function nanosOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0'));
}

/** `.5`, `.000001`; '' for none. */
export function fractionText(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
}

function writeSeconds(writer: Writer, seconds: number, nanos: number): void {
  if (seconds !== 0) {
    writer.uint32(0x08);
    writer.integer(seconds, true);
  }
  if (nanos !== 0) {
    writer.uint32(0x10);
    writer.int32(nanos);
  }
}

function readSeconds(reader: Reader): { readonly seconds: number; readonly nanos: number } {
  let seconds = 0;
  let nanos = 0;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) seconds = reader.integer(true);
    else if (tag === 0x10) nanos = reader.int32();
    else reader.skip(tag);
  }
  return { seconds, nanos };
}

/** Point in time, in JSON RFC 3339 with any offset; read back in UTC. */
const timestamp: WellKnown = {
  write(writer, text: string) {
    const parts = RFC_3339.exec(text);
    if (parts === null) throw new RangeError(`${JSON.stringify(text)} is no RFC 3339 time`);
    const [, date, time, second, fraction, offset] = parts;
    // A leap second is the first of the next minute, as clocks without them count.
    const leap = second === '60';
    const whole = `${date}T${time}${leap ? '59' : second}${offset!.toUpperCase()}`;
    const seconds = Date.parse(whole) / 1000 + (leap ? 1 : 0);
    if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND)) {
      throw new RangeError(`${JSON.stringify(text)} is no time of the years 1 to 9999`);
    }
    writeSeconds(writer, seconds, nanosOf(fraction));
  },
  read(reader) {
    const { seconds, nanos } = readSeconds(reader);
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > 999_999_999) {
      throw new Fault('INVALID_ARGUMENT', 'A google.protobuf.Timestamp is out of its range.');
    }
    const text = new Date(seconds * 1000).toISOString();
    return `${text.slice(0, 19)}${fractionText(nanos)}Z`;
  },
};

const ISO_DURATION =
  /^(-?)P(?:(\d+)W|(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?)$/;
const MAX_DURATION_SECONDS = 315_576_000_000;

export interface DurationParts {
  /** Both have the duration's sign. */
  readonly seconds: number;
  readonly nanos: number;
}

/** ISO 8601 (RFC 3339 appendix A). Years and months have no fixed length.
 * @throws RangeError for those, and for what is no duration */
export function durationParts(text: string): DurationParts {
  const parts = ISO_DURATION.exec(text);
  const count = (index: number): number => Number(parts?.[index] ?? 0);
  if (parts === null || count(3) > 0 || count(4) > 0) {
    throw new RangeError(
      `${JSON.stringify(text)} is no duration in weeks, days, hours, minutes and seconds`,
    );
  }
  const days = 7 * count(2) + count(5);
  const seconds = ((days * 24 + count(6)) * 60 + count(7)) * 60 + count(8);
  if (seconds > MAX_DURATION_SECONDS) throw new RangeError('a duration is past 10000 years');
  const sign = parts[1] === '-' ? -1 : 1;
  return { seconds: sign * seconds, nanos: sign * nanosOf(parts[9]) };
}

/** @throws Fault INVALID_ARGUMENT for parts that are no duration */
export function durationOf({ seconds, nanos }: DurationParts): string {
  const negative = seconds < 0 || nanos < 0;
  const mixed = negative && (seconds > 0 || nanos > 0);
  if (mixed || Math.abs(seconds) > MAX_DURATION_SECONDS || Math.abs(nanos) > 999_999_999) {
    throw new Fault('INVALID_ARGUMENT', 'A google.protobuf.Duration is out of its range.');
  }
  return durationText(Math.abs(seconds), Math.abs(nanos), negative);
}

/** Length of time, in JSON of a contract ISO 8601. */
const duration: WellKnown = {
  write(writer, text: string) {
    const { seconds, nanos } = durationParts(text);
    writeSeconds(writer, seconds, nanos);
  },
  read: (reader) => durationOf(readSeconds(reader)),
};

function durationText(seconds: number, nanos: number, negative: boolean): string {
  const part = (count: number, unit: string): string => (count === 0 ? '' : `${count}${unit}`);
  const days = part(Math.floor(seconds / 86_400), 'D');
  const hours = part(Math.floor(seconds / 3600) % 24, 'H');
  const minutes = part(Math.floor(seconds / 60) % 60, 'M');
  const rest = seconds % 60 === 0 && nanos === 0 ? '' : `${seconds % 60}${fractionText(nanos)}S`;
  const time = hours + minutes + rest;
  const text = `${days}${time === '' ? '' : `T${time}`}`;
  return `${negative ? '-' : ''}P${text === '' ? 'T0S' : text}`;
}

function writeValue(writer: Writer, value: unknown): void {
  switch (typeof value) {
    case 'number':
      writer.uint32(0x11);
      writer.double(value);
      return;
    case 'string':
      writer.uint32(0x1a);
      writer.string(value);
      return;
    case 'boolean':
      writer.uint32(0x20);
      writer.bool(value);
      return;
    case 'object':
      if (value !== null) break;
      writer.uint32(0x08);
      writer.uint32(0);
      return;
    default:
      throw new TypeError(`a ${typeof value} is no JSON`);
  }
  const isList = Array.isArray(value);
  writer.uint32(isList ? 0x32 : 0x2a);
  const opened = writer.open();
  if (isList) writeList(writer, value);
  else writeStruct(writer, value as Record<string, unknown>);
  writer.close(opened);
}

function writeList(writer: Writer, values: readonly unknown[]): void {
  for (const value of values) {
    writer.uint32(0x0a);
    const opened = writer.open();
    writeValue(writer, value ?? null);
    writer.close(opened);
  }
}

function writeStruct(writer: Writer, members: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    writer.uint32(0x0a);
    const entry = writer.open();
    writer.uint32(0x0a);
    writer.string(name);
    writer.uint32(0x12);
    const opened = writer.open();
    writeValue(writer, value);
    writer.close(opened);
    writer.close(entry);
  }
}

function readValue(reader: Reader): unknown {
  let value: unknown = null;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        reader.uint32();
        value = null;
        break;
      case 0x11:
        value = reader.double();
        break;
      case 0x1a:
        value = reader.string();
        break;
      case 0x20:
        value = reader.bool();
        break;
      case 0x2a:
        value = inside(reader, readStruct);
        break;
      case 0x32:
        value = inside(reader, readList);
        break;
      default:
        reader.skip(tag);
    }
  }
  return value;
}

function inside<T>(reader: Reader, read: (reader: Reader) => T): T {
  const outer = reader.enter();
  const value = read(reader);
  reader.leave(outer);
  return value;
}

function readList(reader: Reader): unknown[] {
  const values: unknown[] = [];
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) values.push(inside(reader, readValue));
    else reader.skip(tag);
  }
  return values;
}

function readStruct(reader: Reader): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    let name = '';
    let value: unknown = null;
    while (reader.position < reader.end) {
      const part = reader.tag();
      if (part === 0x0a) name = reader.string();
      else if (part === 0x12) value = inside(reader, readValue);
      else reader.skip(part);
    }
    reader.leave(outer);
    members[memberName(name)] = value;
  }
  return members;
}

/** @throws Fault INVALID_ARGUMENT for the name that is a trap for code that copies members */
export function memberName(name: string): string {
  if (name !== '__proto__') return name;
  throw new Fault('INVALID_ARGUMENT', 'A map has the key "__proto__", which is refused.');
}

export interface AnyValue {
  /** `type.googleapis.com/orders.Placed` */
  readonly typeUrl: string;
  readonly value: Buffer;
}

const any: WellKnown = {
  write(writer, { typeUrl, value }: AnyValue) {
    writer.uint32(0x0a);
    writer.string(typeUrl);
    writer.uint32(0x12);
    writer.bytes(value);
  },
  read(reader): AnyValue {
    let typeUrl = '';
    let value: Buffer = Buffer.alloc(0);
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) typeUrl = reader.string();
      else if (tag === 0x12) value = Buffer.from(reader.view());
      else reader.skip(tag);
    }
    return { typeUrl, value };
  },
};

export const WELL_KNOWN: { readonly [name in WellKnownName]: WellKnown } = {
  Timestamp: timestamp,
  Duration: duration,
  Value: { write: writeValue, read: readValue },
  Struct: { write: writeStruct, read: readStruct },
  ListValue: { write: writeList, read: readList },
  Any: any,
};
