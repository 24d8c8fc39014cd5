import assert from 'node:assert/strict';
import { hash, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import type { Authenticator } from '../hub/authenticator.ts';
import type { Fault } from '../model/fault.ts';
import type { Principal } from '../model/principal.ts';
import { type AuthenticationOptions, createAuthenticator } from './authenticate.ts';
import { hashPassword, parsePasswordHash } from './password-hash.ts';

const TOKEN = 'correct-horse-battery';
const NONE: AuthenticationOptions = { tokens: [], users: [], anonymous: 'deny' };

function authenticatorOf(
  options: Partial<AuthenticationOptions>,
  environment: Record<string, string> = {},
): Authenticator {
  return createAuthenticator({ ...NONE, ...options }, environment)!;
}

/** Cheap, for tests: the smallest cost that is taken. */
function quickHash(password: string): string {
  const salt = Buffer.from('salt-of-this-test');
  const key = scryptSync(password, salt, 32, { cost: 1024, blockSize: 8, parallelization: 1 });
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(key)}`;
}

const UNAUTHENTICATED = (fault: Fault): boolean =>
  fault.code === 'UNAUTHENTICATED' && !fault.message.includes(TOKEN);

test('a token is known by its hash or from the environment', () => {
  const authenticator = authenticatorOf(
    {
      tokens: [
        { id: 'hashed', sha256: hash('sha256', TOKEN), scopes: ['read'] },
        { id: 'env', env: 'HUB_TOKEN', scopes: ['*'] },
      ],
    },
    { HUB_TOKEN: `${TOKEN}-2` },
  );
  const principal = authenticator.authenticate({ kind: 'bearer', token: TOKEN }) as Principal;
  assert.deepEqual([principal.id, [...principal.scopes]], ['hashed', ['read']]);
  assert.equal(principal.authenticated, true);
  const other = authenticator.authenticate({ kind: 'bearer', token: `${TOKEN}-2` }) as Principal;
  assert.equal(other.id, 'env');
  for (const token of ['', 'x', `${TOKEN} `, 'x'.repeat(100_000)]) {
    assert.throws(() => authenticator.authenticate({ kind: 'bearer', token }), UNAUTHENTICATED);
  }
});

test('a user is known by the password, and a second time without the work', async () => {
  const authenticator = authenticatorOf({
    users: [{ user: 'ann', scrypt: quickHash('pässword'), scopes: [] }],
  });
  const ann = { kind: 'password', user: 'ann', password: 'pässword' } as const;
  const both = [authenticator.authenticate(ann), authenticator.authenticate(ann)];
  assert.equal(both[0], both[1], 'one check for the same credentials at once');
  assert.equal((await both[0]!).id, 'ann');
  assert.equal((authenticator.authenticate(ann) as Principal).id, 'ann');
  for (const wrong of [
    { ...ann, password: 'other' },
    { ...ann, user: 'bob' },
    { ...ann, password: 'x'.repeat(5000) },
    { kind: 'bearer', token: 'pässword' } as const,
  ]) {
    await assert.rejects(async () => authenticator.authenticate(wrong), UNAUTHENTICATED);
  }
});

test('where user ends and password begins matters', async () => {
  const authenticator = authenticatorOf({
    users: [{ user: 'a', scrypt: quickHash('bc'), scopes: [] }],
  });
  await authenticator.authenticate({ kind: 'password', user: 'a', password: 'bc' });
  await assert.rejects(
    async () => authenticator.authenticate({ kind: 'password', user: 'ab', password: 'c' }),
    UNAUTHENTICATED,
  );
});

test('a flood of bad passwords is bounded', async () => {
  const authenticator = authenticatorOf({
    users: [{ user: 'ann', scrypt: quickHash('p'), scopes: [] }],
  });
  const checks: Promise<unknown>[] = [];
  let refused: Fault | undefined;
  for (let index = 0; index < 400 && refused === undefined; index++) {
    try {
      const password = String(index);
      const checked = authenticator.authenticate({ kind: 'password', user: 'x', password });
      // The work itself is not of interest here; it ends with the process.
      (checked as Promise<unknown>).catch(() => undefined);
      checks.push(checked as Promise<unknown>);
    } catch (fault) {
      refused = fault as Fault;
    }
  }
  assert.equal(refused?.code, 'RESOURCE_EXHAUSTED');
  assert.ok(checks.length < 300);
});

test('a hash that this makes is one that it takes', async () => {
  const text = await hashPassword('secret');
  const parsed = parsePasswordHash(text);
  assert.equal(await parsed.verify('secret'), true);
  assert.equal(await parsed.verify('Secret'), false);
  assert.notEqual(await hashPassword('secret'), text);
});

test('what is configured wrongly is refused with its name and without its secret', () => {
  const tokens =
    (token: object): (() => unknown) =>
    () =>
      createAuthenticator(
        { ...NONE, tokens: [{ id: 'ci', scopes: [], ...token }] },
        { SHORT: 'x' },
      );
  assert.throws(tokens({}), /"ci" needs one of/);
  assert.throws(tokens({ env: 'MISSING' }), /MISSING for "ci" is not set/);
  assert.throws(tokens({ env: 'SHORT' }), /"ci" is shorter than 16/);
  for (const scrypt of ['plain', '$scrypt$ln=30,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA']) {
    assert.throws(
      () => authenticatorOf({ users: [{ user: 'ann', scrypt, scopes: [] }] }),
      (error: Error) =>
        /auth\.users: "ann"/.test(error.message) && !error.message.includes('plain'),
    );
  }
  const one = { sha256: hash('sha256', TOKEN), scopes: [] };
  assert.throws(
    () =>
      createAuthenticator({
        ...NONE,
        tokens: [
          { id: 'a', ...one },
          { id: 'a', ...one },
        ],
      }),
    /that of another one too/,
  );
});

test('without tokens and users there is nobody to tell apart', () => {
  assert.equal(createAuthenticator(NONE), undefined);
});

test('a password that is configured as it is needs no work, and is never forgotten', async () => {
  const authenticator = authenticatorOf({
    users: [
      { user: 'ann', password: 'long enough', scopes: ['a'] },
      { user: 'bob', scrypt: quickHash('bob'), scopes: [] },
    ],
  });
  const ann = { kind: 'password', user: 'ann', password: 'long enough' } as const;
  assert.equal((authenticator.authenticate(ann) as Principal).id, 'ann');
  const wrong = { ...ann, password: 'bob' };
  await assert.rejects(async () => authenticator.authenticate(wrong), UNAUTHENTICATED);
});

test('a proof of the password needs the password itself, not its hash', () => {
  const authenticator = authenticatorOf({
    users: [
      { user: 'ann', password: 'long enough', scopes: [] },
      { user: 'bob', scrypt: quickHash('long enough'), scopes: [] },
    ],
  });
  const proof = (user: string, made: string) =>
    ({ kind: 'proof', user, matches: (password: string) => password === made }) as const;
  assert.equal((authenticator.authenticate(proof('ann', 'long enough')) as Principal).id, 'ann');
  for (const bad of [
    proof('ann', 'other'),
    proof('ann', ''),
    proof('bob', 'long enough'),
    proof('bob', ''),
    proof('eve', ''),
  ]) {
    assert.throws(() => authenticator.authenticate(bad), UNAUTHENTICATED);
  }
});
