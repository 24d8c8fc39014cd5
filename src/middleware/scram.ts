import { createHmac, hash, pbkdf2, randomBytes } from 'node:crypto';
import type { Principal, ScramHash, ScramVerifier } from '../model/principal.ts';

/**
 * What is kept to check a password by SCRAM (RFC 5802), as text in the form of RFC 5803:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, in base64.
 */
export type ScramKeys = Omit<ScramVerifier, 'principal'>;

export const SCRAM_HASHES = ['sha256', 'sha512'] as const satisfies readonly ScramHash[];

/** The fewest that RFC 7677 allows; the password itself is checked by scrypt elsewhere. */
const ITERATIONS = 4096;
const MAX_ITERATIONS = 1_000_000;
const SALT_BYTES = 16;
const KEY_BYTES: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };
const NAMES: Readonly<Record<ScramHash, string>> = {
  sha256: 'SCRAM-SHA-256',
  sha512: 'SCRAM-SHA-512',
};

const FORM =
  /^SCRAM-SHA-(256|512)\$(\d{1,7}):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/;

/** New keys of a password, with a salt of their own. */
export async function makeScramKeys(hashName: ScramHash, password: string): Promise<ScramKeys> {
  const salt = randomBytes(SALT_BYTES);
  const salted = await derive(hashName, password, salt);
  const clientKey = createHmac(hashName, salted).update('Client Key').digest();
  return {
    salt,
    iterations: ITERATIONS,
    storedKey: hash(hashName, clientKey, 'buffer'),
    serverKey: createHmac(hashName, salted).update('Server Key').digest(),
  };
}

export function scramText(hashName: ScramHash, keys: ScramKeys): string {
  const { salt, iterations, storedKey, serverKey } = keys;
  const [s, k, v] = [salt, storedKey, serverKey].map((bytes) => bytes.toString('base64'));
  return `${NAMES[hashName]}$${iterations}:${s}$${k}:${v}`;
}

/** @throws TypeError for text that is no such thing */
export function parseScram(text: string): { readonly hash: ScramHash; readonly keys: ScramKeys } {
  const [, bits, count, ...encoded] = FORM.exec(text) ?? [];
  const hashName: ScramHash = bits === '512' ? 'sha512' : 'sha256';
  const iterations = Number(count);
  const [salt, storedKey, serverKey] = encoded.map((one) => Buffer.from(one, 'base64'));
  const length = KEY_BYTES[hashName];
  const good =
    salt !== undefined &&
    salt.length >= 8 &&
    storedKey?.length === length &&
    serverKey?.length === length &&
    iterations >= ITERATIONS &&
    iterations <= MAX_ITERATIONS;
  if (!good) {
    throw new TypeError(
      `a SCRAM verifier looks like SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>, with ${ITERATIONS} to ${MAX_ITERATIONS} iterations; polywire hash-password --scram prints it`,
    );
  }
  return { hash: hashName, keys: { salt, iterations, storedKey, serverKey } };
}

function derive(hashName: ScramHash, password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, ITERATIONS, KEY_BYTES[hashName], hashName, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** The users' keys. For a user that is not there, keys are made up that are the same each time and
 * that no password has: nobody learns who is there. */
export class ScramUsers {
  /** Passwords as they were configured; keys are made of them when the first one is needed. */
  readonly #plain: (readonly [user: string, password: string, principal: Principal])[] = [];
  readonly #known = new Map<string, ScramVerifier>();
  readonly #secret = randomBytes(32);
  #making: Promise<void> | undefined;

  /** @param given keys in the form of `scramText`
   * @throws TypeError for what is not */
  add(
    user: string,
    principal: Principal,
    password: string | undefined,
    given: readonly string[],
  ): void {
    if (password !== undefined) this.#plain.push([user, password, principal]);
    for (const text of given) {
      try {
        const { hash: hashName, keys } = parseScram(text);
        this.#known.set(keyOf(user, hashName), { ...keys, principal });
      } catch (error) {
        throw new TypeError(`auth.users: "${user}": ${(error as Error).message}`);
      }
    }
  }

  /** All keys are made before the first one is told: how long that takes says nothing of a user. */
  async verifier(user: string, hashName: ScramHash): Promise<ScramVerifier> {
    this.#making ??= this.#makeAll();
    await this.#making;
    return this.#known.get(keyOf(user, hashName)) ?? this.#nobody(user, hashName);
  }

  async #makeAll(): Promise<void> {
    for (const [user, password, principal] of this.#plain) {
      for (const hashName of SCRAM_HASHES) {
        const keys = await makeScramKeys(hashName, password);
        this.#known.set(keyOf(user, hashName), { ...keys, principal });
      }
    }
  }

  #nobody(user: string, hashName: ScramHash): ScramVerifier {
    const salt = createHmac('sha256', this.#secret).update(keyOf(user, hashName)).digest();
    return {
      salt: salt.subarray(0, SALT_BYTES),
      iterations: ITERATIONS,
      storedKey: randomBytes(KEY_BYTES[hashName]),
      serverKey: randomBytes(KEY_BYTES[hashName]),
      principal: undefined,
    };
  }
}

function keyOf(user: string, hashName: ScramHash): string {
  return `${hashName}:${user}`;
}
