import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { OVER } from '../../src/cli/client-commands.ts';
import {
  demoApplication,
  folderWith,
  PolywireProcess,
  polywire,
} from '../support/polywire-process.ts';

const OPTIONS = { timeout: 60_000 };

suite('the client commands against a running hub', OPTIONS, () => {
  let url = '';
  let ended: Promise<unknown> = Promise.resolve();

  const ends: (() => unknown)[] = [];
  const owner = { after: (end: () => unknown) => ends.unshift(end) };
  after(async () => {
    for (const end of ends) await end();
  });

  before(async () => {
    const folder = await folderWith(owner, { 'demo.ts': demoApplication() });
    const up = new PolywireProcess(owner, ['up', 'demo.ts', '--json', '--port', '0'], {
      directory: folder,
    });
    ended = up.finished;
    url = (await up.serving()).url;
  });

  const run = (t: TestContext, words: readonly string[], stdin = '') =>
    polywire(t, words, { environment: { POLYWIRE_URL: url }, stdin });

  for (const over of OVER) {
    test(`call over ${over}: values, streams in both directions, declared errors`, async (t) => {
      const lines = '{"value":1}\n\n{"value":2}\n';
      const [value, items, sum, double, missing] = await Promise.all([
        run(t, ['call', 'demo.version', '--over', over]),
        run(t, ['call', 'demo.count', 'to=2', '--over', over]),
        run(t, ['call', 'demo.sum', '-', '--over', over], lines),
        run(t, ['call', 'demo.double', '--over', over], lines),
        run(t, ['call', 'demo.find', '{"id":"7"}', '--over', over, '--json']),
      ]);
      assert.deepEqual(value, { exitCode: 0, stdout: '{"version":"1.0.0"}\n', stderr: '' });
      assert.equal(items.stdout, '{"value":1}\n{"value":2}\n');
      assert.equal(sum.stdout, '{"sum":3}\n');
      assert.equal(double.stdout, '{"value":2}\n{"value":4}\n');
      assert.equal(missing.exitCode, 25);
      const { fault } = JSON.parse(missing.stderr) as { fault: { error: string; data: unknown } };
      assert.deepEqual([fault.error, fault.data], ['Missing', { id: '7' }]);
    });
  }

  test('mistakes are explained, and each kind has its exit code', async (t) => {
    const [unknown, invalid, notJson, badLine, late] = await Promise.all([
      run(t, ['call', 'demo.vresion']),
      run(t, ['call', 'demo.count', 'to=many']),
      run(t, ['call', 'demo.count', '{to:1}']),
      run(t, ['call', 'demo.sum', '-'], '{"value":1}\n{oops\n'),
      run(t, ['call', 'demo.wait', 'ms=60000', '--timeout', '100']),
    ]);
    assert.equal(unknown.exitCode, 32);
    assert.match(unknown.stderr, /no operation "demo\.vresion"; did you mean "demo\.version"\?/);
    assert.equal(invalid.exitCode, 23);
    assert.match(invalid.stderr, /\/to: expected .*, received the string "many"/);
    assert.equal(notJson.exitCode, 2);
    assert.match(notJson.stderr, /the input is no JSON/);
    assert.equal(badLine.exitCode, 2);
    assert.match(badLine.stderr, /line 2 of stdin is no JSON/);
    assert.equal(late.exitCode, 24);
  });

  test('what is published is received, with its position to resume after', async (t) => {
    const subscriber = new PolywireProcess(t, [
      'subscribe',
      'news.>',
      '--count',
      '2',
      '--url',
      url,
    ]);
    // Repeated until it is there: a live subscription has no moment that could be waited for.
    while (subscriber.stdout === '') {
      await run(t, ['publish', 'news.first', '{"n":1}', '--key', 'k', '--header', 'a=b']);
    }
    const accepted = await run(t, ['publish', 'news.second', '--json'], 'plain text');
    assert.equal(typeof (JSON.parse(accepted.stdout) as { id: unknown }).id, 'string');
    const { exitCode, stdout } = await subscriber.finished;
    assert.equal(exitCode, 0);
    const received = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    assert.deepEqual(received[0]?.payload, { n: 1 });
    const resumed = await run(t, [
      'subscribe',
      'news.>',
      '--after',
      received[0]!.position!,
      '--count',
      '1',
    ]);
    const next = JSON.parse(resumed.stdout) as Record<string, unknown>;
    assert.equal(next.position, received[1]!.position);
  });

  test('a subscription ends after its time', async (t) => {
    const { exitCode, stdout } = await run(t, ['subscribe', 'quiet.>', '--timeout', '300']);
    assert.deepEqual([exitCode, stdout], [0, '']);
  });

  test('the hub was there all the time', async () => {
    assert.equal(await Promise.race([ended, 'running']), 'running');
  });
});

test('a hub that is not there is told', OPTIONS, async (t) => {
  for (const words of [
    ['call', 'a.b'],
    ['publish', 'a', 'x'],
    ['subscribe', 'a'],
  ]) {
    const { exitCode, stderr } = await polywire(t, [...words, '--url', 'http://127.0.0.1:1']);
    assert.equal(exitCode, 6);
    assert.match(stderr, /no hub answers at http:\/\/127\.0\.0\.1:1/);
  }
});

test('unknown commands and options are told with what was probably meant', OPTIONS, async (t) => {
  const command = await polywire(t, ['subscirbe']);
  assert.equal(command.exitCode, 2);
  assert.match(command.stderr, /Did you mean subscribe\?/);
  const option = await polywire(t, ['up', '--prot', '1']);
  assert.equal(option.exitCode, 2);
  assert.match(option.stderr, /Did you mean --port\?/);
  const port = await polywire(t, ['up', '--port', '99999']);
  assert.equal(port.exitCode, 2);
  assert.match(port.stderr, /expected a port from 0 to 65535/);
});

test('doctor judges what up would be given, and shows no secret', OPTIONS, async (t) => {
  const folder = await folderWith(t, {
    'demo.ts': demoApplication(),
    'polywire.yaml':
      'applications: [demo.ts]\nlisten: { port: 0 }\nauth: { tokens: [{ id: a, token: "0123456789abcdef-secret" }] }\n',
    'bad.yaml': 'lisen: {}\ntls: { cert: nowhere.pem, key: nowhere.key }\n',
    'tls.yaml': 'listen: { port: 0 }\ntls: { cert: nowhere.pem, key: nowhere.key }\n',
  });
  const good = await polywire(t, ['doctor', '--json'], { directory: folder });
  assert.equal(good.exitCode, 0, good.stdout + good.stderr);
  assert.doesNotMatch(good.stdout, /0123456789abcdef-secret/);
  const report = JSON.parse(good.stdout) as {
    ok: boolean;
    checks: { name: string; state: string; message: string }[];
    config: { auth: { tokens: unknown }; data: string };
  };
  assert.equal(report.ok, true);
  assert.deepEqual(report.config.auth.tokens, [{ id: 'a', token: '***', scopes: ['*'] }]);
  assert.equal(report.config.data, join(folder, '.polywire'));
  assert.match(report.checks.find(({ name }) => name === 'applications')!.message, /demo 1\.0\.0/);

  const bad = await polywire(t, ['doctor', '--config', 'bad.yaml'], { directory: folder });
  assert.equal(bad.exitCode, 1);
  assert.match(
    bad.stdout,
    /FAIL configuration: bad\.yaml:1:1: "lisen" is no option here; did you mean "listen"\?/,
  );
  const tls = await polywire(t, ['doctor', '--config', 'tls.yaml'], { directory: folder });
  assert.equal(tls.exitCode, 1);
  assert.match(tls.stdout, /FAIL TLS: the files cannot be used: .*nowhere\.pem/);
});

test('stdio serves one JSON-RPC connection and ends with it', OPTIONS, async (t) => {
  const folder = await folderWith(t, { 'demo.ts': demoApplication() });
  const { exitCode, stdout } = await polywire(t, ['stdio', 'demo.ts'], {
    directory: folder,
    stdin: '{"jsonrpc":"2.0","id":1,"method":"demo.version"}\n',
  });
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(stdout), { jsonrpc: '2.0', id: 1, result: { version: '1.0.0' } });
});

test(
  'with --json every failure is one JSON value on stderr, of a bad command line too',
  OPTIONS,
  async (t) => {
    for (const words of [
      ['call'],
      ['nothing'],
      ['up', '--port', 'many'],
      ['contract', 'check', 'none.ts'],
      ['contract', 'export', 'none.ts'],
      ['contract', 'diff', 'none.json', 'nor.json'],
    ]) {
      const { exitCode, stdout, stderr } = await polywire(t, [...words, '--json']);
      assert.notEqual(exitCode, 0, words.join(' '));
      assert.equal(stdout, '', words.join(' '));
      assert.equal(typeof JSON.parse(stderr).error, 'string', words.join(' '));
    }
  },
);
