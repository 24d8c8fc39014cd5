import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readSecret, type SecretInput } from './read-secret.ts';

function terminal(...chunks: string[]) {
  const stream = new PassThrough();
  const modes: boolean[] = [];
  const input = Object.assign(stream, {
    isTTY: true,
    setRawMode: (on: boolean) => void modes.push(on),
  }) as unknown as SecretInput;
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return { input, modes };
}

test('a terminal asks twice, shows nothing of it, and is put back', async () => {
  const { input, modes } = terminal('gez', '\u007fheïm', '\rgeheïm\r', 'more');
  let shown = '';
  assert.equal(await readSecret('password', input, (text) => (shown += text)), 'geheïm');
  assert.equal(shown, 'password: \nthe password again: \n');
  assert.deepEqual(modes, [true, false]);
});

test('a line can be begun again, and control characters are no part of it', async () => {
  const { input } = terminal('wrong\u0015right\u0007\n', '\tright\n');
  assert.equal(await readSecret('token', input, () => {}), 'right');
});

test('what was not repeated, is empty, or was interrupted is refused, and the terminal is put back', async () => {
  for (const [keys, exitCode] of [
    ['one\rtwo\r', 2],
    ['one\r', 2],
    ['\r\r', 2],
    ['on\u0003', 130],
    ['x'.repeat(5000), 2],
  ] as const) {
    const { input, modes } = terminal(keys);
    await assert.rejects(
      readSecret('password', input, () => {}),
      { exitCode },
    );
    assert.deepEqual(modes, [true, false]);
  }
});
