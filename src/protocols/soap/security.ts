import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import type { Credentials } from '../../model/principal.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { MESSAGE_SECURITY, TOKEN_PROFILE, WSSE, WSU } from './namespaces.ts';
import { ReplayCache } from './replay.ts';

export interface SecurityOptions {
  readonly securityMaxAgeMs: number;
  readonly securityClockSkewMs: number;
  readonly securityMaxNonces: number;
}

/** What a Security header showed. */
export interface SecurityClaim {
  /** Absent for a header without a UsernameToken. */
  readonly credentials: Credentials | undefined;
  /** To be given to `forget` when the credentials turn out to be bad. */
  readonly replayKey: string | undefined;
}

const TEXT = `${TOKEN_PROFILE}#PasswordText`;
const DIGEST = `${TOKEN_PROFILE}#PasswordDigest`;
const BASE64 = `${MESSAGE_SECURITY}#Base64Binary`;
const MAX_TEXT = 4096;

/**
 * WS-Security 1.0 with the UsernameToken profile: Timestamp, and a user's password as text or as a
 * digest of nonce, time and password. Signatures and other tokens are refused, not skipped: whoever
 * sends them counts on them.
 */
export class Security {
  readonly #options: SecurityOptions;
  readonly #seen: ReplayCache;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(options: SecurityOptions, now: () => number = Date.now) {
    this.#options = options;
    this.#now = now;
    const { securityMaxAgeMs, securityClockSkewMs, securityMaxNonces } = options;
    this.#seen = new ReplayCache(securityMaxNonces, securityMaxAgeMs + 2 * securityClockSkewMs);
  }

  /** @throws Fault UNAUTHENTICATED, INVALID_ARGUMENT */
  read(header: XmlElement): SecurityClaim {
    let token: XmlElement | undefined;
    let timestamp: XmlElement | undefined;
    for (const child of header.children) {
      if (child.is(WSSE, 'UsernameToken') && token === undefined) token = child;
      else if (child.is(WSU, 'Timestamp') && timestamp === undefined) timestamp = child;
      else {
        throw new Fault(
          'UNAUTHENTICATED',
          `<${child.name.slice(0, 60)}> of the Security header is not understood; one UsernameToken and one Timestamp are.`,
        );
      }
    }
    if (timestamp !== undefined) this.#checkTimestamp(timestamp);
    return token === undefined
      ? { credentials: undefined, replayKey: undefined }
      : this.#token(token);
  }

  forget(claim: SecurityClaim): void {
    if (claim.replayKey !== undefined) this.#seen.release(claim.replayKey);
  }

  #checkTimestamp(timestamp: XmlElement): void {
    const nowMs = this.#now();
    const created = textOf(timestamp, WSU, 'Created');
    const expires = textOf(timestamp, WSU, 'Expires');
    if (created !== undefined) this.#checkAge(created, nowMs);
    if (expires === undefined) return;
    if (timeOf(expires, 'Expires') + this.#options.securityClockSkewMs <= nowMs) {
      throw refused('The message has expired by its Timestamp.');
    }
  }

  #checkAge(created: string, nowMs: number): void {
    const createdMs = timeOf(created, 'Created');
    const { securityMaxAgeMs, securityClockSkewMs } = this.#options;
    if (createdMs > nowMs + securityClockSkewMs) {
      throw refused('Created lies in the future; look after the clocks.');
    }
    if (createdMs + securityMaxAgeMs + securityClockSkewMs <= nowMs) {
      throw refused(`Created is older than ${securityMaxAgeMs} ms.`);
    }
  }

  #token(token: XmlElement): SecurityClaim {
    const user = textOf(token, WSSE, 'Username');
    const password = token.child(WSSE, 'Password');
    if (user === undefined || user === '') throw refused('The UsernameToken has no Username.');
    if (password === undefined) throw refused('The UsernameToken has no Password.');
    if (password.text.length > MAX_TEXT) throw refused('The Password is too long.');
    const nonce = nonceOf(token);
    const created = textOf(token, WSU, 'Created');
    const nowMs = this.#now();
    if (created !== undefined) this.#checkAge(created, nowMs);
    const type = password.attribute('Type') ?? TEXT;
    let credentials: Credentials;
    if (type === TEXT) {
      credentials = { kind: 'password', user, password: password.text };
    } else if (type === DIGEST) {
      if (nonce === undefined || created === undefined) {
        throw refused('A PasswordDigest needs Nonce and Created.');
      }
      credentials = digestCredentials(user, nonce, created, password.text.trim());
    } else {
      throw refused('The Type of Password is neither PasswordText nor PasswordDigest.');
    }
    if (nonce === undefined) return { credentials, replayKey: undefined };
    if (created === undefined) {
      throw refused('A Nonce needs Created beside it, to be remembered for a bounded time.');
    }
    const key = createHash('sha256').update(user).update('\0').update(nonce);
    const replayKey = key.digest('base64');
    this.#seen.take(replayKey, nowMs);
    return { credentials, replayKey };
  }
}

/** Base64 of SHA-1 over nonce, time and password (UsernameToken profile 1.0, section 3.1). */
function digestCredentials(
  user: string,
  nonce: Buffer,
  created: string,
  digest: string,
): Credentials {
  const shown = Buffer.from(digest, 'base64');
  return {
    kind: 'proof',
    user,
    matches(password) {
      const made = createHash('sha1').update(nonce).update(created).update(password).digest();
      return shown.length === made.length && timingSafeEqual(shown, made);
    },
  };
}

function nonceOf(token: XmlElement): Buffer | undefined {
  const nonce = token.child(WSSE, 'Nonce');
  if (nonce === undefined) return undefined;
  const encoding = nonce.attribute('EncodingType');
  if (encoding !== undefined && encoding !== BASE64) {
    throw refused('The EncodingType of Nonce is not Base64Binary.');
  }
  const text = nonce.text.trim();
  const bytes = Buffer.from(text, 'base64');
  if (text.length > 512 || bytes.length < 8) {
    throw refused('A Nonce is base64 of 8 random bytes at least, and 512 characters at most.');
  }
  return bytes;
}

function textOf(element: XmlElement, namespace: string, name: string): string | undefined {
  const found = element.child(namespace, name);
  if (found === undefined) return undefined;
  if (found.text.length > MAX_TEXT) throw refused(`${name} is too long.`);
  return found.text.trim();
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function timeOf(text: string, what: string): number {
  const timeMs = DATE_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw refused(`${what} is no date and time with a time zone, such as 2026-01-31T12:00:00Z.`);
  }
  return timeMs;
}

function refused(reason: string): Fault {
  return new Fault('UNAUTHENTICATED', reason);
}
