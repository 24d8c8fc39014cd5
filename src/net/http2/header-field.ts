/** What a field's name means for the rules of requests (RFC 9113 sections 8.2 and 8.3). */
export const FieldKind = {
  REGULAR: 0,
  METHOD: 1,
  SCHEME: 2,
  PATH: 3,
  AUTHORITY: 4,
  HOST: 5,
  CONTENT_LENGTH: 6,
  EXPECT: 7,
} as const;

const KINDS = new Map<string, number>([
  [':method', FieldKind.METHOD],
  [':scheme', FieldKind.SCHEME],
  [':path', FieldKind.PATH],
  [':authority', FieldKind.AUTHORITY],
  ['host', FieldKind.HOST],
  ['content-length', FieldKind.CONTENT_LENGTH],
  ['expect', FieldKind.EXPECT],
]);

/** Fields that belong to one HTTP/1.1 connection (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** Bytes that a list entry counts beside its name and value (RFC 7541 section 4.1). */
const OVERHEAD_BYTES = 32;

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^(?![ \t])[\t\x20-\x7e\x80-\xff]*(?<![ \t])$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SCHEME = /^[a-z][a-z0-9+\-.]*$/i;
const PATH = /^(?:\/[\x21\x22\x24-\x7e]*|\*)$/;
/** host or [IPv6 address], and perhaps a port (RFC 3986 section 3.2, no user information). */
const AUTHORITY = /^(?:[0-9A-Za-z\-._~!$&'()*+;=%]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
const LENGTH = /^[0-9]{1,15}$/;

/**
 * One decoded header field. It lives in the dynamic table as long as the peer refers to it, so
 * that everything that depends on the field alone is looked at once, not for each request.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Size as tables and lists count it. */
  readonly listBytes: number;
  /** One of FieldKind. */
  readonly kind: number;
  /** What makes every request with it malformed; undefined for nothing. */
  readonly malformed: string | undefined;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.listBytes = name.length + value.length + OVERHEAD_BYTES;
    this.kind = KINDS.get(name) ?? FieldKind.REGULAR;
    this.malformed = defectOf(this.kind, name, value);
  }
}

function defectOf(kind: number, name: string, value: string): string | undefined {
  switch (kind) {
    case FieldKind.METHOD:
      return TOKEN.test(value) ? undefined : ':method is no token';
    case FieldKind.SCHEME:
      return SCHEME.test(value) ? undefined : ':scheme is no scheme';
    case FieldKind.PATH:
      return PATH.test(value) ? undefined : ':path is neither a path nor *';
    case FieldKind.AUTHORITY:
      return AUTHORITY.test(value) ? undefined : ':authority is no host with an optional port';
    case FieldKind.HOST:
      return AUTHORITY.test(value) ? undefined : 'host is no host with an optional port';
    case FieldKind.CONTENT_LENGTH:
      return LENGTH.test(value) ? undefined : 'content-length is no number of bytes';
    default:
      break;
  }
  if (!NAME.test(name)) {
    return name.startsWith(':') ? 'an unknown pseudo-header' : 'a name that is no lower-case token';
  }
  if (!VALUE.test(value)) return `${name} has characters that a value may not have`;
  if (CONNECTION_SPECIFIC.has(name)) return `${name} belongs to HTTP/1.1 connections`;
  if (name === 'te' && value !== 'trailers') return 'te is not "trailers"';
  return undefined;
}
