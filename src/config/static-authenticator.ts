import { createHash } from 'node:crypto';
import type { Authenticator } from '../hub/authenticator.ts';
import { Fault } from '../model/fault.ts';
import type { Credentials, Principal } from '../model/principal.ts';
import type { Config } from './schema.ts';

/**
 * Callers from the configuration: bearer tokens, and users with passwords. Undefined where none
 * is configured.
 */
export function staticAuthenticator(auth: Config['auth']): Authenticator | undefined {
  if (auth.tokens.length + auth.users.length === 0) return undefined;
  // Digests are looked up, not secrets compared: time tells nothing about how much was right.
  const known = new Map<string, Principal>();
  for (const { id, token, scopes } of auth.tokens) {
    known.set(digest('bearer', token), { id, authenticated: true, scopes: new Set(scopes) });
  }
  for (const { user, password, scopes } of auth.users) {
    known.set(digest('password', user, password), {
      id: user,
      authenticated: true,
      scopes: new Set(scopes),
    });
  }
  return {
    anonymous: auth.anonymous,
    authenticate(credentials) {
      const principal = known.get(digestOf(credentials));
      if (principal !== undefined) return principal;
      throw new Fault('UNAUTHENTICATED', 'These credentials are not known here.');
    },
  };
}

function digestOf(credentials: Credentials): string {
  switch (credentials.kind) {
    case 'bearer':
      return digest('bearer', credentials.token);
    case 'password':
      return digest('password', credentials.user, credentials.password);
    case 'none':
      return '';
  }
}

/** The parts are told apart by their lengths. */
function digest(kind: string, ...parts: readonly string[]): string {
  const hash = createHash('sha256').update(kind);
  for (const part of parts) hash.update(`\0${Buffer.byteLength(part)}\0`).update(part);
  return hash.digest('base64');
}
