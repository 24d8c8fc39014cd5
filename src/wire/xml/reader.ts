import { SaxesParser, type SaxesTagNS } from 'saxes';
import { type NamespaceScope, type XmlAttribute, XmlElement } from './element.ts';
import { decodeXml } from './encoding.ts';
import { XmlFault } from './fault.ts';
import { DEFAULT_XML_LIMITS, type XmlLimits } from './limits.ts';
import { scanXml } from './scan.ts';

const OPTIONS = { xmlns: true, defaultXMLVersion: '1.0', forceXMLVersion: true } as const;

/** How saxes says that a character is none of XML's (XML 1.0 section 2.2), and how we do. */
const FORBIDDEN_CHARACTER = /^(?:Disallowed character|Half a surrogate pair is no character)\.$/;

const HALF_A_PAIR = 'Half a surrogate pair is no character.';

const NO_ATTRIBUTES: readonly XmlAttribute[] = Object.freeze([]);

type Growing = {
  -readonly [key in keyof XmlElement]: XmlElement[key] extends readonly XmlElement[]
    ? XmlElement[]
    : XmlElement[key];
};

/**
 * Reads one document (XML 1.0 with namespaces) from pieces of text into a tree. Refuses what data
 * formats have no use for and attackers do: a document type, entities beyond the five of XML,
 * processing instructions, and anything past the limits.
 */
export class XmlReader {
  readonly #limits: XmlLimits;
  readonly #parser: SaxesParser<typeof OPTIONS>;
  readonly #open: Growing[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;
  #length = 0;
  /** The first half of a surrogate pair, whose second half comes with the next piece. */
  #half = '';

  constructor(limits: Partial<XmlLimits> = {}) {
    this.#limits = { ...DEFAULT_XML_LIMITS, ...limits };
    const parser = new SaxesParser(OPTIONS);
    this.#parser = parser;
    parser.on('error', (error) => {
      throw this.#malformed(reasonOf(error));
    });
    parser.on('doctype', () => {
      throw this.#malformed('A document type (DOCTYPE) is not accepted.');
    });
    parser.on('processinginstruction', ({ target }) => {
      throw this.#malformed(`A processing instruction (${brief(target)}) is not accepted.`);
    });
    parser.on('xmldecl', ({ version }) => {
      if (version !== '1.0') throw this.#malformed('Only XML 1.0 is accepted.');
    });
    parser.on('opentagstart', () => {
      this.#attributes = 0;
    });
    parser.on('attribute', ({ name, value }) => {
      this.#checkName(name);
      this.#bound('maxAttributes', ++this.#attributes, 'attributes of one element');
      this.#bound('maxTextLength', value.length, 'characters of one attribute');
    });
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('text', (text) => this.#text(text));
    parser.on('cdata', (text) => this.#text(text));
    parser.on('closetag', () => {
      this.#open.pop();
    });
  }

  /** @throws XmlFault; the reader is of no more use then. */
  push(text: string): void {
    this.#length += text.length;
    this.#bound('maxLength', this.#length, 'characters');
    let whole = this.#half + text;
    this.#half = '';
    const last = whole.charCodeAt(whole.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = whole.slice(-1);
      whole = whole.slice(0, -1);
    }
    // The parser would fail on it with an error of its own.
    if (!whole.isWellFormed()) throw this.#malformed(HALF_A_PAIR);
    this.#parser.write(whole);
  }

  /** The root element, after the last piece.
   * @throws XmlFault for a document that is not complete. */
  end(): XmlElement {
    if (this.#half !== '') throw this.#malformed(HALF_A_PAIR);
    this.#parser.close();
    if (this.#root === undefined) throw this.#malformed('There is no element.');
    return this.#root;
  }

  #opened(tag: SaxesTagNS): void {
    this.#checkName(tag.name);
    this.#bound('maxElements', ++this.#elements, 'elements');
    this.#bound('maxDepth', this.#open.length + 1, 'levels of elements');
    const parent = this.#open.at(-1);
    const element = new XmlElement(
      tag.uri,
      tag.local,
      attributesOf(tag),
      this.#parser.line,
      scopeOf(tag, parent?.scope),
    ) as Growing;
    if (parent === undefined) this.#root = element as XmlElement;
    else if (parent.children.length === 0) parent.children = [element as XmlElement];
    else parent.children.push(element as XmlElement);
    this.#open.push(element);
  }

  #text(text: string): void {
    const element = this.#open.at(-1);
    if (element === undefined) return;
    element.text += text;
    this.#bound('maxTextLength', element.text.length, 'characters of the text of one element');
  }

  #checkName(name: string): void {
    this.#bound('maxNameLength', name.length, 'characters of a name');
  }

  #bound(limit: keyof XmlLimits, value: number, what: string): void {
    const most = this.#limits[limit];
    if (value <= most) return;
    const { line, columnIndex } = this.#parser;
    throw new XmlFault(
      'RESOURCE_EXHAUSTED',
      `More than ${most} ${what}.`,
      line,
      columnIndex + 1,
      'limit',
    );
  }

  #malformed(reason: string): XmlFault {
    const { line, columnIndex } = this.#parser;
    const problem = FORBIDDEN_CHARACTER.test(reason) ? 'character' : 'syntax';
    return new XmlFault('INVALID_ARGUMENT', reason, line, columnIndex + 1, problem);
  }
}

/** Reads a whole document; bytes are decoded as `decodeXml` says.
 * @throws XmlFault INVALID_ARGUMENT, RESOURCE_EXHAUSTED */
export function parseXml(
  document: string | Uint8Array,
  limits: Partial<XmlLimits> = {},
  charset?: string,
): XmlElement {
  const text = typeof document === 'string' ? document : decodeXml(document, charset);
  const { maxLength = DEFAULT_XML_LIMITS.maxLength } = limits;
  if (text.length <= maxLength) {
    const root = scanXml(text, { ...DEFAULT_XML_LIMITS, ...limits });
    if (root !== undefined) return root;
  }
  const reader = new XmlReader(limits);
  reader.push(text);
  return reader.end();
}

function attributesOf(tag: SaxesTagNS): readonly XmlAttribute[] {
  let found: XmlAttribute[] | undefined;
  for (const key in tag.attributes) {
    const { prefix, local, uri, value } = tag.attributes[key]!;
    if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) continue;
    found ??= [];
    found.push({ namespace: uri, name: local, value });
  }
  return found ?? NO_ATTRIBUTES;
}

function scopeOf(tag: SaxesTagNS, outer: NamespaceScope | undefined): NamespaceScope | undefined {
  for (const _prefix in tag.ns) return { own: tag.ns, outer };
  return outer;
}

/** The reason without the position, which the fault tells in its own form. */
function reasonOf(error: Error): string {
  const text = error.message.replace(/^(?:[^:]*:)?\d+:\d+: /, '');
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`.slice(0, 200);
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}

function brief(name: string): string {
  return name.slice(0, 40);
}
