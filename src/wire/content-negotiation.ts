/**
 * Content negotiation of HTTP (RFC 9110, sections 8.3 and 12.5). Headers repeat from request to
 * request, so that answers are kept for the texts that came lately.
 */

export interface MediaType {
  /** `application/json`, lower case. */
  readonly type: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Cuts at a separator, but not inside quoted strings. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (quoted && character === '\\') index++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** `type/subtype; name=value`; undefined for text of another form. */
export function parseMediaType(text: string): MediaType | undefined {
  const [first = '', ...rest] = splitOutsideQuotes(text, ';');
  const type = first.trim().toLowerCase();
  const slash = type.indexOf('/');
  if (slash < 0 || !TOKEN.test(type.slice(0, slash)) || !TOKEN.test(type.slice(slash + 1))) {
    return undefined;
  }
  if (rest.length === 0) return { type, parameters: NO_PARAMETERS };
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      if (part.trim() === '') continue;
      return undefined;
    }
    const name = part.slice(0, equals).trim().toLowerCase();
    if (!TOKEN.test(name)) return undefined;
    parameters.set(name, unquote(part.slice(equals + 1).trim()));
  }
  return { type, parameters };
}

const QUALITY = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/** A weight between 0 and 1; what is no valid weight counts as 1. */
function quality(text: string | undefined): number {
  return text !== undefined && QUALITY.test(text) ? Number(text) : 1;
}

/** The weight that an Accept header gives a type: the most specific range decides. */
function acceptQuality(ranges: readonly MediaType[], offer: string): number {
  const family = `${offer.slice(0, offer.indexOf('/'))}/*`;
  let best = 0;
  let specificity = -1;
  for (const range of ranges) {
    const rank =
      range.type === offer ? 2 : range.type === family ? 1 : range.type === '*/*' ? 0 : -1;
    if (rank > specificity) {
      specificity = rank;
      best = quality(range.parameters.get('q'));
    }
  }
  return best;
}

/** The offer that an Accept header likes best, earlier offers first among equals; undefined when
 * it accepts none. An absent or empty header accepts all. */
export function preferredType(
  header: string | undefined,
  offers: readonly string[],
): string | undefined {
  if (header === undefined || header.trim() === '') return offers[0];
  const ranges: MediaType[] = [];
  for (const part of splitOutsideQuotes(header, ',')) {
    const range = parseMediaType(part);
    if (range !== undefined) ranges.push(range);
  }
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const weight = acceptQuality(ranges, offer);
    if (weight > bestQuality) {
      best = offer;
      bestQuality = weight;
    }
  }
  return best;
}

/** The coding that an Accept-Encoding header likes best, earlier offers first among equals;
 * undefined for none (then nothing is encoded). */
export function preferredEncoding(
  header: string | undefined,
  offers: readonly string[],
): string | undefined {
  if (header === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of header.split(',')) {
    const [coding = '', ...parameters] = part.split(';');
    const weight = parameters.map((text) => /^\s*q\s*=\s*(.*?)\s*$/i.exec(text)?.[1]).find(Boolean);
    const name = coding.trim().toLowerCase();
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, quality(weight));
  }
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const weight = weights.get(offer) ?? weights.get('*') ?? 0;
    if (weight > bestQuality) {
      best = offer;
      bestQuality = weight;
    }
  }
  return best;
}

/** Texts kept by one memory; when it is full it starts anew. */
const REMEMBERED = 256;
/** Longer headers are worked out each time. */
const LONGEST_REMEMBERED = 512;

/** Remembers what a function of a header's text answered. */
export class HeaderMemory<T> {
  readonly #work: (header: string) => T;
  readonly #known = new Map<string, T>();

  constructor(work: (header: string) => T) {
    this.#work = work;
  }

  get(header: string): T {
    const known = this.#known.get(header);
    if (known !== undefined) return known;
    const answer = this.#work(header);
    if (header.length <= LONGEST_REMEMBERED) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(header, answer);
    }
    return answer;
  }
}

export type JsonBody = 'json' | 'not json' | 'not utf-8';

/** Whether a Content-Type header names JSON text that we can read: `application/json` or any
 * type that ends in `+json` (RFC 6839), in UTF-8 (RFC 8259 section 8.1). */
export function jsonBodyOf(contentType: string): JsonBody {
  const media = parseMediaType(contentType);
  if (media === undefined) return 'not json';
  if (media.type !== 'application/json' && !media.type.endsWith('+json')) return 'not json';
  const charset = media.parameters.get('charset');
  return charset === undefined || /^utf-?8$/i.test(charset) ? 'json' : 'not utf-8';
}
