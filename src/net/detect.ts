import type { Detection } from '../hub/protocol.ts';

/** First bytes that are held while no protocol knows them for sure. */
export const MAX_DETECT_BYTES = 8_192;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const LONGEST_METHOD = 24;

/** A TLS handshake record (RFC 8446 section 5.1). */
export function detectTls(bytes: Buffer): Detection {
  if (bytes[0] !== 0x16) return 'no';
  if (bytes.length === 1) return 'more';
  return bytes[1] === 0x03 ? 'match' : 'no';
}

/** The connection preface of HTTP/2 (RFC 9113 section 3.4). */
export function detectHttp2(bytes: Buffer): Detection {
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return 'no';
  return length === PREFACE.length ? 'match' : 'more';
}

/** A method in capital letters and a space; empty lines before it are allowed (RFC 9112 section 2.2). */
export function detectHttp1(bytes: Buffer): Detection {
  // "PRI " looks like a method, and is none.
  if (detectHttp2(bytes) !== 'no') return detectHttp2(bytes) === 'more' ? 'more' : 'no';
  let start = 0;
  while (start < 4 && bytes[start] === 0x0d && bytes[start + 1] === 0x0a) start += 2;
  if (start === bytes.length || (bytes[start] === 0x0d && start + 1 === bytes.length)) {
    return 'more';
  }
  const end = Math.min(bytes.length, start + LONGEST_METHOD + 1);
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0x20) return index > start ? 'match' : 'no';
    if ((byte < 0x41 || byte > 0x5a) && byte !== 0x2d) return 'no';
  }
  return end - start > LONGEST_METHOD ? 'no' : 'more';
}
