import { Fault } from '../model/fault.ts';
import { hasScopes, type Principal } from '../model/principal.ts';

const NO_SCOPES: readonly string[] = [];

/**
 * For what belongs to no operation, such as a contract's document or the figures: whoever may use
 * the hub at all may have it, and nobody else.
 * @param what as the caller reads it: `The contract`
 * @throws Fault UNAUTHENTICATED for a caller without credentials, where those are refused
 */
export function authorizeKnown(
  hub: { readonly anonymousDenied: boolean },
  principal: Principal,
  what: string,
): void {
  authorize(principal, NO_SCOPES, hub.anonymousDenied, what);
}

/**
 * Throws unless the principal may use something that needs these scopes.
 * @param what as the caller reads it: `Operation orders.get`
 * @throws Fault UNAUTHENTICATED for a caller without credentials where any are needed;
 *   PERMISSION_DENIED, which names the scopes that are missing.
 */
export function authorize(
  principal: Principal,
  scopes: readonly string[],
  anonymousDenied: boolean,
  what: string,
): void {
  if (!principal.authenticated) {
    if (anonymousDenied || !hasScopes(principal, scopes)) {
      throw new Fault('UNAUTHENTICATED', `${what} needs credentials, and none were sent.`);
    }
    return;
  }
  if (scopes.length === 0 || hasScopes(principal, scopes)) return;
  const missing = scopes.filter((scope) => !principal.scopes.has(scope));
  throw new Fault(
    'PERMISSION_DENIED',
    `${what} needs ${missing.length === 1 ? 'the scope' : 'the scopes'} ${missing.map((scope) => JSON.stringify(scope)).join(', ')}, which "${principal.id}" does not have.`,
  );
}
