import { RequestError } from './errors.ts';
import { FIELDS, isName } from './fields.ts';
import { checkAuthority } from './target.ts';

/** Options of the Connection header, as bits. */
export const CLOSE = 1;
export const KEEP_ALIVE = 2;
export const UPGRADE = 4;

/** The fields of a head that HTTP/1.1 itself acts on. */
export interface KnownFields {
  authority: string;
  /** 0 for no body, -1 for a chunked one. */
  bodyLength: number;
  connection: number;
  expectContinue: boolean;
  hasUpgrade: boolean;
}

interface Found extends KnownFields {
  hosts: number;
  lengths: number;
  transferEncoding: string | undefined;
}

/**
 * Reads them from the head whose offsets are in FIELDS now.
 * @param text of the head, from `start` on
 * @throws RequestError for fields that contradict each other or HTTP
 */
export function readKnownFields(
  bytes: Buffer,
  start: number,
  text: string,
  minor: 0 | 1,
): KnownFields {
  const found: Found = {
    authority: '',
    bodyLength: 0,
    connection: 0,
    expectContinue: false,
    hasUpgrade: false,
    hosts: 0,
    lengths: 0,
    transferEncoding: undefined,
  };
  const offsets = FIELDS.offsets;
  const stop = FIELDS.count * 4;
  for (let at = 0; at < stop; at += 4) {
    const name = offsets[at]!;
    const length = offsets[at + 1]! - name;
    // The lengths of the names below, so that other fields cost one look.
    if (length === 4 || length === 6 || length === 7 || length === 10 || length >= 14) {
      readField(bytes, start + name, length, text, offsets[at + 2]!, offsets[at + 3]!, found);
    }
  }
  if (found.transferEncoding !== undefined) {
    checkTransferEncoding(found.transferEncoding, found.lengths > 0, minor);
    found.bodyLength = -1;
  }
  if (found.hosts === 0 && minor === 1) throw new RequestError(400, 'The header Host is missing.');
  if (found.authority !== '') checkAuthority(found.authority);
  if (minor === 0) found.expectContinue = false;
  return found;
}

function readField(
  bytes: Buffer,
  name: number,
  length: number,
  text: string,
  from: number,
  to: number,
  found: Found,
): void {
  switch (length) {
    case 4:
      if (!isName(bytes, name, 'host')) return;
      if (found.hosts++ > 0) throw new RequestError(400, 'The header Host came twice.');
      found.authority = text.slice(from, to);
      return;
    case 6:
      if (!isName(bytes, name, 'expect')) return;
      if (text.slice(from, to).toLowerCase() !== '100-continue') {
        throw new RequestError(417, 'The only expectation that is met here is 100-continue.');
      }
      found.expectContinue = true;
      return;
    case 7:
      if (isName(bytes, name, 'upgrade')) found.hasUpgrade = true;
      return;
    case 10:
      if (isName(bytes, name, 'connection')) {
        found.connection |= connectionOptions(text.slice(from, to));
      }
      return;
    case 14:
      if (!isName(bytes, name, 'content-length')) return;
      if (found.lengths++ > 0) {
        throw new RequestError(400, 'The header Content-Length came twice.');
      }
      found.bodyLength = parseLength(text.slice(from, to));
      return;
    case 17:
      if (!isName(bytes, name, 'transfer-encoding')) return;
      if (found.transferEncoding !== undefined) {
        throw new RequestError(400, 'The header Transfer-Encoding came twice.');
      }
      found.transferEncoding = text.slice(from, to);
  }
}

function connectionOptions(value: string): number {
  if (value === 'keep-alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  let options = 0;
  for (const option of value.toLowerCase().split(',')) {
    const name = option.trim();
    if (name === 'close') options |= CLOSE;
    else if (name === 'keep-alive') options |= KEEP_ALIVE;
    else if (name === 'upgrade') options |= UPGRADE;
  }
  return options;
}

function parseLength(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) {
    throw new RequestError(400, 'Content-Length is no number of bytes.');
  }
  return Number(value);
}

/** RFC 9112 section 6.1: nothing but `chunked`; what smuggling lives on is refused. */
function checkTransferEncoding(value: string, hasLength: boolean, minor: 0 | 1): void {
  if (hasLength) {
    throw new RequestError(400, 'Content-Length and Transfer-Encoding came together.');
  }
  if (minor === 0) throw new RequestError(400, 'HTTP/1.0 has no Transfer-Encoding.');
  if (value.toLowerCase() === 'chunked') return;
  const codings = value
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  const at = codings.indexOf('chunked');
  if ((at >= 0 && at < codings.length - 1) || !codings.every(isCoding)) {
    throw new RequestError(400, 'Transfer-Encoding must name chunked once, and last.');
  }
  throw new RequestError(501, 'The only transfer coding that is understood here is chunked.');
}

function isCoding(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(text);
}
