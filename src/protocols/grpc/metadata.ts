import { type HeaderList, headerList } from '../../hub/header-list.ts';
import { Fault } from '../../model/fault.ts';
import type { Metadata } from '../../model/metadata.ts';
import { CallHeaders } from '../../wire/http-call.ts';

/**
 * Metadata and deadlines of gRPC and Connect in HTTP headers. Binary values (names that end in
 * `-bin`) are base64 on the wire; handlers read and set them as base64 with padding.
 */

const UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

function badTimeout(header: string, text: string, expected: string): Fault {
  return new Fault(
    'INVALID_ARGUMENT',
    `Header ${header} is ${JSON.stringify(text.slice(0, 32))}; expected ${expected}.`,
  );
}

/** When the time of `grpc-timeout` runs out, in milliseconds since the epoch.
 * @throws Fault INVALID_ARGUMENT for anything but at most eight digits and a unit */
export function grpcDeadline(headers: Metadata): number | undefined {
  const text = headers.get('grpc-timeout');
  if (text === undefined) return undefined;
  const unit = UNITS_MS[text.at(-1) ?? ''];
  if (unit === undefined || !/^[0-9]{1,8}.$/.test(text)) {
    throw badTimeout('grpc-timeout', text, 'one to eight digits and one of H, M, S, m, u, n');
  }
  return Date.now() + Math.min(Number(text.slice(0, -1)) * unit, MAX_TIMEOUT_MS);
}

/** The same for `connect-timeout-ms`. */
export function connectDeadline(headers: Metadata): number | undefined {
  const text = headers.get('connect-timeout-ms');
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,10}$/.test(text)) {
    throw badTimeout('connect-timeout-ms', text, 'one to ten digits');
  }
  return Date.now() + Math.min(Number(text), MAX_TIMEOUT_MS);
}

/** Headers of a request as handlers see them. */
export class CallMetadata implements Metadata {
  readonly #headers: CallHeaders;

  constructor(headers: Metadata) {
    this.#headers = new CallHeaders(headers);
  }

  get(name: string): string | undefined {
    const value = this.#headers.get(name);
    return value !== undefined && name.endsWith('-bin') ? padded(value) : value;
  }

  *entries(): Iterable<readonly [string, string]> {
    for (const [name, value] of this.#headers.entries()) {
      yield name.endsWith('-bin') ? [name, padded(value)] : [name, value];
    }
  }
}

/** Base64 with padding, each of several values by itself; clients may leave padding out. */
function padded(value: string): string {
  return value
    .split(',')
    .map((one) => Buffer.from(one.trim(), 'base64').toString('base64'))
    .join(', ');
}

/** What handlers cannot set: it belongs to HTTP or to the protocols. */
const OWN =
  /^(?:content-|grpc-|connect-|trailer-|accept-|transfer-encoding$|connection$|keep-alive$|proxy-connection$|te$|trailer$|upgrade$|date$|host$)/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const NOT_VISIBLE = /[^\x20-\x7e]/gu;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reply metadata as name, value, name, value, ... in the form of headers. */
export function replyHeaders(
  metadata: ReadonlyMap<string, string> | undefined,
  prefix = '',
): string[] {
  if (metadata === undefined) return [];
  const flat: string[] = [];
  for (const [name, value] of metadata) {
    if (OWN.test(name) || !TOKEN.test(name)) continue;
    flat.push(prefix + name, headerValue(name, value));
  }
  return flat;
}

function headerValue(name: string, value: string): string {
  if (!name.endsWith('-bin')) {
    return value.toWellFormed().replace(NOT_VISIBLE, encodeURIComponent).trim();
  }
  return BASE64.test(value) ? value : Buffer.from(value).toString('base64');
}

/** A list with metadata behind; the list itself where there is none. */
export function withMetadata(list: HeaderList, more: readonly string[]): HeaderList {
  return more.length === 0 ? list : headerList(...list.flat, ...more);
}

const MESSAGE_SPECIAL = /[^\x20-\x24\x26-\x7e]/g;

/** `grpc-message`: UTF-8, percent-encoded where it is not visible ASCII, or a percent sign. */
export function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(
      MESSAGE_SPECIAL,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}
