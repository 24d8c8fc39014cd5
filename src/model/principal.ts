/** Who calls. One kind of principal for all protocols; decisions are made on its scopes. */
export interface Principal {
  /** Stable name for logs and policies, never a secret. */
  readonly id: string;
  /** False for a caller who gave no credentials where credentials are asked for. */
  readonly authenticated: boolean;
  /** `*` grants every scope. */
  readonly scopes: ReadonlySet<string>;
}

/** Whoever reaches a hub without configured authentication (loopback only by default). */
export const LOCAL: Principal = Object.freeze({
  id: 'local',
  authenticated: true,
  scopes: new Set(['*']),
});

/** A caller without credentials at a hub that asks for them. */
export const ANONYMOUS: Principal = Object.freeze({
  id: 'anonymous',
  authenticated: false,
  scopes: new Set<string>(),
});

export function hasScopes(principal: Principal, needed: readonly string[]): boolean {
  if (principal.scopes.has('*')) return true;
  for (const scope of needed) if (!principal.scopes.has(scope)) return false;
  return true;
}

/** What a client showed to prove who it is; a protocol fills in what it has. Never logged. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | PasswordProof;

/** A user's proof of knowing the password, without the password: only who has the password itself
 * (and not merely its hash) can check it. */
export interface PasswordProof {
  readonly kind: 'proof';
  readonly user: string;
  /** Whether the proof was made with this password; takes the same time for every one. */
  matches(password: string): boolean;
}

export type ScramHash = 'sha256' | 'sha512';

/** What a user's knowledge of the password is checked by in SCRAM (RFC 5802), without the password. */
export interface ScramVerifier {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  /** Undefined for a user that is not there: its keys fit no password. */
  readonly principal: Principal | undefined;
}

export const NO_CREDENTIALS: Credentials = Object.freeze({ kind: 'none' });
