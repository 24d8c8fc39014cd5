import { XmlElement } from '../../wire/xml/element.ts';
import type { XmlLimits } from '../../wire/xml/limits.ts';

type Growing = { -readonly [key in keyof XmlElement]: XmlElement[key] } & {
  children: readonly XmlElement[] | XmlElement[];
};

const NO_ATTRIBUTES: readonly never[] = Object.freeze([]);

const DECLARATION =
  /<\?xml[ \t\n]+version=(["'])1\.0\1(?:[ \t\n]+encoding=(["'])[A-Za-z][\w.-]*\2)?(?:[ \t\n]+standalone=(["'])(?:yes|no)\3)?[ \t\n]*\?>/y;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

const MAX_NAME_LENGTH = 32;

/**
 * Reads the XML that clients of XML-RPC write, many times as fast as a reader for all of XML:
 * elements with plain names and no attributes, text with the five entities. Undefined for
 * everything else, well-formed or not: the strict reader (src/wire/xml/reader.ts) judges that. What
 * is read here is read there in the same way; a test holds the two against each other.
 * @param document well-formed Unicode, as from decoded bytes
 */
export function readPlainXml(
  document: string,
  { maxDepth, maxElements }: Pick<XmlLimits, 'maxDepth' | 'maxElements'>,
): XmlElement | undefined {
  const text = document.includes('\r') ? document.replace(/\r\n?/g, '\n') : document;
  const reader = new PlainReader(text);
  if (!reader.declaration()) return undefined;
  let root: Growing | undefined;
  let elements = 0;
  const open: Growing[] = [];
  for (;;) {
    const current = open.at(-1);
    const content = reader.text();
    if (content === undefined) return undefined;
    if (current === undefined) {
      if (content !== '' && /[^ \t\n]/.test(content)) return undefined;
      if (reader.atEnd) return root as XmlElement | undefined;
    } else if (content !== '') current.text += content;
    const tag = reader.tag();
    if (tag === undefined) return undefined;
    if (tag.kind === 'end') {
      if (current === undefined || current.name !== tag.name) return undefined;
      open.pop();
      continue;
    }
    if (++elements > maxElements || open.length >= maxDepth) return undefined;
    const element = new XmlElement('', tag.name, NO_ATTRIBUTES, reader.line) as Growing;
    if (current !== undefined) {
      if (current.children.length === 0) current.children = [element as XmlElement];
      else (current.children as XmlElement[]).push(element as XmlElement);
    } else if (root === undefined) root = element;
    else return undefined;
    if (tag.kind === 'start') open.push(element);
  }
}

interface Tag {
  kind: 'start' | 'end' | 'empty';
  name: string;
}

class PlainReader {
  readonly #document: string;
  /** One object for all tags of a document. */
  readonly #tag: Tag = { kind: 'start', name: '' };
  #at = 0;
  line = 1;

  constructor(document: string) {
    this.#document = document;
  }

  get atEnd(): boolean {
    return this.#at === this.#document.length;
  }

  /** Steps over the XML declaration, if there is one; false for one that is not plain. */
  declaration(): boolean {
    if (!this.#document.startsWith('<?xml')) return true;
    DECLARATION.lastIndex = 0;
    if (!DECLARATION.test(this.#document)) return false;
    const end = DECLARATION.lastIndex;
    for (; this.#at < end; this.#at++) if (this.#document.charCodeAt(this.#at) === 10) this.line++;
    return true;
  }

  /** The text up to the next tag or the end; undefined where it is not plain. */
  text(): string | undefined {
    const document = this.#document;
    const start = this.#at;
    let at = start;
    let hasEntity = false;
    for (; at < document.length; at++) {
      const code = document.charCodeAt(at);
      if (code === 0x3c) break;
      if (code < 0x20) {
        if (code === 0x0a) this.line++;
        else if (code !== 0x09) return undefined;
      } else if (code === 0x26) hasEntity = true;
      else if (code >= 0xfffe || (code === 0x5d && document.startsWith(']]>', at))) {
        return undefined;
      }
    }
    this.#at = at;
    if (at === start) return '';
    const text = document.slice(start, at);
    return hasEntity ? resolved(text) : text;
  }

  /** The tag that begins here; valid until the next one. Undefined for one that is not plain. */
  tag(): Tag | undefined {
    const document = this.#document;
    const tag = this.#tag;
    let at = this.#at + 1;
    const isEnd = document.charCodeAt(at) === 0x2f;
    if (isEnd) at++;
    const start = at;
    if (!isLetter(document.charCodeAt(at))) return undefined;
    do at++;
    while (isNamePart(document.charCodeAt(at)));
    if (at - start > MAX_NAME_LENGTH) return undefined;
    tag.name = document.slice(start, at);
    tag.kind = isEnd ? 'end' : 'start';
    for (; ; at++) {
      const code = document.charCodeAt(at);
      if (code === 0x3e) break;
      if (code === 0x0a) this.line++;
      else if (code === 0x2f && !isEnd && document.charCodeAt(at + 1) === 0x3e) tag.kind = 'empty';
      else if (code !== 0x20 && code !== 0x09) return undefined;
    }
    this.#at = at + 1;
    return tag;
  }
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

/** Letters, digits, '-', '.', '_'. */
function isNamePart(code: number): boolean {
  return (
    isLetter(code) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x2d ||
    code === 0x5f
  );
}

/** The text with its entities resolved; undefined for others than the five of XML. */
function resolved(text: string): string | undefined {
  const pieces = text.split('&');
  let result = pieces[0]!;
  for (let index = 1; index < pieces.length; index++) {
    const piece = pieces[index]!;
    const end = piece.indexOf(';');
    const character = ENTITIES.get(piece.slice(0, Math.max(end, 0)));
    if (character === undefined) return undefined;
    result += character + piece.slice(end + 1);
  }
  return result;
}
