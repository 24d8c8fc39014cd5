import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { MODERN_META } from './mcp-kit.ts';
import { until } from './until.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'polywire-mcp-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const COMMAND = {
  command: process.execPath,
  args: [
    file('../../src/cli/main.ts'),
    'mcp',
    file('../fixtures/mcp-talkative.ts'),
    '--data',
    directory,
  ],
  cwd: directory,
  stderr: 'pipe' as const,
};
const ABOUT = { name: 'stdio', version: '1.0.0' };
const TICKS = 'polywire://streams/talk.ticks';

async function modern(context: TestContext) {
  const client = new Client(ABOUT, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const transport = new StdioClientTransport(COMMAND);
  let log = '';
  transport.stderr?.on('data', (text) => {
    log += text;
  });
  await client.connect(transport);
  context.after(() => client.close());
  return { client, log: () => log };
}

/** The process itself, for what no client would do. */
function raw(
  context: TestContext,
  environment: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
) {
  const child = spawn(COMMAND.command, [...COMMAND.args, ...more], {
    cwd: COMMAND.cwd,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  context.after(() => child.kill('SIGKILL'));
  const lines: Record<string, unknown>[] = [];
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      lines.push(JSON.parse(text.slice(0, end)) as Record<string, unknown>);
      text = text.slice(end + 1);
    }
  });
  const send = (message: unknown): void => {
    child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  return { child, lines, send };
}

const ask = (id: unknown, method: string, params: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta: MODERN_META },
});

describe('polywire mcp', { timeout: 60_000 }, () => {
  it('serves the official client of the revision without sessions', async (context) => {
    const { client, log } = await modern(context);
    const result = await client.callTool({ name: 'talk_greet', arguments: { name: 'Ada' } });
    assert.deepEqual(result.structuredContent, { result: 'Hello Ada' });
    const updated: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      updated.push(params.uri);
    });
    const listening = await client.listen({ resourceSubscriptions: [TICKS] });
    await until('news', () => updated.length > 2);
    await listening.close();
    const stop = new AbortController();
    const waiting = client.callTool({ name: 'talk_wait' }, { signal: stop.signal });
    await until('the handler runs', () => log().includes('waiting'));
    stop.abort();
    await assert.rejects(waiting);
    await until('the handler was told', () => log().includes('gave up'));
    assert.match(log(), /greeting Ada/, 'what the application printed');
  });

  it('serves the official client of the revision before it', async (context) => {
    const client = new SessionClient(ABOUT);
    await client.connect(new SessionTransport(COMMAND));
    context.after(() => client.close());
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updated.push(params.uri);
    });
    const { tools } = await client.listTools();
    assert.equal(tools.length, 4);
    const result = await client.callTool({ name: 'talk_greet', arguments: { name: 'Ada' } });
    assert.deepEqual(result.structuredContent, { result: 'Hello Ada' });
    await client.subscribeResource({ uri: TICKS });
    await until('news', () => updated.length > 2);
    await client.unsubscribeResource({ uri: TICKS });
    await client.ping();
  });

  it('answers what it was asked, and ends with its input', async (context) => {
    const { child, lines, send } = raw(context);
    send('nonsense');
    send({ jsonrpc: '2.0', id: 'early', method: 'tools/list' });
    send({ jsonrpc: '2.0', method: 'notifications/unknown' });
    send({ jsonrpc: '2.0', id: 5, result: {} });
    send(ask('a', 'server/discover'));
    send(ask('b', 'talk/unknown'));
    send(ask('c', 'tools/call', { name: 'talk_greet', arguments: { name: 'Eve' } }));
    send(ask('d', 'subscriptions/listen', { notifications: { resourceSubscriptions: [TICKS] } }));
    await until(
      'it listens',
      () => lines.some(({ method }) => String(method).endsWith('updated')),
      20_000,
    );
    child.stdin.end();
    const [exitCode] = await once(child, 'exit');
    assert.equal(exitCode, 0);
    const of = (id: unknown) => lines.find((line) => line.id === id);
    const code = (id: unknown) => (of(id)?.error as { code: number } | undefined)?.code;
    const notJson = lines.find(({ id, method }) => id === undefined && method === undefined);
    assert.equal((notJson?.error as { code: number } | undefined)?.code, -32700);
    assert.equal(code('early'), -32600);
    assert.equal(code('b'), -32601);
    assert.match(JSON.stringify(of('c')), /Hello Eve/);
    assert.match(
      JSON.stringify(of('d')),
      /subscriptionId":"d"/,
      'the subscription ended gracefully',
    );
    assert.equal(of(5), undefined);
  });

  it('finishes what runs when it is told to stop', async (context) => {
    const { child, lines, send } = raw(context);
    send(ask(1, 'server/discover'));
    await until('it is there', () => lines.length === 1, 20_000);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  it('acts as whoever the token in its environment belongs to', async (context) => {
    const config = join(directory, 'secured.yaml');
    const token = 'a-token-long-enough-to-be-one';
    writeFileSync(config, `auth: {tokens: [{id: ada, token: ${token}, scopes: []}]}\n`);
    const more = ['--config', config];
    const whoami = ask(1, 'tools/call', { name: 'talk_whoami' });
    const known = raw(context, { POLYWIRE_TOKEN: token }, more);
    const unknown = raw(context, {}, more);
    for (const { child, send } of [known, unknown]) {
      send(whoami);
      child.stdin.end();
    }
    await Promise.all([once(known.child, 'exit'), once(unknown.child, 'exit')]);
    assert.match(JSON.stringify(known.lines), /"structuredContent":\{"result":"ada"\}/);
    assert.match(JSON.stringify(unknown.lines), /"code":-31016/);
  });
});
