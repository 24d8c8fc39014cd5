import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Fault, type FaultCode } from '../../model/fault.ts';
import { parseXml } from '../../wire/xml/reader.ts';
import { TOKEN_PROFILE, WSSE, WSU } from './namespaces.ts';
import { Security } from './security.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const CREATED = '2026-01-31T11:59:58Z';
const NONCE = Buffer.from('sixteen bytes...').toString('base64');

function security(maxNonces = 100, nowMs = () => NOW): Security {
  const options = {
    securityMaxAgeMs: 300_000,
    securityClockSkewMs: 60_000,
    securityMaxNonces: maxNonces,
  };
  return new Security(options, nowMs);
}

function header(content: string) {
  return parseXml(`<s:Security xmlns:s="${WSSE}" xmlns:u="${WSU}">${content}</s:Security>`);
}

function token(parts: {
  readonly user?: string;
  readonly password?: string;
  readonly type?: string;
  readonly nonce?: string;
  readonly created?: string;
}): string {
  const { user = 'ada', password = 'pw', type, nonce, created } = parts;
  return (
    `<s:UsernameToken><s:Username>${user}</s:Username>` +
    `<s:Password${type === undefined ? '' : ` Type="${TOKEN_PROFILE}#${type}"`}>${password}</s:Password>` +
    (nonce === undefined ? '' : `<s:Nonce>${nonce}</s:Nonce>`) +
    `${created === undefined ? '' : `<u:Created>${created}</u:Created>`}</s:UsernameToken>`
  );
}

function digest(password: string, nonce = NONCE, created = CREATED): string {
  const hash = createHash('sha1').update(Buffer.from(nonce, 'base64'));
  return hash.update(created).update(password).digest('base64');
}

function refused(run: () => unknown, message: RegExp, code: FaultCode = 'UNAUTHENTICATED'): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

describe('a UsernameToken', () => {
  it('shows a password as text, with or without its type', () => {
    const wanted = { kind: 'password', user: 'ada', password: 'pw' };
    for (const type of [undefined, 'PasswordText']) {
      const claim = security().read(header(token(type === undefined ? {} : { type })));
      assert.deepEqual(claim.credentials, wanted);
    }
  });

  it('shows a digest, which only the right password matches', () => {
    const { credentials } = security().read(
      header(
        token({
          type: 'PasswordDigest',
          password: digest('pässword'),
          nonce: NONCE,
          created: CREATED,
        }),
      ),
    );
    assert.ok(credentials?.kind === 'proof');
    assert.equal(credentials.user, 'ada');
    assert.equal(credentials.matches('pässword'), true);
    assert.equal(credentials.matches('password'), false);
    assert.equal(credentials.matches(''), false);
  });

  it('with a digest of another length matches nothing', () => {
    const parts = { type: 'PasswordDigest', password: 'AAAA', nonce: NONCE, created: CREATED };
    const { credentials } = security().read(header(token(parts)));
    assert.ok(credentials?.kind === 'proof' && !credentials.matches('secret'));
  });

  it('is good once', () => {
    const guard = security();
    const again = token({ nonce: NONCE, created: CREATED });
    const claim = guard.read(header(again));
    refused(() => guard.read(header(again)), /used before/);
    guard.forget(claim);
    assert.doesNotThrow(() => guard.read(header(again)));
  });

  it('is remembered for as long as it would be good, in bounded memory', () => {
    let nowMs = NOW;
    const guard = security(2, () => nowMs);
    const numbered = (number: number) =>
      header(
        token({
          nonce: Buffer.from(`nonce number ${number}`).toString('base64'),
          created: new Date(nowMs).toISOString(),
        }),
      );
    const first = numbered(1);
    guard.read(first);
    guard.read(numbered(2));
    refused(() => guard.read(numbered(3)), /Too many nonces/, 'RESOURCE_EXHAUSTED');
    nowMs += 300_000;
    refused(() => guard.read(first), /used before/);
    nowMs += 60_000;
    refused(() => guard.read(first), /older/);
    nowMs += 60_000;
    assert.doesNotThrow(() => guard.read(numbered(3)));
  });

  it('has to be whole, fresh and of a known type', () => {
    const cases: [content: string, message: RegExp][] = [
      ['<s:UsernameToken/>', /no Username/],
      ['<s:UsernameToken><s:Username>a</s:Username></s:UsernameToken>', /no Password/],
      [token({ type: 'PasswordDigest' }), /needs Nonce and Created/],
      [token({ type: 'PasswordDigest', nonce: NONCE }), /needs Nonce and Created/],
      [token({ type: 'Other' }), /neither PasswordText nor PasswordDigest/],
      [token({ nonce: NONCE }), /Nonce needs Created/],
      [token({ nonce: 'AAAA', created: CREATED }), /8 random bytes/],
      [token({ created: '2026-01-31T11:53:59Z' }), /older than 300000 ms/],
      [token({ created: '2026-01-31T12:01:01Z' }), /future/],
      [token({ created: '2026-01-31T12:00:00' }), /no date and time with a time zone/],
      [token({ created: 'yesterday' }), /no date and time/],
      [token({ password: 'x'.repeat(5000) }), /too long/],
      [token({ user: 'x'.repeat(5000) }), /too long/],
      [token({}) + token({}), /is not understood/],
      [
        '<s:BinarySecurityToken>AAAA</s:BinarySecurityToken>',
        /<BinarySecurityToken>.*not understood/,
      ],
      ['<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/>', /<Signature>/],
    ];
    for (const [content, message] of cases)
      refused(() => security().read(header(content)), message);
  });
});

describe('a Timestamp', () => {
  const timestamp = (created: string, expires: string) =>
    header(
      `<u:Timestamp><u:Created>${created}</u:Created><u:Expires>${expires}</u:Expires></u:Timestamp>`,
    );

  it('is good between its times, give or take the clocks', () => {
    const claim = security().read(timestamp(CREATED, '2026-01-31T11:59:01Z'));
    assert.equal(claim.credentials, undefined);
    refused(() => security().read(timestamp(CREATED, '2026-01-31T11:59:00Z')), /expired/);
    refused(
      () => security().read(timestamp('2026-01-31T12:02:00Z', '2026-01-31T13:00:00Z')),
      /future/,
    );
    refused(
      () => security().read(timestamp('2026-01-30T12:00:00Z', '2026-02-02T13:00:00Z')),
      /older/,
    );
    refused(() => security().read(timestamp(CREATED, 'later')), /no date and time/);
  });
});
