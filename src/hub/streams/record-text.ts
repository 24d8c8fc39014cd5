import { isUtf8 } from 'node:buffer';
import { Fault } from '../../model/fault.ts';

/**
 * Keys and header values are bytes in a record and text in a message. UTF-8 is text as it is;
 * other bytes are `data:;base64,` and their base64 (RFC 2397), and no value at all is `data:;null`.
 * Bytes whose text would look like such a form are put into base64 as well, so that both ways lose
 * nothing: `bytesOf(textOf(x))` is x, and `textOf(bytesOf(t))` is t. Keys have no form for null: a
 * message has no key then.
 */
const BASE64 = 'data:;base64,';
const NULL = 'data:;null';

/** The text of a header's value. */
export function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? NULL : textWith(bytes, true);
}

/** The value of a header from its text.
 * @throws Fault INVALID_ARGUMENT for text that is no Unicode (half of a surrogate pair) */
export function bytesOf(text: string): Uint8Array | null {
  return text === NULL ? null : bytesWith(text, true);
}

export function keyTextOf(bytes: Uint8Array): string {
  return textWith(bytes, false);
}

/** @throws Fault INVALID_ARGUMENT for text that is no Unicode (half of a surrogate pair) */
export function keyBytesOf(text: string): Uint8Array {
  return bytesWith(text, false);
}

function textWith(bytes: Uint8Array, nullable: boolean): string {
  const text = plainText(bytes);
  return text === undefined || isForm(text, nullable) ? `${BASE64}${base64(bytes)}` : text;
}

function bytesWith(text: string, nullable: boolean): Uint8Array {
  return isForm(text, nullable) ? Buffer.from(text.slice(BASE64.length), 'base64') : utf8(text);
}

/** @throws Fault INVALID_ARGUMENT for text that is no Unicode (half of a surrogate pair) */
export function utf8(text: string): Buffer {
  if (!text.isWellFormed()) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `${JSON.stringify(text.slice(0, 80))} has half of a surrogate pair: it is no Unicode text and cannot be stored as UTF-8.`,
    );
  }
  return Buffer.from(text);
}

/** UTF-8 as text; undefined for other bytes. */
export function plainText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    : undefined;
}

/** Whether this text stands for something that is not its own UTF-8. Each level of base64 is a
 * quarter shorter than the one around it, so this ends soon. */
function isForm(text: string, nullable: boolean): boolean {
  if (!text.startsWith(BASE64)) return nullable && text === NULL;
  const bytes = Buffer.from(text.slice(BASE64.length), 'base64');
  if (base64(bytes) !== text.slice(BASE64.length)) return false;
  const inner = plainText(bytes);
  return inner === undefined || isForm(inner, nullable);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
