import assert from 'node:assert/strict';
import { createHmac, hash, pbkdf2Sync } from 'node:crypto';
import { describe, it } from 'node:test';
import { Fault } from '../model/fault.ts';
import type { ScramHash, ScramVerifier } from '../model/principal.ts';
import { ScramServer } from '../wire/scram.ts';
import { type AuthenticationOptions, createAuthenticator } from './authenticate.ts';
import { makeScramKeys, parseScram, scramText } from './scram.ts';

const ALICE = { id: 'alice', authenticated: true, scopes: new Set(['*']) };

/** The client's side, written from RFC 5802 section 3. */
function proofOf(
  hashName: ScramHash,
  password: string,
  bare: string,
  first: string,
  repeated = '',
) {
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first)!;
  const length = hashName === 'sha256' ? 32 : 64;
  const salted = pbkdf2Sync(
    password,
    Buffer.from(salt!, 'base64'),
    Number(iterations),
    length,
    hashName,
  );
  const hmac = (key: Buffer, text: string): Buffer =>
    createHmac(hashName, key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const without = `c=biws,r=${repeated}${nonce}`;
  const message = `${bare},${first},${without}`;
  const signature = hmac(hash(hashName, clientKey, 'buffer'), message);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
  const expected = `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`;
  return { final: `${without},p=${Buffer.from(proof).toString('base64')}`, expected };
}

async function exchange(
  hashName: ScramHash,
  verifierOf: (user: string, hash: ScramHash) => Promise<ScramVerifier>,
  user: string,
  password: string,
) {
  const server = new ScramServer(hashName, verifierOf);
  const bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=fyko+d2lbbFgONRv9qkxdawL`;
  const first = String(await server.first(Buffer.from(`n,,${bare}`)));
  const { final, expected } = proofOf(hashName, password, bare, first);
  return { ...server.final(Buffer.from(final)), expected };
}

const refused = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'UNAUTHENTICATED';

describe('SCRAM keys', () => {
  it('of the example in RFC 7677 are those that its messages were made with', () => {
    // Section 3: user "user", password "pencil", its salt and 4096 iterations.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    const salted = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    const keys = {
      salt,
      iterations: 4096,
      storedKey: hash('sha256', clientKey, 'buffer'),
      serverKey: createHmac('sha256', salted).update('Server Key').digest(),
    };
    const text = scramText('sha256', keys);
    assert.equal(
      text,
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
    assert.deepEqual(parseScram(text), { hash: 'sha256', keys });
  });

  it('that are malformed, weak or too costly are refused', async () => {
    const good = scramText('sha512', await makeScramKeys('sha512', 'password'));
    assert.equal(parseScram(good).hash, 'sha512');
    const bad = [
      '',
      good.replace('512', '256'),
      good.replace('$4096:', '$1000:'),
      good.replace('$4096:', '$9999999:'),
      good.replace('SCRAM-SHA-512', 'SCRAM-SHA-1'),
    ];
    for (const text of bad) assert.throws(() => parseScram(text), TypeError, text);
  });
});

describe('a SCRAM exchange', () => {
  for (const hashName of ['sha256', 'sha512'] as const) {
    it(`by ${hashName} proves both sides to each other`, async () => {
      const keys = await makeScramKeys(hashName, 'pencil');
      const verifierOf = async () => ({ ...keys, principal: ALICE });
      const done = await exchange(hashName, verifierOf, 'a=l,ice', 'pencil');
      assert.equal(done.principal, ALICE);
      assert.equal(String(done.bytes), done.expected);
      await assert.rejects(exchange(hashName, verifierOf, 'a=l,ice', 'pencils'), refused);
    });
  }

  it("takes a nonce that repeats the client's own, as old clients send it", async () => {
    const keys = await makeScramKeys('sha256', 'pencil');
    const server = new ScramServer('sha256', async () => ({ ...keys, principal: ALICE }));
    const bare = 'n=alice,r=kal>_~.j6`wA5';
    const first = String(await server.first(Buffer.from(`n,,${bare}`)));
    const { final, expected } = proofOf('sha256', 'pencil', bare, first, 'kal>_~.j6`wA5');
    assert.equal(String(server.final(Buffer.from(final)).bytes), expected);
  });

  it('refuses what is no SCRAM, channel binding, other users and other nonces', async () => {
    const verifierOf = async () => ({ ...(await makeScramKeys('sha256', 'x')), principal: ALICE });
    const firsts = [
      '',
      'hello',
      'p=tls-unique,,n=alice,r=abc',
      'n,a=bob,n=alice,r=abc',
      'n,,n=al=ice,r=abc',
      'n,,m=ext,n=alice,r=abc',
      `n,,n=alice,r=${'x'.repeat(5000)}`,
    ];
    for (const text of firsts) {
      const server = new ScramServer('sha256', verifierOf);
      await assert.rejects(server.first(Buffer.from(text)), refused, text.slice(0, 40));
    }
    const server = new ScramServer('sha256', verifierOf);
    assert.throws(() => server.final(Buffer.from('c=biws,r=x,p=AAAA')), refused);
    const first = String(await server.first(Buffer.from('n,,n=alice,r=abc')));
    const nonce = /r=([^,]+)/.exec(first)![1];
    for (const final of [
      `c=biws,r=abc,p=${Buffer.alloc(32).toString('base64')}`,
      `c=eSws,r=${nonce},p=${Buffer.alloc(32).toString('base64')}`,
      `c=biws,r=${nonce},p=AAAA`,
      `c=biws,r=${nonce}`,
    ]) {
      assert.throws(() => server.final(Buffer.from(final)), refused, final);
    }
  });
});

describe('users and SCRAM', () => {
  const options = (users: object[]): AuthenticationOptions =>
    ({ tokens: [], users, anonymous: 'deny' }) as unknown as AuthenticationOptions;
  const scopes = ['*'];

  it('log in with a configured password, or with the keys that stand beside its hash', async () => {
    const scram = [scramText('sha512', await makeScramKeys('sha512', 'hidden word'))];
    const hashed = `$scrypt$ln=10,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    const { verifier } = createAuthenticator(
      options([
        { user: 'plain', password: 'open sesame', scopes },
        { user: 'hashed', scrypt: hashed, scram, scopes },
      ]),
    )!;
    const login = (hashName: ScramHash, user: string, password: string) =>
      exchange(hashName, verifier!, user, password);
    assert.equal((await login('sha256', 'plain', 'open sesame')).principal.id, 'plain');
    assert.equal((await login('sha512', 'hashed', 'hidden word')).principal.id, 'hashed');
    await assert.rejects(login('sha256', 'hashed', 'hidden word'), refused);
    await assert.rejects(login('sha256', 'nobody', 'open sesame'), refused);
  });

  it('that are not there have a salt of their own, the same each time', async () => {
    const { verifier } = createAuthenticator(
      options([{ user: 'plain', password: 'open sesame', scopes }]),
    )!;
    const [first, again, other] = await Promise.all(
      ['nobody', 'nobody', 'somebody'].map((user) => verifier!(user, 'sha256')),
    );
    assert.deepEqual(first!.salt, again!.salt);
    assert.notDeepEqual(first!.salt, other!.salt);
    assert.equal(first!.salt.length, (await verifier!('plain', 'sha256')).salt.length);
    assert.equal(first!.principal, undefined);
  });

  it('with keys that are none are a mistake of the configuration, told without them', () => {
    const hashed = `$scrypt$ln=10,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    assert.throws(
      () =>
        createAuthenticator(options([{ user: 'a', scrypt: hashed, scram: ['secret'], scopes }])),
      (error: Error) => /auth.users: "a"/.test(error.message) && !error.message.includes('secret'),
    );
  });
});
