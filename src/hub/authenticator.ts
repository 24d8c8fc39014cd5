import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Credentials, Principal, ScramHash, ScramVerifier } from '../model/principal.ts';

/** Decides who a caller is. Without one, whoever reaches the hub is the local principal. */
export interface Authenticator {
  /** @throws Fault UNAUTHENTICATED for credentials that are not good. Never asked about missing
   * ones: those give the anonymous principal. */
  authenticate(credentials: Credentials): MaybePromise<Principal>;
  /** For a user that is not there too. Absent where no user has a password. */
  readonly verifier?: ((user: string, hash: ScramHash) => Promise<ScramVerifier>) | undefined;
  /** What a caller without credentials may use: nothing, or what asks for no scope. */
  readonly anonymous: 'deny' | 'allow';
}
