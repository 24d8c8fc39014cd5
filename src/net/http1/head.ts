import { CR, LF, SPACE, TARGET, TOKEN } from './characters.ts';
import { RequestError } from './errors.ts';
import { parseFields, TextFields } from './fields.ts';
import { CLOSE, KEEP_ALIVE, readKnownFields, UPGRADE } from './known-fields.ts';
import { authorityOfTarget } from './target.ts';

export interface HeadLimits {
  /** Largest head, in bytes, empty line included. */
  readonly headerBytes: number;
  /** Longest request target, in bytes. */
  readonly targetBytes: number;
  /** Most header fields. */
  readonly headers: number;
}

/** The head of a request, understood as far as HTTP itself needs it. */
export interface Head {
  readonly method: string;
  /** Begins with '/', or is '*'. */
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  /** HTTP/1.x */
  readonly minor: 0 | 1;
  readonly fields: TextFields;
  /** Length of the body; 0 for none, -1 for a chunked one. */
  readonly bodyLength: number;
  /** The connection stays open after the response (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
  /** `Connection: upgrade` with an Upgrade field. */
  readonly upgrade: boolean;
  /** Bytes of the head. */
  readonly byteLength: number;
}

const LONGEST_METHOD = 32;

/** Interned names, so that routers compare pointers. */
function methodName(bytes: Buffer, start: number, end: number): string {
  const first = bytes[start]!;
  const length = end - start;
  if (length === 3 && first === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) {
    return 'GET';
  }
  if (length === 4 && first === 0x50 && bytes.toString('latin1', start, end) === 'POST')
    return 'POST';
  return bytes.toString('latin1', start, end);
}

function refuseRequestLine(byte: number, what: string): never {
  if (byte === LF) throw new RequestError(400, 'A line ends with LF alone; expected CR LF.');
  throw new RequestError(400, `The ${what} has the byte 0x${byte.toString(16)}.`);
}

function refuseVersion(bytes: Buffer, start: number): never {
  const text = bytes.toString('latin1', start, start + 8);
  if (/^HTTP\/[0-9]\.[0-9]$/.test(text)) {
    throw new RequestError(505, `${text} is not spoken here; HTTP/1.1 and HTTP/1.0 are.`);
  }
  throw new RequestError(400, 'The request line does not end with an HTTP version.');
}

/** 1 or 0 for HTTP/1.1 and HTTP/1.0; -1 for a version that is not complete yet. */
function parseVersion(bytes: Buffer, start: number, end: number): -1 | 0 | 1 {
  if (end - start < 10) {
    for (let index = start; index < end; index++) {
      if (bytes[index] === LF && bytes[index - 1] !== CR) {
        refuseRequestLine(LF, 'HTTP version');
      }
      if (bytes[index] === CR && index - start !== 8) refuseVersion(bytes, start);
    }
    return -1;
  }
  // "HTTP/1."
  if (
    bytes[start] !== 0x48 ||
    bytes[start + 1] !== 0x54 ||
    bytes[start + 2] !== 0x54 ||
    bytes[start + 3] !== 0x50 ||
    bytes[start + 4] !== 0x2f ||
    bytes[start + 5] !== 0x31 ||
    bytes[start + 6] !== 0x2e
  ) {
    refuseVersion(bytes, start);
  }
  const minor = bytes[start + 7]! - 0x30;
  if (minor !== 0 && minor !== 1) refuseVersion(bytes, start);
  if (bytes[start + 8] !== CR || bytes[start + 9] !== LF) {
    throw new RequestError(400, 'The request line does not end with CR LF after the version.');
  }
  return minor;
}

/**
 * Parses a request's head that begins at `start` (RFC 9112 sections 2 to 6), in place. Answers
 * undefined when it is not complete.
 * @throws RequestError for a head that HTTP forbids or that is past a limit
 */
export function parseHead(
  bytes: Buffer,
  start: number,
  end: number,
  limits: HeadLimits,
): Head | undefined {
  let byte = 0;
  let position = start;
  while (position < end && TOKEN[(byte = bytes[position]!)] === 1) position++;
  if (position - start > LONGEST_METHOD) throw new RequestError(400, 'The method is too long.');
  if (position === end) return undefined;
  if (byte !== SPACE || position === start) refuseRequestLine(byte, 'method');
  const methodEnd = position;

  const targetStart = ++position;
  while (position < end && TARGET[(byte = bytes[position]!)] === 1) position++;
  if (position - targetStart > limits.targetBytes) {
    throw new RequestError(414, `The request target is longer than ${limits.targetBytes} bytes.`);
  }
  if (position === end) return undefined;
  if (byte !== SPACE || position === targetStart) refuseRequestLine(byte, 'request target');
  const targetEnd = position;

  const minor = parseVersion(bytes, position + 1, end);
  if (minor === -1) return undefined;
  const fieldsEnd = parseFields(bytes, position + 11, end, start, limits.headers);
  const length = (fieldsEnd === -1 ? end : fieldsEnd) - start;
  if (length > limits.headerBytes) {
    throw new RequestError(431, `The head is longer than ${limits.headerBytes} bytes.`);
  }
  if (fieldsEnd === -1) return undefined;
  return understand(bytes, start, fieldsEnd, methodEnd, targetStart, targetEnd, minor);
}

function understand(
  bytes: Buffer,
  start: number,
  end: number,
  methodEnd: number,
  targetStart: number,
  targetEnd: number,
  minor: 0 | 1,
): Head {
  const text = bytes.toString('latin1', start, end);
  const fields = new TextFields(text);
  const method = methodName(bytes, start, methodEnd);
  const known = readKnownFields(bytes, start, text, minor);
  let authority = known.authority;

  const target = text.slice(targetStart - start, targetEnd - start);
  let path = target;
  if (target.charCodeAt(0) !== 0x2f) {
    const absolute = authorityOfTarget(target, method);
    if (absolute !== undefined) {
      authority = absolute.authority;
      path = absolute.path;
    }
  }
  const question = path.indexOf('?');
  return {
    method,
    path: question < 0 ? path : path.slice(0, question),
    query: question < 0 ? '' : path.slice(question + 1),
    authority,
    minor,
    fields,
    bodyLength: known.bodyLength,
    keepAlive:
      minor === 1
        ? (known.connection & CLOSE) === 0
        : (known.connection & (CLOSE | KEEP_ALIVE)) === KEEP_ALIVE,
    expectContinue: known.expectContinue && known.bodyLength !== 0,
    upgrade: known.hasUpgrade && (known.connection & UPGRADE) !== 0 && minor === 1,
    byteLength: end - start,
  };
}
