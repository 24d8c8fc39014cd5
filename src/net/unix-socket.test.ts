import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withListener } from '../../test/support/listener.ts';
import { JSON_HEADERS } from '../hub/header-list.ts';
import type { Route } from '../hub/protocol.ts';

const directory = mkdtempSync(join(tmpdir(), 'polywire-unix-'));
after(() => rmSync(directory, { recursive: true }));

const peer: Route = {
  method: 'GET',
  path: '/peer',
  handle: (exchange) => exchange.respond(200, JSON_HEADERS, JSON.stringify(exchange.peer)),
};

function get(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/peer', agent: false }, (response) => {
        let text = '';
        response.on('data', (part) => (text += part)).on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}

test('serves the same routes over a Unix socket that only its owner may open', async () => {
  const unix = join(directory, 'a.sock');
  await withListener({ routes: [peer], options: { listen: { unix } } }, async ({ listener }) => {
    assert.equal(listener.address.unix, unix);
    assert.equal(statSync(unix).mode & 0o777, 0o600);
    const answer = JSON.parse(await get(unix));
    assert.deepEqual([answer.transport, answer.address], ['unix', unix]);
  });
  assert.equal(existsSync(unix), false);
});

test('takes over the socket file of a process that died', async () => {
  const unix = join(directory, 'stale.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(unix)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.equal(existsSync(unix), true);
  await withListener({ routes: [peer], options: { listen: { unix } } }, async () => {
    assert.match(await get(unix), /unix/);
  });
});

test('does not take over a socket that somebody listens on, nor another file', async () => {
  const unix = join(directory, 'live.sock');
  const never = async () => assert.fail('it must not open');
  await withListener({ routes: [peer], options: { listen: { unix } } }, async () => {
    await assert.rejects(withListener({ options: { listen: { unix } } }, never), /Another process/);
    assert.match(await get(unix), /unix/);
  });
  const plain = join(directory, 'file');
  writeFileSync(plain, 'precious');
  await assert.rejects(withListener({ options: { listen: { unix: plain } } }, never), /no socket/);
  assert.equal(existsSync(plain), true);
});
