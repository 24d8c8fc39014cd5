import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { parsePasswordHash } from '../../src/middleware/password-hash.ts';
import { polywire } from '../support/polywire-process.ts';

test('the commands print what the configuration takes in place of secrets', async (t) => {
  const [password, token, made, short, none] = await Promise.all([
    polywire(t, ['hash-password'], { stdin: 'correct horse\r\nnext line' }),
    polywire(t, ['hash-token', '--json'], { stdin: '0123456789abcdef' }),
    polywire(t, ['hash-token', '--new']),
    polywire(t, ['hash-password'], { stdin: 'short\n' }),
    polywire(t, ['hash-token']),
  ]);
  assert.equal(password.exitCode, 0);
  assert.equal(password.stderr, '');
  const parsed = parsePasswordHash(password.stdout.trimEnd());
  assert.equal(await parsed.verify('correct horse'), true);
  assert.equal(await parsed.verify('correct hors'), false);
  assert.deepEqual(JSON.parse(token.stdout), { sha256: hash('sha256', '0123456789abcdef') });
  const [text, digest] = made.stdout.trimEnd().split('\n');
  assert.ok(text!.length >= 43);
  assert.equal(digest, hash('sha256', text!));
  assert.deepEqual([short.exitCode, short.stdout], [2, '']);
  assert.match(short.stderr, /at least 8/);
  assert.deepEqual([none.exitCode, none.stdout], [2, '']);
});
