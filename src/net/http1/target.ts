import { RequestError } from './errors.ts';

/** host or [IPv6 address], and perhaps a port (RFC 3986 section 3.2, without user information). */
const AUTHORITY = /^(?:[0-9A-Za-z\-._~!$&'()*+;=%]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** @throws RequestError 400 for a Host that cannot be one */
export function checkAuthority(authority: string): void {
  if (!AUTHORITY.test(authority)) {
    throw new RequestError(400, 'The header Host is no host with an optional port.');
  }
}

/**
 * A request target that does not begin with '/' (RFC 9112 section 3.2): the absolute form, whose
 * authority replaces the Host header's, or '*' of OPTIONS (then undefined).
 * @throws RequestError 400 for others, 501 for CONNECT
 */
export function authorityOfTarget(
  target: string,
  method: string,
): { readonly authority: string; readonly path: string } | undefined {
  if (method === 'CONNECT') {
    throw new RequestError(501, 'CONNECT is not served: this is no proxy.');
  }
  if (target === '*' && method === 'OPTIONS') return undefined;
  const match = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  if (match === null) {
    throw new RequestError(400, 'The request target is neither a path nor an http address.');
  }
  const authority = match[1]!;
  checkAuthority(authority);
  const rest = match[2]!;
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}
