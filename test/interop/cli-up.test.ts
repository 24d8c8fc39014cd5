import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { PROTOCOLS } from '../../src/standard.ts';
import {
  demoApplication,
  folderWith,
  PolywireProcess,
  polywire,
} from '../support/polywire-process.ts';

const PARCELS = 'examples/parcels';
const OPTIONS = { timeout: 60_000 };

async function demo(context: TestContext, words: readonly string[] = [], yaml = '') {
  const folder = await folderWith(context, { 'demo.ts': demoApplication(), 'options.yaml': yaml });
  const up = new PolywireProcess(
    context,
    ['up', 'demo.ts', '--json', '--port', '0', '--config', 'options.yaml', ...words],
    { directory: folder },
  );
  return { folder, up, facts: await up.serving() };
}

function wait(url: string, ms: number): Promise<Response> {
  return fetch(`${url}/demo/wait`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ms }),
  });
}

test(
  'up serves a folder and says where, with a line to try for each protocol',
  OPTIONS,
  async (t) => {
    const data = join(await folderWith(t, {}), 'state');
    const up = new PolywireProcess(t, ['up', PARCELS, '--json', '--port', '0', '--data', data]);
    const facts = await up.serving();
    assert.deepEqual(
      facts.contracts.map(({ name }) => name),
      ['parcels'],
    );
    assert.equal(facts.authentication, 'none');
    assert.equal(facts.data, data);
    assert.equal((await stat(data)).mode & 0o777, 0o700);
    assert.deepEqual(
      facts.protocols.map(({ name }) => name),
      PROTOCOLS.map(({ name }) => name),
    );
    for (const protocol of facts.protocols) {
      assert.ok(protocol.try.length > 0, `${protocol.name} offers nothing to try`);
    }
    assert.equal((await fetch(`${facts.url}/healthz`)).status, 200);
    assert.equal(await (await fetch(`${facts.url}/readyz`)).text(), 'ready\n');
    await pasteable(
      t,
      facts.protocols.flatMap((protocol) => protocol.try),
    );
    up.child.kill('SIGTERM');
    assert.equal((await up.finished).exitCode, 0);
  },
);

/** Runs every line that needs nothing but a shell and curl; ones that follow a stream are ended. */
async function pasteable(t: TestContext, lines: readonly { command: string }[]): Promise<void> {
  const curl = await shell('curl --version');
  if (curl.exitCode !== 0) return t.diagnostic('curl is not here: lines were not tried');
  for (const { command } of lines) {
    if (!command.startsWith('curl ')) continue;
    const { exitCode, stdout, stderr } = await shell(`timeout 2 ${command}`);
    const told = `${command}: ${stdout} ${stderr}`;
    const follows = /curl -\w*N/.test(command);
    assert.ok(exitCode === 0 || (follows && exitCode === 124), told);
    assert.doesNotMatch(stdout, /UNIMPLEMENTED|INTERNAL/, told);
  }
}

function shell(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { timeout: 10_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

test('up prints one screen for people', OPTIONS, async (t) => {
  const folder = await folderWith(t, { 'demo.ts': demoApplication() });
  const up = new PolywireProcess(t, ['up', '--port', '0'].concat('demo.ts'), { directory: folder });
  await up.printed(/Ctrl\+C stops gracefully/);
  assert.match(up.stdout, /Polywire serves demo 1\.0\.0 \(6 operations, 0 events\)/);
  assert.match(up.stdout, /address\s+http:\/\/127\.0\.0\.1:\d+/);
  assert.match(up.stdout, /authentication\s+off: whoever reaches this address/);
  assert.doesNotMatch(up.stdout, /\x1b/);
  const lines = up.stdout.split('\n');
  assert.ok(lines.length <= 32, up.stdout);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout)![0];
  // What is left out there is at one address, for curl and for the command.
  const all = await (await fetch(`${url}/try`)).text();
  for (const { title } of PROTOCOLS) {
    assert.ok(up.stdout.includes(`  ${title} `), title);
    assert.ok(all.includes(`\n  ${title}\n    # `), title);
  }
  const one = await polywire(t, ['try', 'sse', '--url', url]);
  assert.match(one.stdout, /Server-sent events\n {4}# receive everything\n {4}curl -N http/);
  assert.doesNotMatch(one.stdout, /GraphQL/);
  const json = await polywire(t, ['try', '--json', '--url', url]);
  const { protocols } = JSON.parse(json.stdout) as { protocols: { name: string }[] };
  assert.deepEqual(
    protocols.map(({ name }) => name),
    PROTOCOLS.map(({ name }) => name),
  );
  const wrong = await polywire(t, ['try', 'rset', '--url', url]);
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /did you mean "rest"/);
});

test('a promise that a handler forgot about is logged, and the hub goes on', OPTIONS, async (t) => {
  const { up, facts } = await demo(t);
  assert.deepEqual(await (await wait(facts.url, 0)).json(), { waited: 0 });
  await up.printed(/nobody waits for this/, 'stderr');
  assert.deepEqual(await (await wait(facts.url, 1)).json(), { waited: 1 });
});

test(
  'SIGTERM lets a running call finish, refuses new ones, and says so to load balancers',
  OPTIONS,
  async (t) => {
    const { up, facts } = await demo(t);
    const answer = wait(facts.url, 2_000);
    await up.printed(/waiting/, 'stderr');
    up.child.kill('SIGTERM');
    await untilDraining(facts.url);
    assert.equal((await fetch(`${facts.url}/healthz`)).status, 200);
    const refused = await wait(facts.url, 0);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(refused.headers.get('connection'), 'close');
    assert.equal(((await refused.json()) as { code: string }).code, 'UNAVAILABLE');
    assert.deepEqual(await (await answer).json(), { waited: 2_000 });
    assert.equal((await up.finished).exitCode, 0);
  },
);

test(
  'a call that outlives the drain deadline is cut, and the exit code says so',
  OPTIONS,
  async (t) => {
    const { up, facts } = await demo(t, [], 'drain: { deadlineMs: 100 }\n');
    const answer = wait(facts.url, 60_000).then(
      (response) => response.status,
      () => 'cut',
    );
    await up.printed(/waiting/, 'stderr');
    up.child.kill('SIGINT');
    assert.equal(await answer, 503, 'the hub ends the call before the connection');
    assert.equal((await up.finished).exitCode, 5);
  },
);

test('a second signal stops at once', OPTIONS, async (t) => {
  const { up, facts } = await demo(t);
  wait(facts.url, 60_000).catch(() => undefined);
  await up.printed(/waiting/, 'stderr');
  up.child.kill('SIGTERM');
  await untilDraining(facts.url);
  up.child.kill('SIGTERM');
  assert.equal((await up.finished).exitCode, 130);
});

async function untilDraining(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const response = await fetch(`${url}/readyz`);
    const text = await response.text();
    if (response.status === 503) {
      assert.equal(text, 'draining\n');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the hub does not say that it stops');
}

test('a package that says CommonJS is told once, with what to do', OPTIONS, async (t) => {
  const folder = await folderWith(t, {
    'package.json': '{ "type": "commonjs" }\n',
    'one.ts': "import 'node:fs';\nexport default 1;\n",
    'two.ts': 'export const two = 2;\n',
  });
  const { exitCode, stderr } = await polywire(t, ['up', '.', '--json'], { directory: folder });
  assert.equal(exitCode, 3);
  const { mistakes } = JSON.parse(stderr.slice(stderr.indexOf('{"error"'))) as {
    mistakes: { where: string; message: string }[];
  };
  assert.deepEqual(
    mistakes.map(({ where }) => where),
    ['one.ts'],
  );
  assert.match(mistakes[0]!.message, /package\.json says "type": "commonjs"; set "type": "module"/);
});

test('a port in use is told with who has it', OPTIONS, async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const folder = await folderWith(t, { 'demo.ts': demoApplication() });
  const { exitCode, stderr } = await polywire(t, ['up', 'demo.ts', '--port', String(port)], {
    directory: folder,
  });
  assert.equal(exitCode, 4);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use`));
  if (process.platform === 'linux') assert.match(stderr, new RegExp(`\\(pid ${process.pid}\\)`));
});

test(
  'a wide bind without authentication is refused, and allowed when insecure',
  OPTIONS,
  async (t) => {
    const folder = await folderWith(t, { 'demo.ts': demoApplication() });
    const words = ['up', 'demo.ts', '--port', '0', '--host', '0.0.0.0', '--json'];
    const { exitCode, stderr } = await polywire(t, words, { directory: folder });
    assert.equal(exitCode, 4);
    assert.match(
      (JSON.parse(stderr) as { error: string }).error,
      /no authentication is configured/,
    );
    const up = new PolywireProcess(t, [...words, '--insecure'], { directory: folder });
    assert.equal((await up.serving()).host, '0.0.0.0');
  },
);

test(
  'mistakes of configuration and code are told together, with their places',
  OPTIONS,
  async (t) => {
    const folder = await folderWith(t, {
      'polywire.yaml': 'listen:\n  prot: 1\napplications: [demo.ts]\nlog: { level: loud }\n',
      'demo.ts': 'export default 1;\n',
      'broken.ts': 'export default {;\n',
    });
    const yaml = await polywire(t, ['up', '--json'], { directory: folder });
    assert.equal(yaml.exitCode, 3);
    const { mistakes } = JSON.parse(yaml.stderr) as {
      mistakes: { where: string; message: string }[];
    };
    assert.deepEqual(
      mistakes.map(({ where, message }) => `${where} ${message}`),
      [
        'polywire.yaml:2:3 "prot" is no option here; did you mean "port"?',
        'polywire.yaml:4:15 log.level is "loud", expected one of debug, info, warn, error, silent',
      ],
    );
    const code = await polywire(t, ['up', 'demo.ts', 'broken.ts', '--config', '/dev/null'], {
      directory: folder,
    });
    assert.equal(code.exitCode, 3);
    const named = await polywire(
      t,
      ['up', 'demo.ts', 'broken.ts', '--port', '0', '-c', 'ok.yaml'],
      {
        directory: await folderWith(t, {
          'ok.yaml': '',
          'demo.ts': 'export default 1;\n',
          'broken.ts': 'export default {;\n',
        }),
      },
    );
    assert.equal(named.exitCode, 3);
    assert.match(named.stderr, /demo\.ts: its default export is no application/);
    assert.match(named.stderr, /broken\.ts: cannot be loaded: .*broken\.ts:1/);
  },
);

test(
  'up --watch serves the new version on the same port, and keeps the old one on a mistake',
  OPTIONS,
  async (t) => {
    const folder = await folderWith(t, {
      'app.ts': demoApplication()
        .replaceAll("'1.0.0'", 'VERSION')
        .concat(`import { VERSION } from './version.ts';\n`),
      'version.ts': `export const VERSION = '1.0.0';\n`,
    });
    const up = new PolywireProcess(t, ['up', 'app.ts', '--watch', '--json', '--port', '0'], {
      directory: folder,
    });
    const { host, port } = await up.serving();
    // A connection for each request: one that is kept may close just when a request is sent on it.
    const version = async (): Promise<string> => {
      const socket = connect(port, host);
      socket.write('GET /demo/version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      const answer = await text(socket);
      return /"version":"([^"]+)"/.exec(answer)?.[1] ?? `no version in ${JSON.stringify(answer)}`;
    };
    assert.equal(await version(), '1.0.0');

    // Asked without a pause while the process is exchanged: nobody is refused.
    let asking = true;
    const refused: string[] = [];
    const asked = (async () => {
      while (asking) {
        const answer = await version().catch(String);
        if (!/^\d\.0\.0$/.test(answer)) refused.push(answer);
      }
    })();
    await writeFile(join(folder, 'version.ts'), `export const VERSION = '2.0.0';\n`);
    await up.printed(/"version":"2\.0\.0"/);
    asking = false;
    await asked;
    assert.equal(await version(), '2.0.0');
    assert.deepEqual(refused, []);

    await writeFile(join(folder, 'version.ts'), `export const VERSION = ;\n`);
    await up.printed(/keeps running/, 'stderr');
    assert.match(up.stderr, /cannot be loaded/);
    assert.equal(await version(), '2.0.0');
    await writeFile(join(folder, 'version.ts'), `export const VERSION = '3.0.0';\n`);
    await up.printed(/"version":"3\.0\.0"/);
    assert.equal(await version(), '3.0.0');
    up.child.kill('SIGTERM');
    assert.equal((await up.finished).exitCode, 0);
  },
);
