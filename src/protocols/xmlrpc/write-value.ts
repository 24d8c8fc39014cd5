import { Fault } from '../../model/fault.ts';
import { escapeText } from '../../wire/xml/writer.ts';
import { writeDateTime } from './date-time.ts';
import type { XmlRpcOptions } from './options.ts';
import { EXTENSIONS } from './read-value.ts';
import type { Shape } from './shape.ts';

export type WriteOptions = Pick<XmlRpcOptions, 'largeIntegers' | 'nil' | 'dateTimes'>;

/** Deeper answers are circles, or nothing that a client could read. */
const MAX_DEPTH = 500;

const NIL = {
  nil: '<value><nil/></value>',
  'ex:nil': `<value><ex:nil xmlns:ex="${EXTENSIONS}"/></value>`,
  none: '<value><string></string></value>',
} as const;

/**
 * A JSON value as `<value>`, one text. Numbers, date-times and bytes are written as their schema
 * says.
 * @throws Fault for what XML-RPC cannot say: characters that XML does not have, integers past the
 * options' bound.
 */
export function writeValue(
  value: unknown,
  shape: Shape,
  options: WriteOptions,
  depth: number = MAX_DEPTH,
): string {
  switch (typeof value) {
    case 'string':
      return writeText(value, shape, options);
    case 'number':
      return writeNumber(value, shape, options);
    case 'boolean':
      return value ? '<value><boolean>1</boolean></value>' : '<value><boolean>0</boolean></value>';
    case 'object':
      break;
    case 'bigint':
      return writeBigInteger(value, options);
    default:
      return NIL[options.nil];
  }
  if (value === null) return NIL[options.nil];
  if (depth <= 0) throw new Fault('INTERNAL', 'The answer is nested without end.');
  if (Array.isArray(value)) {
    let text = '<value><array><data>';
    for (let index = 0; index < value.length; index++) {
      text += writeValue(value[index], shape.item(index), options, depth - 1);
    }
    return `${text}</data></array></value>`;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    return writeValue(toJSON.call(value), shape, options, depth - 1);
  }
  return writeStruct(value as Record<string, unknown>, shape, options, depth - 1);
}

function writeStruct(
  value: Record<string, unknown>,
  shape: Shape,
  options: WriteOptions,
  depth: number,
): string {
  let text = '<value><struct>';
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member === undefined || typeof member === 'function') continue;
    if (member === null && options.nil === 'none') continue;
    const written = writeValue(member, shape.member(name), options, depth);
    text += `<member><name>${escapeText(name)}</name>${written}</member>`;
  }
  return `${text}</struct></value>`;
}

function writeText(value: string, shape: Shape, options: WriteOptions): string {
  switch (shape.text) {
    case 'date-time': {
      if (options.dateTimes === 'string') break;
      const time = writeDateTime(value, options.dateTimes === 'fraction');
      if (time === undefined) break;
      return `<value><dateTime.iso8601>${time}</dateTime.iso8601></value>`;
    }
    case 'base64':
      if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) break;
      return `<value><base64>${value}</base64></value>`;
    case 'base64url': {
      if (!/^[A-Za-z0-9_-]*={0,2}$/.test(value)) break;
      const bytes = Buffer.from(value, 'base64url').toString('base64');
      return `<value><base64>${bytes}</base64></value>`;
    }
    case 'int64': {
      if (!/^-?(?:0|[1-9]\d{0,18})$/.test(value) || value === '-0') break;
      const number = BigInt(value);
      if (BigInt.asIntN(64, number) !== number) break;
      return writeBigInteger(number, options);
    }
    default:
  }
  return `<value><string>${escapeText(value)}</string></value>`;
}

function writeNumber(value: number, shape: Shape, options: WriteOptions): string {
  // As JSON does.
  if (!Number.isFinite(value)) return NIL[options.nil];
  if (shape.number === 'double' || !Number.isInteger(value)) return double(value);
  if ((value | 0) === value) return `<value><int>${value | 0}</int></value>`;
  if (shape.number === 'by value' && !Number.isSafeInteger(value)) return double(value);
  return writeBigInteger(BigInt(value), options);
}

function writeBigInteger(value: bigint, options: WriteOptions): string {
  if (BigInt.asIntN(32, value) === value) return `<value><int>${value}</int></value>`;
  const isLong = BigInt.asIntN(64, value) === value;
  if (options.largeIntegers === 'i8' && isLong) return `<value><i8>${value}</i8></value>`;
  const number = Number(value);
  if (options.largeIntegers === 'refuse') {
    throw new Fault(
      'OUT_OF_RANGE',
      `The answer holds the integer ${value}, which does not fit 32 bits; this hub is told to refuse larger ones (option xmlrpc.largeIntegers).`,
    );
  }
  return double(number);
}

function double(value: number): string {
  return `<value><double>${decimalText(value)}</double></value>`;
}

/** A finite number as the specification writes doubles: digits, a period, digits; no exponent. */
export function decimalText(value: number): string {
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt < 0) {
    if (text.includes('.')) return text;
    return Object.is(value, -0) ? '-0.0' : `${text}.0`;
  }
  const sign = value < 0 ? '-' : '';
  const mantissa = text.slice(sign.length, exponentAt);
  const exponent = Number(text.slice(exponentAt + 1));
  const [whole, fraction = ''] = mantissa.split('.') as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}.0`;
}
