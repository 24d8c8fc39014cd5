import { Fault } from '../../../model/fault.ts';
import { pointerStep } from '../../../model/schema-tree.ts';
import type { XmlElement } from '../../../wire/xml/element.ts';
import { escapeAttribute, escapeText } from '../../../wire/xml/writer.ts';
import { JSON_VALUE, XSI } from '../namespaces.ts';
import { requireElementsOnly, requireTextOnly, requireType } from './element-rules.ts';
import { BOOLEAN, floating } from './lexical.ts';
import { Misfit, shown, shownName } from './misfit.ts';
import type { Prefixes } from './prefixes.ts';
import type { IncludeSource, Tag, TypeBehaviour } from './xml-type.ts';

const NUMBER = floating('double');
const MAX_DEPTH = 64;

/** Any JSON value: one element of the namespace of JSON that says of which kind it is. */
export class JsonType implements TypeBehaviour {
  readonly kind = 'json';
  readonly typeName = { namespace: JSON_VALUE, name: 'Value' };
  readonly #prefix: string;

  constructor(prefixes: Prefixes) {
    this.#prefix = prefixes.of(JSON_VALUE, 'json');
  }

  read(element: XmlElement, _includes: IncludeSource | undefined): unknown {
    return readValue(element, 'Value', 0);
  }

  write(tag: Tag, value: unknown): string {
    return `${tag.open}>${this.#value(value, 0)}${tag.close}`;
  }

  #value(value: unknown, depth: number): string {
    const prefix = this.#prefix;
    if (depth > MAX_DEPTH) throw new Fault('INTERNAL', 'The answer is nested too deeply for XML.');
    switch (typeof value) {
      case 'string':
        return `<${prefix}:string>${escapeText(value)}</${prefix}:string>`;
      case 'number':
        if (!Number.isFinite(value)) return `<${prefix}:null/>`;
        return `<${prefix}:number>${value}</${prefix}:number>`;
      case 'boolean':
        return `<${prefix}:boolean>${value}</${prefix}:boolean>`;
      case 'object':
        return value === null ? `<${prefix}:null/>` : this.#composite(value, depth);
      default:
        return `<${prefix}:null/>`;
    }
  }

  #composite(value: object, depth: number): string {
    const prefix = this.#prefix;
    if (value instanceof Date) return this.#value(value.toJSON(), depth);
    if (Array.isArray(value)) {
      let items = '';
      for (const item of value) {
        items += `<${prefix}:item>${this.#value(item, depth + 1)}</${prefix}:item>`;
      }
      return `<${prefix}:array>${items}</${prefix}:array>`;
    }
    let members = '';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      members += `<${prefix}:member name="${escapeAttribute(name)}">${this.#value(member, depth + 1)}</${prefix}:member>`;
    }
    return `<${prefix}:object>${members}</${prefix}:object>`;
  }
}

/** The value in an element that holds one element of the namespace of JSON. */
function readValue(element: XmlElement, typeName: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Misfit(element, `at most ${MAX_DEPTH} levels`, 'more');
  requireElementsOnly(element);
  requireAttributes(element, typeName === 'Member' ? 'name' : undefined);
  requireType(element, JSON_VALUE, typeName);
  const [child, extra] = element.children;
  if (child === undefined || extra !== undefined || child.namespace !== JSON_VALUE) {
    throw new Misfit(
      element,
      `one element of ${JSON_VALUE}: null, boolean, number, string, array or object`,
      child === undefined ? 'nothing' : shownName(extra ?? child),
    );
  }
  requireAttributes(child, undefined);
  switch (child.name) {
    case 'null':
      requireTextOnly(child);
      if (child.text !== '') throw new Misfit(child, 'nothing in it', shown(child.text));
      return null;
    case 'boolean':
      return scalar(child, BOOLEAN);
    case 'number':
      return scalar(child, NUMBER);
    case 'string':
      requireTextOnly(child);
      return child.text;
    case 'array':
      return readArray(child, depth);
    case 'object':
      return readObject(child, depth);
    default:
      throw new Misfit(child, 'null, boolean, number, string, array or object', shownName(child));
  }
}

function scalar(element: XmlElement, lexical: typeof NUMBER): unknown {
  requireTextOnly(element);
  const value = lexical.parse(element.text);
  if (value === undefined) throw new Misfit(element, lexical.expected, shown(element.text));
  return value;
}

function readArray(element: XmlElement, depth: number): unknown[] {
  requireElementsOnly(element);
  return element.children.map((item, index) => {
    if (!item.is(JSON_VALUE, 'item')) throw new Misfit(item, '<item>', shownName(item));
    return inside(String(index), () => readValue(item, 'Value', depth + 1));
  });
}

function readObject(element: XmlElement, depth: number): Record<string, unknown> {
  requireElementsOnly(element);
  const value: Record<string, unknown> = {};
  for (const member of element.children) {
    const name = member.attribute('name');
    if (!member.is(JSON_VALUE, 'member') || name === undefined) {
      throw new Misfit(member, '<member name="...">', shownName(member));
    }
    if (name === '__proto__' || Object.hasOwn(value, name)) {
      throw new Misfit(member, 'a name that is not there yet', shown(name));
    }
    value[name] = inside(name, () => readValue(member, 'Member', depth + 1));
  }
  return value;
}

function requireAttributes(element: XmlElement, allowed: string | undefined): void {
  for (const { namespace, name } of element.attributes) {
    if (namespace === '' && name === allowed) continue;
    if (namespace === XSI && name === 'type') continue;
    throw new Misfit(element, 'no such attribute', shown(name));
  }
}

function inside<T>(step: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Misfit ? error.within(pointerStep(step)) : error;
  }
}
