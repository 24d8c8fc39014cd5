import type { XmlElement } from '../../wire/xml/element.ts';
import { readDateTime } from './date-time.ts';
import { invalidParameters, invalidRequest, type XmlRpcFault } from './faults.ts';
import type { Shape } from './shape.ts';

/** Namespace of the extension types of Apache XML-RPC (`ex:nil`, `ex:i8`, ...). */
export const EXTENSIONS = 'http://ws.apache.org/xmlrpc/namespaces/extensions';

const INTEGER = /^[+-]?\d{1,400}$/;
/** Liberal: the specification knows no exponent, many writers do. */
const NUMBER = /^[+-]?(?:\d{1,400}(?:\.\d{0,1100})?|\.\d{1,1100})(?:[eE][+-]?\d{1,5})?$/;

const INTEGER_BITS: Readonly<Record<string, number>> = { i1: 8, i2: 16, i4: 32, int: 32, i8: 64 };

/**
 * A `<value>` as JSON. The schema decides where XML-RPC and JSON differ: what date-times, bytes and
 * 64-bit integers become.
 * @param depth levels of arrays and structs that may still come
 * @throws XmlRpcFault -32600 for what is no value of XML-RPC, Fault INVALID_ARGUMENT for a value
 * that JSON cannot hold.
 */
export function readValue(value: XmlElement, shape: Shape, depth: number): unknown {
  const { children } = value;
  // The type of a value without one is string, white space and all.
  if (children.length === 0) return value.text;
  if (children.length > 1 || !value.isTextBlank) {
    throw wrong(value, 'a <value> holds one element, or text alone');
  }
  const typed = children[0]!;
  if (typed.namespace !== '' && typed.namespace !== EXTENSIONS) throw unknownType(typed);
  switch (typed.name) {
    case 'string':
      return textOf(typed);
    case 'int':
    case 'i4':
    case 'i8':
    case 'i2':
    case 'i1':
    case 'biginteger':
      return readInteger(typed, shape);
    case 'boolean':
      return readBoolean(typed);
    case 'double':
    case 'float':
    case 'bigdecimal':
      return readNumber(typed);
    case 'struct':
      return readStruct(typed, shape, depth - 1);
    case 'array':
      return readArray(typed, shape, depth - 1);
    case 'dateTime.iso8601':
    case 'dateTime':
      return readTime(typed, shape);
    case 'base64':
      return readBytes(typed, shape);
    case 'nil':
      if (textOf(typed).trim() !== '') throw wrong(typed, '<nil> is empty');
      return null;
    default:
      throw unknownType(typed);
  }
}

function readStruct(struct: XmlElement, shape: Shape, depth: number): unknown {
  checkDepth(struct, depth);
  requireBlank(struct);
  const result: Record<string, unknown> = {};
  const { children } = struct;
  for (let index = 0; index < children.length; index++) {
    const { name, value } = memberOf(children[index]!);
    const key = textOf(name);
    if (key === '__proto__') throw wrong(name, 'a member named "__proto__" is refused');
    if (Object.hasOwn(result, key)) {
      throw wrong(name, `the member ${JSON.stringify(key.slice(0, 100))} occurs twice`);
    }
    result[key] = readValue(value, shape.member(key), depth);
  }
  return result;
}

/** The two parts of a `<member>`, in either order. */
export function memberOf(member: XmlElement): { name: XmlElement; value: XmlElement } {
  if (!member.is('', 'member')) throw wrong(member, 'a <struct> holds <member> elements');
  requireBlank(member);
  const [first, second] = member.children;
  if (first !== undefined && second !== undefined && member.children.length === 2) {
    const [name, value] = first.name === 'name' ? [first, second] : [second, first];
    if (name.is('', 'name') && value.is('', 'value')) return { name, value };
  }
  throw wrong(member, 'a <member> holds a <name> and a <value>');
}

function readArray(array: XmlElement, shape: Shape, depth: number): unknown {
  checkDepth(array, depth);
  return itemsOf(array).map((value, index) => readValue(value, shape.item(index), depth));
}

/** The `<value>` elements of an `<array>`. */
export function itemsOf(array: XmlElement): readonly XmlElement[] {
  requireBlank(array);
  const data = array.children[0];
  if (data === undefined || array.children.length > 1 || !data.is('', 'data')) {
    throw wrong(array, 'an <array> holds one <data>');
  }
  requireBlank(data);
  for (const value of data.children) {
    if (!value.is('', 'value')) throw wrong(value, 'the <data> of an array holds <value> elements');
  }
  return data.children;
}

function readInteger(element: XmlElement, shape: Shape): number | string {
  const text = textOf(element).trim();
  const bits = INTEGER_BITS[element.name];
  if (!INTEGER.test(text) || (bits !== undefined && !fits(text, bits))) {
    const what = bits === undefined ? 'a whole number' : `a whole number of ${bits} bits`;
    throw wrong(element, `<${element.name}> is ${what}, not ${brief(text)}`);
  }
  if (shape.integersAreText) return BigInt(unsigned(text)).toString();
  const value = Number(text);
  // JSON has no negative zero to tell from zero here.
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  if (shape.text === 'int64') return BigInt(unsigned(text)).toString();
  throw invalidParameters(
    `The integer ${brief(text)} at line ${element.line} is beyond what a JSON number holds exactly (2^53).`,
  );
}

function fits(text: string, bits: number): boolean {
  // Any 64-bit integer has at most 19 digits; the check of long texts costs their length.
  if (text.length <= 9 && bits >= 32) return true;
  const value = BigInt(unsigned(text));
  return BigInt.asIntN(bits, value) === value;
}

/** BigInt reads no plus sign. */
function unsigned(text: string): string {
  return text.startsWith('+') ? text.slice(1) : text;
}

function readBoolean(element: XmlElement): boolean {
  switch (textOf(element).trim()) {
    case '1':
    case 'true':
      return true;
    case '0':
    case 'false':
      return false;
    default:
      throw wrong(element, '<boolean> is 0 or 1');
  }
}

function readNumber(element: XmlElement): number {
  const text = textOf(element).trim();
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw wrong(element, `<${element.name}> is a finite decimal number, not ${brief(text)}`);
}

function readTime(element: XmlElement, shape: Shape): string {
  const text = textOf(element);
  const time = readDateTime(text);
  if (time === undefined) {
    throw wrong(
      element,
      `<${element.name}> is a date and time such as 19980717T14:08:55, not ${brief(text)}`,
    );
  }
  return shape.text === 'date' && time.date !== undefined ? time.date : time.dateTime;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function readBytes(element: XmlElement, shape: Shape): string {
  const written = textOf(element);
  const text = /[ \t\r\n]/.test(written) ? written.replace(/[ \t\r\n]+/g, '') : written;
  const digits = text.endsWith('=') ? text.replace(/=+$/, '') : text;
  const isPadded = digits.length === text.length || text.length % 4 === 0;
  if (!BASE64.test(text) || !isPadded || digits.length % 4 === 1) {
    throw wrong(element, '<base64> holds base64 (RFC 4648 section 4)');
  }
  if (shape.text === 'base64url') return digits.replaceAll('+', '-').replaceAll('/', '_');
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=');
}

/** The text of an element that has no children. */
export function textOf(element: XmlElement): string {
  if (element.children.length > 0) throw wrong(element, `<${element.name}> holds text alone`);
  return element.text;
}

/** @throws XmlRpcFault for text among elements */
export function requireBlank(element: XmlElement): void {
  if (element.text !== '' && !element.isTextBlank) {
    throw wrong(element, `<${element.name}> holds elements, no text`);
  }
}

function checkDepth(element: XmlElement, depth: number): void {
  if (depth < 0) throw wrong(element, 'arrays and structs are nested too deeply here');
}

function unknownType(element: XmlElement): XmlRpcFault {
  return wrong(element, `<${element.name.slice(0, 60)}> is no type of XML-RPC that is known here`);
}

export function wrong(element: XmlElement, what: string): XmlRpcFault {
  return invalidRequest(`This is no XML-RPC, at line ${element.line}: ${what}.`);
}

function brief(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
