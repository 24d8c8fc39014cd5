import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Static } from 'typebox';
import type { Authenticator } from '../hub/authenticator.ts';
import { Type } from '../hub/option-type.ts';
import { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Credentials, PasswordProof, Principal, ScramHash } from '../model/principal.ts';
import { type PasswordHash, parsePasswordHash } from './password-hash.ts';
import { ScramUsers } from './scram.ts';

const Scopes = Type.Array(Type.String({ minLength: 1 }), {
  default: ['*'],
  description: 'What the caller may do; * is everything.',
});

/** Shorter tokens can be guessed. */
export const MIN_TOKEN_LENGTH = 16;
export const MIN_PASSWORD_LENGTH = 8;

/** Who may use the hub. Once a token or user is configured, everybody else is anonymous. */
export const AuthenticationOptions = Type.Object(
  {
    tokens: Type.Array(
      Type.Object(
        {
          id: Type.String({ minLength: 1, description: 'Name of the caller, for logs and rules.' }),
          token: Type.Optional(
            Type.String({
              minLength: MIN_TOKEN_LENGTH,
              writeOnly: true,
              description: `The bearer token; at least ${MIN_TOKEN_LENGTH} characters.`,
            }),
          ),
          sha256: Type.Optional(
            Type.String({
              pattern: '^[0-9a-fA-F]{64}$',
              description:
                'In place of the token: its SHA-256, in hexadecimal; `polywire hash-token` prints it.',
            }),
          ),
          env: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'In place of the token: the environment variable that holds it.',
            }),
          ),
          scopes: Scopes,
        },
        { additionalProperties: false },
      ),
      {
        default: [],
        description: 'Callers with a bearer token: one of "token", "sha256" and "env" each.',
      },
    ),
    users: Type.Array(
      Type.Object(
        {
          user: Type.String({ minLength: 1, description: 'Name of the user.' }),
          password: Type.Optional(
            Type.String({
              minLength: MIN_PASSWORD_LENGTH,
              writeOnly: true,
              description: `The password; at least ${MIN_PASSWORD_LENGTH} characters.`,
            }),
          ),
          scrypt: Type.Optional(
            Type.String({
              description:
                'In place of the password: $scrypt$ln=15,r=8,p=1$<salt>$<hash>; `polywire hash-password` prints it.',
            }),
          ),
          scram: Type.Optional(
            Type.Array(Type.String({ minLength: 1 }), {
              maxItems: 2,
              description:
                'Beside "scrypt": SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>, by which clients log in with SCRAM; `polywire hash-password --scram` prints both forms. With "password" it is not needed.',
            }),
          ),
          scopes: Scopes,
        },
        { additionalProperties: false },
      ),
      {
        default: [],
        description: 'Callers with user name and password: one of "password" and "scrypt" each.',
      },
    ),
    anonymous: Type.Enum(['deny', 'allow'], {
      default: 'deny',
      description:
        'Callers without credentials, where tokens or users are configured: deny refuses them, allow lets them use what asks for no scope.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Who may call. Without tokens and users, everybody who reaches the hub may do everything.',
  },
);

export type AuthenticationOptions = Static<typeof AuthenticationOptions>;

/** Longer credentials are refused unread. */
const MAX_CREDENTIAL_LENGTH = 4096;
/** Password checks at once; each takes a thread and some memory for a while. */
const MAX_CHECKS = 8;
const MAX_WAITING = 256;
const CACHE_ENTRIES = 1000;
/**
 * An authenticator from static tokens and users; undefined where none is configured.
 * @throws TypeError that tells which entry is wrong and how; never its secret
 */
export function createAuthenticator(
  options: AuthenticationOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Authenticator | undefined {
  if (options.tokens.length + options.users.length === 0) return undefined;
  return new StaticAuthenticator(options, environment);
}

interface KnownToken {
  readonly digest: Buffer;
  readonly principal: Principal;
}

interface KnownUser {
  /** Undefined for a password that was configured as it is. */
  readonly password: PasswordHash | undefined;
  /** As it was configured, for proofs; undefined where only its hash is known. */
  readonly plain: string | undefined;
  readonly principal: Principal;
}

class StaticAuthenticator implements Authenticator {
  readonly anonymous: 'deny' | 'allow';
  readonly #tokens = new Map<string, KnownToken>();
  readonly #users = new Map<string, KnownUser>();
  /** Checked for users that do not exist: both take the same time. */
  #nobody: PasswordHash | undefined;
  /** Passwords are kept as keyed digests: the cache is worth nothing without this process. */
  readonly #key = randomBytes(32);
  readonly #configured = new Map<string, Principal>();
  readonly #verified = new Map<string, Principal>();
  readonly #checking = new Map<string, Promise<Principal>>();
  readonly #scram = new ScramUsers();
  #checks = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    options: AuthenticationOptions,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.anonymous = options.anonymous;
    for (const token of options.tokens) {
      const digest = digestOf(token, environment);
      const text = digest.toString('base64');
      if (this.#tokens.has(text)) {
        throw new TypeError(`auth.tokens: the token of "${token.id}" is that of another one too`);
      }
      this.#tokens.set(text, { digest, principal: principalOf(token.id, token.scopes) });
    }
    for (const { user, password, scrypt, scram, scopes } of options.users) {
      if (this.#users.has(user)) throw new TypeError(`auth.users: "${user}" is there twice`);
      if ((password === undefined) === (scrypt === undefined)) {
        throw new TypeError(`auth.users: "${user}" needs either "password" or "scrypt"`);
      }
      const principal = principalOf(user, scopes);
      const hashed = scrypt === undefined ? undefined : passwordOf(user, scrypt);
      this.#users.set(user, { password: hashed, plain: password, principal });
      this.#nobody ??= hashed;
      this.#scram.add(user, principal, password, scram ?? []);
      if (password !== undefined)
        this.#configured.set(this.#credentialKey(user, password), principal);
    }
  }

  authenticate(credentials: Credentials): MaybePromise<Principal> {
    if (credentials.kind === 'bearer') return this.#token(credentials.token);
    if (credentials.kind === 'password') {
      return this.#password(credentials.user, credentials.password);
    }
    if (credentials.kind === 'proof') return this.#proof(credentials);
    throw new Fault('UNAUTHENTICATED', 'No credentials were sent.');
  }

  get verifier(): Authenticator['verifier'] {
    if (this.#users.size === 0) return undefined;
    return (user: string, hashName: ScramHash) => this.#scram.verifier(user, hashName);
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
    const key = this.#credentialKey(user, password);
    const principal =
      this.#configured.get(key) ?? this.#verified.get(key) ?? this.#checking.get(key);
    if (principal !== undefined) return principal;
    const hashed = this.#users.get(user)?.password ?? this.#nobody;
    if (hashed === undefined) throw refused('user or password');
    return this.#check(key, user, password, hashed);
  }

  #proof(proof: PasswordProof): Principal {
    const known = this.#users.get(proof.user);
    // An unknown user costs as much as a known one.
    const good = proof.matches(known?.plain ?? '');
    if (good && known?.plain !== undefined) return known.principal;
    throw new Fault(
      'UNAUTHENTICATED',
      'The user or password is not known here, or the password is kept as a hash, by which a digest cannot be checked; then send the password itself, over TLS.',
    );
  }

  #credentialKey(user: string, password: string): string {
    return createHmac('sha256', this.#key)
      .update(`${user.length}:${user}:${password}`)
      .digest('base64');
  }

  #check(key: string, user: string, password: string, hashed: PasswordHash): Promise<Principal> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new Fault('RESOURCE_EXHAUSTED', 'Too many passwords are being checked.', {
        retryAfterMs: 1000,
      });
    }
    const checked = this.#verify(user, password, hashed).then(
      (principal) => {
        this.#checking.delete(key);
        this.#remember(key, principal);
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

  #remember(key: string, principal: Principal): void {
    if (this.#verified.size >= CACHE_ENTRIES) {
      this.#verified.delete(this.#verified.keys().next().value as string);
    }
    this.#verified.set(key, principal);
  }

  async #verify(user: string, password: string, hashed: PasswordHash): Promise<Principal> {
    if (this.#checks >= MAX_CHECKS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#checks++;
    try {
      const good = await hashed.verify(password);
      const known = this.#users.get(user);
      if (!good || known?.password !== hashed) throw refused('user or password');
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
  const { id, sha256, env } = token;
  const given = [token.token, sha256, env].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new TypeError(`auth.tokens: "${id}" needs one of "token", "sha256" and "env"`);
  }
  if (sha256 !== undefined) return Buffer.from(sha256, 'hex');
  const value = env === undefined ? token.token : environment[env];
  if (value === undefined || value.length < MIN_TOKEN_LENGTH) {
    throw new TypeError(
      value === undefined
        ? `auth.tokens: the environment variable ${env} for "${id}" is not set`
        : `auth.tokens: the token of "${id}" is shorter than ${MIN_TOKEN_LENGTH} characters`,
    );
  }
  return hash('sha256', value, 'buffer');
}

function passwordOf(user: string, text: string): PasswordHash {
  try {
    return parsePasswordHash(text);
  } catch (error) {
    throw new TypeError(`auth.users: "${user}": ${(error as Error).message}`);
  }
}
