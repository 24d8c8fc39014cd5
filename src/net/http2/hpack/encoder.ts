import type { HeaderList } from '../../../hub/header-list.ts';
import { huffmanEncode, huffmanLength } from './huffman.ts';
import { staticFieldIndex, staticNameIndex } from './static-table.ts';

/**
 * Encodes header blocks with the static table and literals alone. They are then the same for every
 * connection, so that a constant list is encoded once, and no encoder state can be pressed for
 * memory by a peer.
 */

/** Fields that no intermediary may put into a table (RFC 7541 section 7.1.3). */
const SENSITIVE = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

/** A dynamic table size update to 0 (RFC 7541 section 6.3). */
export const TABLE_SIZE_ZERO = 0x20;

/** Room that any integer of ours fits in. */
const INTEGER_BYTES = 5;

/** What a handler may say for HTTP/1.1 and HTTP/2 must not carry (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** The encoded form of a list, made when it is asked for first. */
export function encodedBlock(list: HeaderList): Uint8Array {
  return (list.encodedBlock ??= encodeFields(carried(list.flat)));
}

function carried(flat: readonly string[]): readonly string[] {
  for (let index = 0; index < flat.length; index += 2) {
    if (!CONNECTION_SPECIFIC.has(flat[index]!)) continue;
    return flat.filter((_, at) => !CONNECTION_SPECIFIC.has(flat[at & ~1]!));
  }
  return flat;
}

const NOT_ASCII = /[^\0-\x7f]/;

/** A text with one character for each of its bytes in UTF-8. */
function bytesAsText(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text).toString('latin1') : text;
}

/** @param fields name, value, name, value, ... names in lower case, values sent as UTF-8 */
export function encodeFields(fields: readonly string[]): Uint8Array {
  const flat = fields.map(bytesAsText);
  let most = 0;
  for (const text of flat) most += text.length + INTEGER_BYTES;
  const target = new Uint8Array(most);
  let position = 0;
  for (let index = 0; index + 1 < flat.length; index += 2) {
    position = encodeField(flat[index]!, flat[index + 1]!, target, position);
  }
  return target.subarray(0, position);
}

/** @returns where the field ends. Room: both lengths and 10. */
export function encodeField(
  name: string,
  value: string,
  target: Uint8Array,
  position: number,
): number {
  const whole = staticFieldIndex(name, value);
  if (whole > 0 && value !== '') return encodeInteger(whole, 0x80, 0x7f, target, position);
  const form = SENSITIVE.has(name) ? 0x10 : 0x00;
  const index = staticNameIndex(name);
  let at = encodeInteger(index, form, 0x0f, target, position);
  if (index === 0) at = encodeText(name, target, at);
  return encodeText(value, target, at);
}

/** An integer in the low bits of `mask`, behind the bits of `form` (RFC 7541 section 5.1). */
export function encodeInteger(
  value: number,
  form: number,
  mask: number,
  target: Uint8Array,
  position: number,
): number {
  let at = position;
  if (value < mask) {
    target[at++] = form | value;
    return at;
  }
  target[at++] = form | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    target[at++] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** A string of bytes, in Huffman code where that is shorter (RFC 7541 section 5.2). */
function encodeText(text: string, target: Uint8Array, position: number): number {
  const coded = huffmanLength(text);
  if (coded < text.length) {
    return huffmanEncode(text, target, encodeInteger(coded, 0x80, 0x7f, target, position));
  }
  let at = encodeInteger(text.length, 0x00, 0x7f, target, position);
  for (let index = 0; index < text.length; index++) target[at++] = text.charCodeAt(index);
  return at;
}
