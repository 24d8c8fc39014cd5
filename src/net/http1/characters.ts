/** Classes of bytes in an HTTP/1.1 head, one lookup each. */

const TOKEN_SIGNS = "!#$%&'*+-.^_`|~";

/** tchar of RFC 9110 section 5.6.2. */
export const TOKEN = new Uint8Array(256);
/** What a field value may have: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5). */
export const VALUE = new Uint8Array(256);
/** What a request target may have: VCHAR but '#', which never belongs to one (RFC 9112 section 3.2). */
export const TARGET = new Uint8Array(256);
/** Value of a hexadecimal digit plus one; 0 for what is none. */
export const HEX = new Uint8Array(256);

for (let byte = 0x21; byte < 0x7f; byte++) {
  const character = String.fromCharCode(byte);
  if (/[0-9A-Za-z]/.test(character) || TOKEN_SIGNS.includes(character)) TOKEN[byte] = 1;
  if (character !== '#') TARGET[byte] = 1;
  VALUE[byte] = 1;
  if (/[0-9A-Fa-f]/.test(character)) HEX[byte] = Number.parseInt(character, 16) + 1;
}
VALUE.fill(1, 0x80);
VALUE[0x09] = 1;
VALUE[0x20] = 1;

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
