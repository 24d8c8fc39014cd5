import type { Metadata } from '../../model/metadata.ts';
import { COLON, CR, LF, SPACE, TAB, TOKEN, VALUE } from './characters.ts';
import { RequestError } from './errors.ts';

const MAX_FIELDS = 1_000;

/**
 * Where the fields of the head parsed last are, relative to its start: four offsets each (name,
 * its end, value, its end). One table serves the whole process: whoever comes later than the next
 * head finds `generation` changed and looks through the text instead.
 */
export class FieldTable {
  generation = 0;
  count = 0;
  readonly offsets = new Int32Array(4 * MAX_FIELDS);
}

export const FIELDS = new FieldTable();

/** Where the line after the last field begins, or -1 when the section is not complete. */
const INCOMPLETE = -1;

function refuseName(byte: number, empty: boolean): never {
  if (byte === LF) throw new RequestError(400, 'A line ends with LF alone; expected CR LF.');
  if (byte === SPACE || byte === TAB) {
    throw new RequestError(
      400,
      empty
        ? 'A header line begins with white space; folded lines are not accepted.'
        : 'A header name is followed by white space; expected ":".',
    );
  }
  throw new RequestError(400, `A header name has the byte 0x${byte.toString(16)}.`);
}

function refuseValue(byte: number): never {
  if (byte === LF) throw new RequestError(400, 'A line ends with LF alone; expected CR LF.');
  throw new RequestError(400, `A header value has the byte 0x${byte.toString(16)}.`);
}

/**
 * Parses field lines up to and with the empty line (RFC 9112 section 5) into FIELDS, offsets
 * relative to `base`. Answers the offset behind the empty line, or -1 when it is not there yet.
 * @throws RequestError 400 for anything but the grammar, 431 for more than `maxFields`.
 */
export function parseFields(
  bytes: Uint8Array,
  from: number,
  end: number,
  base: number,
  maxFields: number,
): number {
  const table = FIELDS;
  const offsets = table.offsets;
  const limit = maxFields < MAX_FIELDS ? maxFields : MAX_FIELDS;
  let position = from;
  let count = 0;
  table.generation++;
  while (position < end) {
    let byte = bytes[position]!;
    if (byte === CR) {
      if (position + 1 === end) return INCOMPLETE;
      if (bytes[position + 1] !== LF) {
        throw new RequestError(400, 'A CR is not followed by LF.');
      }
      table.count = count;
      return position + 2;
    }
    const name = position;
    while (position < end && TOKEN[(byte = bytes[position]!)] === 1) position++;
    if (position === end) return INCOMPLETE;
    if (byte !== COLON || position === name) refuseName(byte, position === name);
    if (count === limit) throw new RequestError(431, `More than ${limit} header fields.`);
    const at = count * 4;
    offsets[at] = name - base;
    offsets[at + 1] = position - base;
    position++;
    while (position < end && ((byte = bytes[position]!) === SPACE || byte === TAB)) position++;
    offsets[at + 2] = position - base;
    while (position < end && VALUE[(byte = bytes[position]!)] === 1) position++;
    if (position === end) return INCOMPLETE;
    if (byte !== CR) refuseValue(byte);
    if (position + 1 === end) return INCOMPLETE;
    if (bytes[position + 1] !== LF) throw new RequestError(400, 'A CR is not followed by LF.');
    let valueEnd = position - base;
    while (valueEnd > offsets[at + 2]!) {
      byte = bytes[base + valueEnd - 1]!;
      if (byte !== SPACE && byte !== TAB) break;
      valueEnd--;
    }
    offsets[at + 3] = valueEnd;
    count++;
    position += 2;
  }
  return INCOMPLETE;
}

/** Whether the bytes from `start` are `name` (lower case), whatever their case. */
export function isName(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[start + index]!;
    const wanted = name.charCodeAt(index);
    if (byte !== wanted && (byte < 0x41 || byte > 0x5a || byte + 0x20 !== wanted)) return false;
  }
  return true;
}

function isNameText(text: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = text.charCodeAt(start + index);
    const wanted = name.charCodeAt(index);
    if (code !== wanted && (code < 0x41 || code > 0x5a || code + 0x20 !== wanted)) return false;
  }
  return true;
}

/**
 * The fields of a head or trailer: one string, from which names and values are cut when they are
 * asked for. Made right after `parseFields`.
 */
export class TextFields implements Metadata {
  readonly #text: string;
  readonly #generation: number;
  #own: Int32Array | undefined;

  /** @param text the head in Latin-1, beginning at the base of the offsets in FIELDS */
  constructor(text: string) {
    this.#text = text;
    this.#generation = FIELDS.generation;
    this.#own = undefined;
  }

  /** Keeps the offsets beyond the next head. */
  keep(): void {
    if (this.#own !== undefined) return;
    if (this.#generation !== FIELDS.generation) this.#parseAgain();
    else this.#own = FIELDS.offsets.slice(0, FIELDS.count * 4);
  }

  get(name: string): string | undefined {
    if (this.#own === undefined && this.#generation !== FIELDS.generation) this.#parseAgain();
    const offsets = this.#own ?? FIELDS.offsets;
    const length = this.#own === undefined ? FIELDS.count * 4 : this.#own.length;
    const text = this.#text;
    let found: string | undefined;
    for (let at = 0; at < length; at += 4) {
      const start = offsets[at]!;
      if (offsets[at + 1]! - start !== name.length || !isNameText(text, start, name)) continue;
      const value = text.slice(offsets[at + 2], offsets[at + 3]);
      // RFC 9110 section 5.2 joins with commas; cookies are the exception (RFC 6265 section 5.4).
      found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`;
    }
    return found;
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    this.keep();
    const offsets = this.#own!;
    const names = new Set<string>();
    for (let at = 0; at < offsets.length; at += 4) {
      names.add(this.#text.slice(offsets[at], offsets[at + 1]).toLowerCase());
    }
    for (const name of names) yield [name, this.get(name)!];
  }

  /** The shared table belongs to a later head now. The text was valid when it was parsed first;
   * its first line is the request line (trailers are kept at once). */
  #parseAgain(): void {
    const bytes = Buffer.from(this.#text, 'latin1');
    parseFields(bytes, bytes.indexOf('\r\n') + 2, bytes.length, 0, MAX_FIELDS);
    this.#own = FIELDS.offsets.slice(0, FIELDS.count * 4);
  }
}
