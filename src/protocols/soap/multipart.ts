import { Fault } from '../../model/fault.ts';

/** One part of a multipart message. */
export interface Part {
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** A view into the message. */
  readonly body: Buffer;
}

const MAX_HEADER_BYTES = 8192;
const MAX_HEADERS = 32;
const CRLF_CRLF = Buffer.from('\r\n\r\n');
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/**
 * The parts of a whole multipart body (RFC 2046 section 5.1). Preamble and epilogue are skipped.
 * @throws Fault INVALID_ARGUMENT for a body that is not closed, RESOURCE_EXHAUSTED for more parts
 */
export function parseMultipart(body: Buffer, boundary: string, maxParts: number): Part[] {
  if (!BOUNDARY.test(boundary)) throw broken('has a boundary that RFC 2046 does not allow');
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const first = delimiter.subarray(2);
  const parts: Part[] = [];
  let at: number;
  if (body.subarray(0, first.length).equals(first)) at = first.length;
  else {
    const found = body.indexOf(delimiter);
    if (found < 0) throw broken('has no part');
    at = found + delimiter.length;
  }
  for (;;) {
    // Behind a delimiter: "--" ends the body, else white space and the end of the line.
    if (body[at] === 0x2d && body[at + 1] === 0x2d) return parts;
    while (body[at] === 0x20 || body[at] === 0x09) at++;
    if (body[at] !== 0x0d || body[at + 1] !== 0x0a) throw broken('has a broken delimiter line');
    const next = body.indexOf(delimiter, at);
    if (next < 0) throw broken('ends without its closing delimiter');
    if (parts.length >= maxParts) {
      throw new Fault('RESOURCE_EXHAUSTED', `The message has more than ${maxParts} parts.`);
    }
    parts.push(partOf(body.subarray(at, next)));
    at = next + delimiter.length;
  }
}

/** @param bytes begin with the line end behind the delimiter */
function partOf(bytes: Buffer): Part {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(CRLF_CRLF);
  if (end < 0) throw broken(`has a part whose headers do not end within ${MAX_HEADER_BYTES} bytes`);
  const headers = new Map<string, string>();
  const text = bytes.toString('latin1', 2, end).replace(/\r\n[ \t]+/g, ' ');
  for (const line of text === '' ? [] : text.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || headers.has(name) || headers.size >= MAX_HEADERS) {
      throw broken('has a part with a header that is none, is there twice, or is one too many');
    }
    headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, body: bytes.subarray(end + CRLF_CRLF.length) };
}

function broken(reason: string): Fault {
  return new Fault('INVALID_ARGUMENT', `The multipart message ${reason}.`);
}
