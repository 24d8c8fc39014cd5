import { type NamespaceScope, type XmlAttribute, XmlElement } from './element.ts';
import type { XmlLimits } from './limits.ts';

/**
 * The fast way through the plain part of XML: elements, attributes, text and the references of
 * XML, in names of ASCII. It knows only documents that are right. Whatever else it meets (comments,
 * CDATA, other names, anything malformed or past a limit) it answers undefined, and the full
 * parser, which is the judge of all documents, reads the text from its beginning. Tests hold the
 * two against each other.
 */
export function scanXml(text: string, limits: XmlLimits): XmlElement | undefined {
  if (NOT_PLAIN.test(text) || text.includes(']]>') || !text.isWellFormed()) return undefined;
  // Line ends become one line feed before anything else (XML 1.0 section 2.11).
  return new Scanner(text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text, limits).document();
}

/** Characters that XML 1.0 section 2.2 leaves out; lone surrogates aside. */
const NOT_PLAIN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const DECLARATION =
  /^<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?(?: standalone="(?:yes|no)")? ?\?>/;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/';

const START = 1;
const PART = 2;
/** What each ASCII character may be in a name. */
const NAME_CLASS = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz') {
  NAME_CLASS[character.charCodeAt(0)] = START | PART;
}
for (const character of '-.0123456789') NAME_CLASS[character.charCodeAt(0)] = PART;

const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const COLON = 0x3a;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const LINE_FEED = 0x0a;

const NO_ATTRIBUTES: readonly XmlAttribute[] = Object.freeze([]);

/** Not plain: the full parser has to look. Thrown as it is, for it never leaves this file. */
const GIVE_UP = new Error('not plain');

type Growing = { -readonly [key in keyof XmlElement]: XmlElement[key] };

interface RawAttribute {
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
}

class Scanner {
  readonly #text: string;
  readonly #limits: XmlLimits;
  #at = 0;
  #line = 1;
  /** Up to where lines are counted. */
  #counted = 0;
  /** Where the name that was read last has its colon; -1 for none. */
  #colon = -1;
  #elements = 0;

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  document(): XmlElement | undefined {
    try {
      const declaration = DECLARATION.exec(this.#text);
      if (declaration !== null) this.#at = declaration[0].length;
      this.#skipSpace();
      const root = this.#tree();
      this.#skipSpace();
      return this.#at === this.#text.length ? root : undefined;
    } catch (error) {
      if (error === GIVE_UP) return undefined;
      throw error;
    }
  }

  #tree(): XmlElement {
    const text = this.#text;
    const open: Growing[] = [];
    const names: string[] = [];
    let current: Growing | undefined;
    for (;;) {
      if (text.charCodeAt(this.#at) !== LESS) throw GIVE_UP;
      this.#at++;
      if (text.charCodeAt(this.#at) === SLASH) {
        this.#endTag(names.pop());
        const done = open.pop() as Growing;
        current = open.at(-1);
        if (current === undefined) return done as XmlElement;
      } else {
        const start = this.#at;
        const nameEnd = this.#name();
        const colon = this.#colon;
        const qualified = text.slice(start, nameEnd);
        const [element, isEmpty] = this.#startTag(start, colon, nameEnd, current);
        if (current !== undefined) {
          if (current.children.length === 0) current.children = [element];
          else (current.children as XmlElement[]).push(element);
        }
        if (!isEmpty) {
          open.push(element as Growing);
          names.push(qualified);
          if (open.length > this.#limits.maxDepth) throw GIVE_UP;
          current = element as Growing;
        } else if (current === undefined) {
          if (this.#limits.maxDepth < 1) throw GIVE_UP;
          return element;
        } else if (open.length >= this.#limits.maxDepth) throw GIVE_UP;
      }
      this.#content(current);
    }
  }

  /** Text up to the next tag, as part of the text of an element. */
  #content(element: Growing): void {
    const from = this.#at;
    const to = this.#text.indexOf('<', from);
    if (to < 0) throw GIVE_UP;
    this.#at = to;
    if (to === from) return;
    const piece = this.#resolved(this.#text.slice(from, to));
    element.text = element.text === '' ? piece : element.text + piece;
    if (element.text.length > this.#limits.maxTextLength) throw GIVE_UP;
  }

  #endTag(qualified: string | undefined): void {
    const text = this.#text;
    this.#at++;
    if (qualified === undefined || !text.startsWith(qualified, this.#at)) throw GIVE_UP;
    this.#at += qualified.length;
    this.#skipSpace();
    if (text.charCodeAt(this.#at) !== GREATER) throw GIVE_UP;
    this.#at++;
  }

  #startTag(
    start: number,
    colon: number,
    nameEnd: number,
    parent: Growing | undefined,
  ): [element: XmlElement, isEmpty: boolean] {
    const text = this.#text;
    if (++this.#elements > this.#limits.maxElements) throw GIVE_UP;
    let raw: RawAttribute[] | undefined;
    let own: Record<string, string> | undefined;
    let count = 0;
    for (;;) {
      const before = this.#at;
      this.#skipSpace();
      const code = text.charCodeAt(this.#at);
      if (code === GREATER || code === SLASH) break;
      // Attributes are set apart by white space.
      if (before === this.#at || ++count > this.#limits.maxAttributes) throw GIVE_UP;
      const attribute = this.#attribute();
      if (attribute.prefix === 'xmlns' || (attribute.prefix === '' && attribute.name === 'xmlns')) {
        own ??= Object.create(null) as Record<string, string>;
        declare(own, attribute);
      } else (raw ??= []).push(attribute);
    }
    const isEmpty = text.charCodeAt(this.#at) === SLASH;
    if (isEmpty) this.#at++;
    if (text.charCodeAt(this.#at) !== GREATER) throw GIVE_UP;
    this.#at++;
    const outer = parent?.scope;
    const scope: NamespaceScope | undefined = own === undefined ? outer : { own, outer };
    const prefix = colon < 0 ? '' : text.slice(start, colon);
    const name = text.slice(colon < 0 ? start : colon + 1, nameEnd);
    const namespace = namespaceOf(scope, prefix);
    const attributes = raw === undefined ? NO_ATTRIBUTES : resolveAttributes(raw, scope);
    return [new XmlElement(namespace, name, attributes, this.#lineHere(), scope), isEmpty];
  }

  #attribute(): RawAttribute {
    const text = this.#text;
    const start = this.#at;
    const nameEnd = this.#name();
    const colon = this.#colon;
    this.#skipSpace();
    if (text.charCodeAt(this.#at) !== EQUALS) throw GIVE_UP;
    this.#at++;
    this.#skipSpace();
    const quote = text.charCodeAt(this.#at);
    if (quote !== QUOTE && quote !== APOSTROPHE) throw GIVE_UP;
    const from = this.#at + 1;
    const to = text.indexOf(quote === QUOTE ? '"' : "'", from);
    if (to < 0 || to - from > this.#limits.maxTextLength) throw GIVE_UP;
    let value = text.slice(from, to);
    if (value.includes('<')) throw GIVE_UP;
    if (/[\t\n]/.test(value)) value = value.replace(/[\t\n]/g, ' ');
    this.#at = to + 1;
    return {
      prefix: colon < 0 ? '' : text.slice(start, colon),
      name: text.slice(colon < 0 ? start : colon + 1, nameEnd),
      value: this.#resolved(value),
    };
  }

  /** Reads a name with at most one colon; answers where it ends. */
  #name(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    let colon = -1;
    let wanted = START;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code === COLON) {
        if (colon >= 0 || at === start) throw GIVE_UP;
        colon = at;
        wanted = START;
      } else if (code < 128 && (NAME_CLASS[code]! & wanted) !== 0) wanted = PART;
      else if (code >= 128) throw GIVE_UP;
      else break;
    }
    // An empty name, nothing behind the colon, or a character that may not begin a name.
    if (wanted === START || at - start > this.#limits.maxNameLength) throw GIVE_UP;
    this.#at = at;
    this.#colon = colon;
    return at;
  }

  #resolved(piece: string): string {
    if (!piece.includes('&')) return piece;
    let references = 0;
    const resolved = piece.replace(REFERENCE, (_all, name, decimal, hexadecimal) => {
      references++;
      if (name !== undefined) return NAMED[name as string]!;
      const code =
        decimal === undefined
          ? Number.parseInt(hexadecimal as string, 16)
          : Number.parseInt(decimal as string, 10);
      return characterOf(code);
    });
    let ampersands = 0;
    for (let at = piece.indexOf('&'); at >= 0; at = piece.indexOf('&', at + 1)) ampersands++;
    if (ampersands !== references) throw GIVE_UP;
    return resolved;
  }

  #skipSpace(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== LINE_FEED && code !== 0x09) return;
      this.#at++;
    }
  }

  #lineHere(): number {
    const to = this.#at;
    let next = this.#text.indexOf('\n', this.#counted);
    while (next >= 0 && next < to) {
      this.#line++;
      next = this.#text.indexOf('\n', next + 1);
    }
    // No line feed before the next one needs to be looked for again.
    this.#counted = next < 0 ? this.#text.length : next;
    return this.#line;
  }
}

function characterOf(code: number): string {
  const isCharacter =
    code === 0x09 ||
    code === 0x0a ||
    code === 0x0d ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff);
  if (!isCharacter) throw GIVE_UP;
  return String.fromCodePoint(code);
}

function declare(own: Record<string, string>, { prefix, name, value }: RawAttribute): void {
  const declared = prefix === '' ? '' : name;
  if (declared in own || declared === 'xml' || declared === 'xmlns') throw GIVE_UP;
  if (value === XML_NAMESPACE || value === XMLNS_NAMESPACE || /\s/.test(value)) throw GIVE_UP;
  if (value === '' && declared !== '') throw GIVE_UP;
  own[declared] = value;
}

function namespaceOf(scope: NamespaceScope | undefined, prefix: string): string {
  for (let one = scope; one !== undefined; one = one.outer) {
    const namespace = one.own[prefix];
    if (namespace !== undefined) return namespace;
  }
  if (prefix !== '') throw GIVE_UP;
  return '';
}

function resolveAttributes(
  raw: readonly RawAttribute[],
  scope: NamespaceScope | undefined,
): XmlAttribute[] {
  const resolved: XmlAttribute[] = [];
  // Attributes have no default namespace (Namespaces in XML 1.0 section 6.2).
  for (const { prefix, name, value } of raw) {
    const namespace =
      prefix === '' ? '' : prefix === 'xml' ? XML_NAMESPACE : namespaceOf(scope, prefix);
    for (const other of resolved) {
      if (other.name === name && other.namespace === namespace) throw GIVE_UP;
    }
    resolved.push({ namespace, name, value });
  }
  return resolved;
}
