import { Fault } from '../../model/fault.ts';

/** What XML 1.0 section 2.2 leaves out of Char, and what has to be escaped in text. */
const TEXT_SPECIAL = /[\u0000-\u001F&<>\uFFFE\uFFFF\uD800-\uDFFF]/;
const ATTRIBUTE_SPECIAL = /[\u0000-\u001F&<>"\uFFFE\uFFFF\uD800-\uDFFF]/;

/**
 * Text as content of an element. A carriage return is written as a reference, since a reader
 * would turn it into a line feed.
 * @throws Fault INVALID_ARGUMENT for a character that XML cannot hold.
 */
export function escapeText(text: string): string {
  return TEXT_SPECIAL.test(text) ? escaped(text, false) : text;
}

/** Text as the value of an attribute in double quotes, every kind of white space kept.
 * @throws Fault INVALID_ARGUMENT for a character that XML cannot hold. */
export function escapeAttribute(text: string): string {
  return ATTRIBUTE_SPECIAL.test(text) ? escaped(text, true) : text;
}

/** Whether XML 1.0 can hold every character of the text. */
export function isXmlText(text: string): boolean {
  return !/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/.test(text) && text.isWellFormed();
}

function escaped(text: string, attribute: boolean): string {
  if (!isXmlText(text)) throw unwritable(text);
  let result = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
  if (attribute) {
    result = result.replaceAll('"', '&quot;').replaceAll('\t', '&#x9;').replaceAll('\n', '&#xA;');
  }
  return result;
}

function unwritable(text: string): Fault {
  let at = 0;
  for (const character of text) {
    if (!isXmlText(character)) break;
    at += character.length;
  }
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  return new Fault(
    'INVALID_ARGUMENT',
    `XML cannot hold the character U+${code} (at position ${at} of a text); send such data as base64.`,
  );
}

export type WritableAttributes = Readonly<Record<string, string | number | undefined>>;

/** Writes a document for people: one element a line, indented. Names are written as they are
 * given, with their prefixes; the caller declares namespaces by `xmlns` attributes. */
export class XmlWriter {
  readonly #lines: string[] = ['<?xml version="1.0" encoding="UTF-8"?>'];
  readonly #open: string[] = [];

  open(name: string, attributes: WritableAttributes = {}): this {
    this.#lines.push(`${this.#indent()}<${name}${attributeText(attributes)}>`);
    this.#open.push(name);
    return this;
  }

  close(): this {
    const name = this.#open.pop();
    if (name === undefined) throw new RangeError('No element is open.');
    this.#lines.push(`${this.#indent()}</${name}>`);
    return this;
  }

  /** An element without children; without text when that is undefined. */
  element(name: string, attributes: WritableAttributes = {}, text?: string): this {
    const start = `${this.#indent()}<${name}${attributeText(attributes)}`;
    this.#lines.push(text === undefined ? `${start}/>` : `${start}>${escapeText(text)}</${name}>`);
    return this;
  }

  /** An element whose children `write` adds. */
  nest(name: string, attributes: WritableAttributes, write: () => void): this {
    this.open(name, attributes);
    write();
    return this.close();
  }

  /** The document, ended by a line feed; every element has to be closed. */
  toString(): string {
    if (this.#open.length > 0) throw new RangeError(`Element ${this.#open.at(-1)} is open.`);
    return `${this.#lines.join('\n')}\n`;
  }

  #indent(): string {
    return '  '.repeat(this.#open.length);
  }
}

function attributeText(attributes: WritableAttributes): string {
  let text = '';
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) text += ` ${name}="${escapeAttribute(String(value))}"`;
  }
  return text;
}
