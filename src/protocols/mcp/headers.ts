import type { Metadata } from '../../model/metadata.ts';
import { HEADER_MISMATCH, INVALID_PARAMS, ProtocolFault, UNSUPPORTED_VERSION } from './faults.ts';
import { META, MODERN_VERSION, SESSION_VERSIONS, VERSIONS } from './names.ts';
import { isObject, type Parameters } from './request.ts';

/** What revision 2026-07-28 says in headers too ("Request Metadata" of streamable HTTP). */
export const VERSION_HEADER = 'mcp-protocol-version';
export const SESSION_HEADER = 'mcp-session-id';
const METHOD_HEADER = 'mcp-method';
const NAME_HEADER = 'mcp-name';

/** Parameter that `Mcp-Name` repeats, by method. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** Whether a request is one of the revision without sessions: by what it says of itself. */
export function isModern(headers: Metadata, params: unknown): boolean {
  if (versionIn(params) !== undefined) return true;
  const version = headers.get(VERSION_HEADER);
  if (version === undefined) return headers.get(METHOD_HEADER) !== undefined;
  return !SESSION_VERSIONS.includes(version) && headers.get(SESSION_HEADER) === undefined;
}

/** The revision that a request names in its body. */
export function versionIn(params: unknown): unknown {
  const meta = isObject(params) ? params._meta : undefined;
  return isObject(meta) ? meta[META.version] : undefined;
}

/**
 * Checks what every request must say, with or without headers.
 * @throws ProtocolFault -32602 for what is missing, -32022 for a revision that is not spoken here
 */
export function checkModernMeta({ meta }: Parameters): void {
  const version = meta[META.version];
  if (typeof version !== 'string') throw malformed(META.version, 'a string');
  if (version !== MODERN_VERSION) throw unsupported(version);
  if (!isObject(meta[META.clientCapabilities])) {
    throw malformed(META.clientCapabilities, 'an object');
  }
}

function malformed(name: string, expected: string): ProtocolFault {
  return new ProtocolFault(INVALID_PARAMS, `"params._meta["${name}"]" must be ${expected}.`, {
    status: 400,
  });
}

export function unsupported(version: string): ProtocolFault {
  const requested = version.slice(0, 100);
  return new ProtocolFault(
    UNSUPPORTED_VERSION,
    `The protocol version ${JSON.stringify(requested)} is not supported; supported are ${VERSIONS.join(', ')}.`,
    { status: 400, wireData: { supported: VERSIONS, requested } },
  );
}

/**
 * Checks that the headers say what the body says.
 * @throws ProtocolFault -32020, -32022
 */
export function checkModernHeaders(
  headers: Metadata,
  method: string,
  { members, meta }: Parameters,
): void {
  const version = headers.get(VERSION_HEADER);
  if (version === undefined) throw mismatch('MCP-Protocol-Version is missing');
  const own = meta[META.version];
  if (typeof own === 'string' && own !== version) {
    throw mismatch(`MCP-Protocol-Version is ${shown(version)}, and the body says ${shown(own)}`);
  }
  if (version !== MODERN_VERSION) throw unsupported(version);
  same('Mcp-Method', headers.get(METHOD_HEADER), method);
  const parameter = NAMED[method];
  if (parameter === undefined) return;
  const value = members[parameter];
  if (typeof value === 'string') same('Mcp-Name', decoded(headers.get(NAME_HEADER)), value);
}

function same(name: string, header: string | undefined, body: string): void {
  if (header === undefined) throw mismatch(`${name} is missing`);
  if (header !== body) {
    throw mismatch(`${name} is ${shown(header)}, and the body says ${shown(body)}`);
  }
}

const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** The text that a header's value stands for ("Value Encoding").
 * @throws ProtocolFault -32020 for bytes that are no UTF-8 */
function decoded(value: string | undefined): string | undefined {
  const base64 = value === undefined ? undefined : ENCODED.exec(value)?.[1];
  if (base64 === undefined) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(base64, 'base64'),
    );
  } catch {
    throw mismatch('Mcp-Name is encoded as bytes that are no UTF-8');
  }
}

function mismatch(message: string): ProtocolFault {
  return new ProtocolFault(HEADER_MISMATCH, `Header mismatch: ${message}.`, { status: 400 });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
