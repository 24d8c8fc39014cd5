import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Credentials, Principal } from '../model/principal.ts';

/** Decides who a caller is. Without one, whoever reaches the hub is the local principal. */
export interface Authenticator {
  /** @throws Fault UNAUTHENTICATED for credentials that are not good. Never asked about missing
   * ones: those give the anonymous principal. */
  authenticate(credentials: Credentials): MaybePromise<Principal>;
  /** What a caller without credentials may use: nothing, or what asks for no scope. */
  readonly anonymous: 'deny' | 'allow';
}
