import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { application, operation } from '../../hub/application.test-support.ts';
import { createHub } from '../../hub/create-hub.ts';
import { completeOptions } from '../../hub/option-value.ts';
import type { Connection } from '../../hub/transport.ts';
import { NO_CREDENTIALS } from '../../model/principal.ts';
import { META, MODERN_VERSION } from './names.ts';
import { McpOptions } from './options.ts';
import { McpService } from './service.ts';
import { StdioServer } from './stdio.ts';

/** A connection whose client reads when it is told to. */
class Client implements Connection {
  readonly peer = { address: 'test', port: undefined, transport: 'stdio', secure: false } as const;
  readonly local = undefined;
  readonly queuedBytes = 0;
  text = '';
  room = true;
  paused = false;
  ended = false;

  write(chunk: string | Uint8Array): boolean {
    this.text += chunk;
    return this.room;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.ended = true;
  }

  get answers(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

async function start(context: TestContext, given: object = {}) {
  const release: (() => void)[] = [];
  const hub = createHub();
  const wait = async (): Promise<null> => {
    await new Promise<void>((resolve) => {
      release.push(resolve);
    });
    return null;
  };
  hub.add(application([[operation('wait'), wait]]));
  await hub.start();
  context.after(() => hub.stop());
  const options = completeOptions<McpOptions>(McpOptions, given);
  const service = new McpService(hub, hub.diagnostics.meter('mcp'), options);
  const client = new Client();
  const server = new StdioServer(service, client, NO_CREDENTIALS);
  context.after(() => server.closed());
  const ask = (id: unknown, method: string, params: object = {}): void => {
    const meta = { [META.version]: MODERN_VERSION, [META.clientCapabilities]: {} };
    const message = { jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } };
    server.data(Buffer.from(`${JSON.stringify(message)}\n`));
  };
  return { client, server, ask, release };
}

describe('MCP over stdio', () => {
  it('reads no more while its client does not', async (context) => {
    const { client, server, ask } = await start(context);
    client.room = false;
    ask(1, 'tools/list');
    await nextTurn();
    assert.equal(client.paused, true);
    client.room = true;
    server.drained();
    assert.equal(client.paused, false);
  });

  it('reads no more while too many requests run', async (context) => {
    const { client, ask, release } = await start(context, { maxInFlight: 2 });
    ask(1, 'tools/call', { name: 'test_wait' });
    await nextTurn();
    assert.equal(client.paused, false);
    ask(2, 'tools/call', { name: 'test_wait' });
    await nextTurn();
    assert.equal(client.paused, true);
    release[0]!();
    await nextTurn();
    assert.equal(client.paused, false);
    assert.deepEqual(
      client.answers.map(({ id }) => id),
      [1],
    );
  });

  it('ends when all that ran is answered, and takes nothing new meanwhile', async (context) => {
    const { client, server, ask, release } = await start(context);
    ask(1, 'tools/call', { name: 'test_wait' });
    await nextTurn();
    server.ended();
    ask(2, 'tools/list');
    await nextTurn();
    assert.deepEqual([client.ended, client.text], [false, '']);
    release[0]!();
    await nextTurn();
    assert.equal(client.ended, true);
    assert.deepEqual(
      client.answers.map(({ id }) => id),
      [1],
    );
  });

  it('ends with a word where a message is too long', async (context) => {
    const { client, server } = await start(context, { maxMessageBytes: 1024 });
    server.data(Buffer.alloc(2000, 0x20));
    assert.equal(client.ended, true);
    assert.match(client.text, /maxMessageBytes/);
    server.data(Buffer.from('{}\n'));
    assert.equal(client.answers.length, 1);
  });
});
