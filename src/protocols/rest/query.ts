import { Fault } from '../../model/fault.ts';
import { type ObjectShape, readJsonText, type Shape } from './shape.ts';

type Members = Record<string, unknown>;

/**
 * Reads a query string into members of an input, by its shape. Parameters that the schema does not
 * name become members as text: whether they are allowed is the schema's word.
 * @throws Fault INVALID_ARGUMENT for broken percent-encoding, for a parameter given twice that
 *   takes one value, and for `__proto__`.
 */
export function readQuery(query: string, shape: ObjectShape, into: Members): void {
  let start = 0;
  while (start <= query.length) {
    let end = query.indexOf('&', start);
    if (end < 0) end = query.length;
    if (end > start) {
      const equals = query.indexOf('=', start);
      const split = equals < 0 || equals > end ? end : equals;
      const name = decodeText(query.slice(start, split));
      const text = split === end ? '' : decodeText(query.slice(split + 1, end));
      readParameter(name, text, shape, into);
    }
    start = end + 1;
  }
}

function readParameter(name: string, text: string, shape: ObjectShape, into: Members): void {
  const member = shape.members.get(name);
  if (member !== undefined) {
    put(into, name, member, text, name);
    return;
  }
  const bracket = name.indexOf('[');
  if (bracket > 0 && name.endsWith(']')) {
    const root = shape.members.get(name.slice(0, bracket));
    if (root?.kind === 'object') {
      putDeep(into, name, root, bracket, text);
      return;
    }
    // `tags[]=a`, as some clients write lists.
    if (root?.kind === 'array' && name.slice(bracket) === '[]') {
      put(into, name.slice(0, bracket), { ...root, single: undefined }, text, name);
      return;
    }
  }
  putUnnamed(into, name, shape.additional, text, name);
}

/** `a[b][c]=text` */
function putDeep(
  into: Members,
  name: string,
  root: ObjectShape,
  bracket: number,
  text: string,
): void {
  const keys = name.slice(bracket + 1, -1).split('][');
  let target = childOf(into, name.slice(0, bracket), name);
  let shape = root;
  for (const key of keys.slice(0, -1)) {
    const next = shape.members.get(key) ?? shape.additional;
    target = childOf(target, key, name);
    shape = next?.kind === 'object' ? next : NO_MEMBERS;
  }
  const last = keys[keys.length - 1]!;
  const member = shape.members.get(last);
  if (member === undefined) putUnnamed(target, last, shape.additional, text, name);
  else put(target, last, member, text, name);
}

const NO_MEMBERS: ObjectShape = { kind: 'object', members: new Map(), additional: undefined };

function childOf(target: Members, key: string, name: string): Members {
  refuseProto(key);
  const child = Object.hasOwn(target, key) ? target[key] : undefined;
  if (typeof child === 'object' && child !== null && !Array.isArray(child)) return child as Members;
  if (child !== undefined) throw twice(name);
  const made: Members = {};
  target[key] = made;
  return made;
}

function put(target: Members, key: string, shape: Shape, text: string, name: string): void {
  const present = Object.hasOwn(target, key);
  if (shape.kind === 'array') {
    const earlier = present ? target[key] : undefined;
    if (Array.isArray(earlier)) earlier.push(shape.item.read(text));
    else if (present) target[key] = [earlier, shape.item.read(text)];
    else if (shape.single === undefined) target[key] = [shape.item.read(text)];
    else target[key] = shape.single.read(text);
    return;
  }
  if (present) throw twice(name);
  refuseProto(key);
  target[key] = shape.kind === 'scalar' ? shape.read(text) : readJsonText(text);
}

function putUnnamed(
  target: Members,
  key: string,
  shape: Shape | undefined,
  text: string,
  name: string,
): void {
  refuseProto(key);
  if (shape !== undefined) {
    put(target, key, shape, text, name);
    return;
  }
  if (Object.hasOwn(target, key)) throw twice(name);
  target[key] = text;
}

function refuseProto(key: string): void {
  if (key !== '__proto__') return;
  throw new Fault('INVALID_ARGUMENT', 'A query parameter is named "__proto__", which is refused.');
}

function twice(name: string): Fault {
  const path = `/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
  return new Fault('INVALID_ARGUMENT', `Query parameter ${JSON.stringify(name)} came twice.`, {
    violations: [{ path, expected: 'one value', received: 'several' }],
  });
}

/** Percent-encoding and `+` for a space (WHATWG URL, application/x-www-form-urlencoded). */
export function decodeText(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Fault(
      'INVALID_ARGUMENT',
      `The query has a percent-encoding that is no UTF-8: ${JSON.stringify(text.slice(0, 64))}.`,
    );
  }
}

/** The text of one parameter, or undefined; for queries that are not read by a shape. */
export function queryParameter(query: string, name: string): string | undefined {
  if (query === '') return undefined;
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const key = decodeText(equals < 0 ? pair : pair.slice(0, equals));
    if (key === name) return equals < 0 ? '' : decodeText(pair.slice(equals + 1));
  }
  return undefined;
}
