import { FieldKind, type HeaderField } from './header-field.ts';

/** What the pseudo-headers and the fields with a meaning of their own said. */
export interface RequestHead {
  method: string;
  path: string;
  authority: string;
  /** undefined where it is not declared. */
  contentLength: number | undefined;
  /** The client waits for 100 (Continue) before it sends the body. */
  expectContinue: boolean;
}

/** The head read last; the next call of `readRequestHead` overwrites it. */
export const HEAD: RequestHead = {
  method: '',
  path: '',
  authority: '',
  contentLength: undefined,
  expectContinue: false,
};

/** For a request that is answered without being understood. */
export function clearHead(): undefined {
  HEAD.method = 'GET';
  HEAD.path = '/';
  HEAD.authority = '';
  HEAD.contentLength = undefined;
  HEAD.expectContinue = false;
  return undefined;
}

/**
 * Reads a request's fields into HEAD by the rules of RFC 9113 section 8.3.1. Answers what makes
 * the request malformed, or undefined when it is well-formed.
 */
export function readRequestHead(fields: readonly HeaderField[]): string | undefined {
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let host: string | undefined;
  let contentLength: string | undefined;
  let expectContinue = false;
  let regular = false;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    if (field.malformed !== undefined) return field.malformed;
    const value = field.value;
    const kind = field.kind;
    if (kind >= FieldKind.METHOD && kind <= FieldKind.AUTHORITY) {
      if (regular) return 'a pseudo-header behind other fields';
    } else regular = true;
    switch (kind) {
      case FieldKind.METHOD:
        if (method !== undefined) return ':method twice';
        method = value;
        break;
      case FieldKind.SCHEME:
        if (scheme !== undefined) return ':scheme twice';
        scheme = value;
        break;
      case FieldKind.PATH:
        if (path !== undefined) return ':path twice';
        path = value;
        break;
      case FieldKind.AUTHORITY:
        if (authority !== undefined) return ':authority twice';
        authority = value;
        break;
      case FieldKind.HOST:
        if (host !== undefined) return 'host twice';
        host = value;
        break;
      case FieldKind.CONTENT_LENGTH:
        if (contentLength !== undefined && contentLength !== value) return 'two content-lengths';
        contentLength = value;
        break;
      case FieldKind.EXPECT:
        expectContinue = value.toLowerCase() === '100-continue';
        break;
    }
  }
  if (method === undefined) return 'no :method';
  if (method === 'CONNECT') {
    if (scheme !== undefined || path !== undefined) return 'CONNECT with :scheme or :path';
    if (authority === undefined) return 'CONNECT without :authority';
    path = '';
  } else {
    if (scheme === undefined) return 'no :scheme';
    if (path === undefined) return 'no :path';
    if (path === '*' && method !== 'OPTIONS') return ':path * without OPTIONS';
  }
  if (authority === undefined) {
    if (host === undefined) return 'neither :authority nor host';
    authority = host;
  } else if (host !== undefined && host !== authority) return 'host differs from :authority';
  HEAD.method = method;
  HEAD.path = path;
  HEAD.authority = authority;
  HEAD.contentLength = contentLength === undefined ? undefined : Number(contentLength);
  HEAD.expectContinue = expectContinue;
  return undefined;
}

/** What makes trailers malformed (RFC 9113 section 8.1); undefined for nothing. */
export function trailerDefect(fields: readonly HeaderField[]): string | undefined {
  for (const field of fields) {
    if (field.malformed !== undefined) return field.malformed;
    if (field.kind >= FieldKind.METHOD && field.kind <= FieldKind.AUTHORITY) {
      return 'a pseudo-header in trailers';
    }
  }
  return undefined;
}
