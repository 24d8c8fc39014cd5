import { authorizeKnown } from '../hub/authorize.ts';
import type { Hub } from '../hub/hub.ts';
import type { Exchange } from '../hub/transport.ts';
import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import type { Metadata } from '../model/metadata.ts';
import { type Credentials, NO_CREDENTIALS, type Principal } from '../model/principal.ts';
import { type TraceContext, traceContext } from '../model/trace.ts';

/**
 * What every HTTP-borne protocol takes from a request's head in the same way: who calls, how long
 * they wait, which trace it belongs to, which headers handlers may see.
 */

/** `Authorization: Bearer` or `Basic` (RFC 6750, RFC 7617).
 * @throws Fault UNAUTHENTICATED for a scheme or form that is not understood. */
export function credentialsOf(authorization: string | undefined): Credentials {
  if (authorization === undefined) return NO_CREDENTIALS;
  const space = authorization.indexOf(' ');
  const scheme = (space < 0 ? authorization : authorization.slice(0, space)).toLowerCase();
  const value = space < 0 ? '' : authorization.slice(space + 1).trim();
  if (scheme === 'bearer' && value !== '') return { kind: 'bearer', token: value };
  if (scheme === 'basic' && value !== '') {
    const text = Buffer.from(value, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon >= 0) {
      return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) };
    }
  }
  throw new Fault(
    'UNAUTHENTICATED',
    'The Authorization header is not understood; send "Bearer <token>" or "Basic <base64>".',
  );
}

export function principalOf(hub: Hub, exchange: Exchange): MaybePromise<Principal> {
  return hub.authenticate(credentialsOf(exchange.headers.get('authorization')));
}

/** Whoever asks for something that belongs to no operation (`authorizeKnown`).
 * @throws Fault UNAUTHENTICATED for bad credentials, and for none where those are refused */
export function knownPrincipalOf(
  hub: Hub,
  exchange: Exchange,
  what: string,
): MaybePromise<Principal> {
  const check = (principal: Principal): Principal => {
    authorizeKnown(hub, principal, what);
    return principal;
  };
  const principal = principalOf(hub, exchange);
  return isPromise(principal) ? principal.then(check) : check(principal);
}

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** Deadline from `X-Timeout-Ms`, in milliseconds since the epoch; undefined where there is none.
 * @throws Fault INVALID_ARGUMENT for anything but a positive whole number. */
export function deadlineOf(headers: Metadata): number | undefined {
  const text = headers.get('x-timeout-ms');
  if (text === undefined) return undefined;
  const timeoutMs = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (timeoutMs === 0) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `Header X-Timeout-Ms is ${JSON.stringify(text.slice(0, 32))}; expected milliseconds, a whole number from 1.`,
    );
  }
  return Date.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

export function traceOf(headers: Metadata): TraceContext | undefined {
  const traceparent = headers.get('traceparent');
  return traceparent === undefined
    ? undefined
    : traceContext(traceparent, headers.get('tracestate'));
}

const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** A view of a request's headers that handlers may see: all but credentials. */
export class CallHeaders implements Metadata {
  readonly #headers: Metadata;

  constructor(headers: Metadata) {
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    return SECRET.has(name) ? undefined : this.#headers.get(name);
  }

  *entries(): Iterable<readonly [string, string]> {
    for (const pair of this.#headers.entries()) if (!SECRET.has(pair[0])) yield pair;
  }
}
