import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Authenticator } from '../hub/authenticator.ts';
import { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Credentials, Principal } from '../model/principal.ts';
import { type PasswordHash, parsePasswordHash } from './password-hash.ts';

const Scopes = Type.Array(Type.String({ minLength: 1 }), {
  default: [],
  description: 'What it may do; "*" is everything.',
});

/** Who may use the hub. Once any of it is configured, everybody else is anonymous. */
export const AuthenticationOptions = Type.Object(
  {
    tokens: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'Name for logs and policies.' }),
          sha256: Type.Optional(
            Type.String({
              pattern: '^[0-9a-fA-F]{64}$',
              description: 'SHA-256 of the token, in hexadecimal.',
            }),
          ),
          env: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'Environment variable that holds the token.',
            }),
          ),
          scopes: Scopes,
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Bearer tokens; each has either "sha256" or "env".' },
    ),
    users: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'User name.' }),
          scrypt: Type.String({
            description: 'Hash of the password: $scrypt$ln=15,r=8,p=1$<salt>$<hash>.',
          }),
          scopes: Scopes,
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Users with passwords.' },
    ),
    anonymous: Type.Union([Type.Literal('deny'), Type.Literal('allow')], {
      default: 'deny',
      description:
        'Whether callers without credentials are refused everything, or may use what asks for no scope.',
    }),
  },
  { additionalProperties: false },
);

export type AuthenticationOptions = Static<typeof AuthenticationOptions>;

/** Shorter ones can be guessed. */
const MIN_TOKEN_LENGTH = 16;
/** Longer credentials are refused unread. */
const MAX_CREDENTIAL_LENGTH = 4096;
/** Password checks at once; each takes a thread and some memory for a while. */
const MAX_CHECKS = 8;
const MAX_WAITING = 256;
const CACHE_ENTRIES = 1000;
/** Of a password that nobody has, checked for users that do not exist: both take the same time. */
const NOBODY =
  '$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/**
 * An authenticator from static tokens and users.
 * @throws TypeError that tells which entry is wrong and how; never its secret
 */
export function createAuthenticator(
  options: AuthenticationOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Authenticator {
  return new StaticAuthenticator(options, environment);
}

interface KnownToken {
  readonly digest: Buffer;
  readonly principal: Principal;
}

interface KnownUser {
  readonly password: PasswordHash;
  readonly principal: Principal;
}

class StaticAuthenticator implements Authenticator {
  readonly anonymous: 'deny' | 'allow';
  readonly #tokens = new Map<string, KnownToken>();
  readonly #users = new Map<string, KnownUser>();
  readonly #nobody = parsePasswordHash(NOBODY);
  /** Passwords are kept as keyed digests: the cache is worth nothing without this process. */
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, Principal>();
  readonly #checking = new Map<string, Promise<Principal>>();
  #checks = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    options: AuthenticationOptions,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.anonymous = options.anonymous;
    const names = new Set<string>();
    const unique = (name: string): void => {
      if (names.has(name)) throw new TypeError(`there are two tokens or users named "${name}"`);
      names.add(name);
    };
    for (const token of options.tokens) {
      unique(token.name);
      const digest = digestOf(token, environment);
      const text = digest.toString('base64');
      if (this.#tokens.has(text)) {
        throw new TypeError(`the token "${token.name}" is the same as another one`);
      }
      this.#tokens.set(text, { digest, principal: principalOf(token.name, token.scopes) });
    }
    for (const user of options.users) {
      unique(user.name);
      this.#users.set(user.name, {
        password: passwordOf(user.name, user.scrypt),
        principal: principalOf(user.name, user.scopes),
      });
    }
  }

  authenticate(credentials: Credentials): MaybePromise<Principal> {
    if (credentials.kind === 'bearer') return this.#token(credentials.token);
    if (credentials.kind === 'password') {
      return this.#password(credentials.user, credentials.password);
    }
    throw new Fault('UNAUTHENTICATED', 'No credentials were sent.');
  }

  #token(token: string): Principal {
    if (token.length > MAX_CREDENTIAL_LENGTH) throw refused('token');
    const digest = hash('sha256', token, 'buffer');
    // What is looked up is a digest that the caller cannot steer: its place tells nothing.
    const known = this.#tokens.get(digest.toString('base64'));
    if (known === undefined || !timingSafeEqual(known.digest, digest)) throw refused('token');
    return known.principal;
  }

  #password(user: string, password: string): MaybePromise<Principal> {
    if (user.length + password.length > MAX_CREDENTIAL_LENGTH) throw refused('user or password');
    const key = createHmac('sha256', this.#key)
      .update(`${user.length}:${user}:${password}`)
      .digest('base64');
    return this.#verified.get(key) ?? this.#checking.get(key) ?? this.#check(key, user, password);
  }

  #check(key: string, user: string, password: string): Promise<Principal> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new Fault('RESOURCE_EXHAUSTED', 'Too many passwords are being checked.', {
        retryAfterMs: 1000,
      });
    }
    const checked = this.#verify(user, password).then(
      (principal) => {
        this.#checking.delete(key);
        if (this.#verified.size >= CACHE_ENTRIES) {
          this.#verified.delete(this.#verified.keys().next().value as string);
        }
        this.#verified.set(key, principal);
        return principal;
      },
      (thrown: unknown) => {
        this.#checking.delete(key);
        throw thrown;
      },
    );
    this.#checking.set(key, checked);
    return checked;
  }

  async #verify(user: string, password: string): Promise<Principal> {
    if (this.#checks >= MAX_CHECKS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#checks++;
    try {
      const known = this.#users.get(user);
      const good = await (known?.password ?? this.#nobody).verify(password);
      if (!good || known === undefined) throw refused('user or password');
      return known.principal;
    } finally {
      this.#checks--;
      this.#waiting.shift()?.();
    }
  }
}

function refused(what: string): Fault {
  return new Fault('UNAUTHENTICATED', `The ${what} is not known here.`);
}

function principalOf(id: string, scopes: readonly string[]): Principal {
  return Object.freeze({ id, authenticated: true, scopes: new Set(scopes) });
}

function digestOf(
  token: AuthenticationOptions['tokens'][number],
  environment: Readonly<Record<string, string | undefined>>,
): Buffer {
  if ((token.sha256 === undefined) === (token.env === undefined)) {
    throw new TypeError(`the token "${token.name}" needs either "sha256" or "env"`);
  }
  if (token.sha256 !== undefined) return Buffer.from(token.sha256, 'hex');
  const value = environment[token.env!];
  if (value === undefined || value.length < MIN_TOKEN_LENGTH) {
    throw new TypeError(
      `the token "${token.name}": the environment variable ${token.env} ${value === undefined ? 'is not set' : `is shorter than ${MIN_TOKEN_LENGTH} characters`}`,
    );
  }
  return hash('sha256', value, 'buffer');
}

function passwordOf(user: string, text: string): PasswordHash {
  try {
    return parsePasswordHash(text);
  } catch (error) {
    throw new TypeError(`the user "${user}": ${(error as Error).message}`);
  }
}
