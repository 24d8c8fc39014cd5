import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createApplication } from '../../examples/parcels/app.ts';
import { startHub } from '../../src/testing/index.ts';
import { METHODS } from '../../src/wire/jsonrpc/methods.ts';
import { until } from '../../src/wire/jsonrpc/service.test-support.ts';

/** The pages about JSON-RPC are conversations: they are held here, as they stand. */

function page(name: string): Promise<string> {
  return readFile(new URL(`../../docs/protocols/${name}.md`, import.meta.url), 'utf8');
}

function blocks(text: string, language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...text.matchAll(fence)].map((match) => match[1]!);
}

/** Whether `actual` is what the page shows, where `"…"` stands for any value. */
function matches(actual: unknown, shown: unknown): boolean {
  if (shown === '…') return actual !== undefined;
  if (typeof shown !== 'object' || shown === null) return actual === shown;
  if (typeof actual !== 'object' || actual === null) return false;
  const names = Object.keys(shown);
  return (
    Array.isArray(actual) === Array.isArray(shown) &&
    names.length === Object.keys(actual).length &&
    names.every((name) =>
      matches((actual as Record<string, unknown>)[name], (shown as Record<string, unknown>)[name]),
    )
  );
}

test('the conversation on the WebSocket page happens as it stands there', async () => {
  await using hub = await startHub(createApplication());
  const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/ws`, 'polywire.v1');
  const received: unknown[] = [];
  socket.addEventListener('message', (event) => received.push(JSON.parse(String(event.data))));
  await once(socket, 'open');
  let steps = 0;
  for (const block of blocks(await page('websocket'), 'jsonrpc')) {
    for (const [, arrow, text] of block.matchAll(
      /^(-->|<--) ([\s\S]*?)(?=^(?:-->|<--)|$(?![\s\S]))/gm,
    )) {
      const message: unknown = JSON.parse(text!);
      steps++;
      if (arrow === '-->') socket.send(JSON.stringify(message));
      else {
        const found = () => received.findIndex((one) => matches(one, message));
        await until(() => found() >= 0, `${text}\ngot ${JSON.stringify(received)}\nwhich`);
        received.splice(found(), 1);
      }
    }
  }
  assert.ok(steps > 25, `only ${steps} messages were found on the page`);
  assert.deepEqual(received, []);
  socket.close();
});

test('the exchanges on the JSON-RPC page happen as they stand there', async () => {
  await using hub = await startHub(createApplication());
  const exchanges = blocks(await page('jsonrpc'), 'http');
  assert.equal(exchanges.length, 2);
  for (const exchange of exchanges) {
    const [head, request, answer] = exchange.split('\n\n');
    const [start, ...fields] = head!.split('\n');
    const [method, path] = start!.split(' ');
    const headers = fields.map((field) => field.split(': ') as [string, string]);
    const response = await fetch(hub.url + path, { method: method!, headers, body: request! });
    const [status, ...body] = answer!.split('\n');
    assert.equal(response.status, Number(status));
    const actual: unknown = await response.json();
    assert.ok(matches(actual, JSON.parse(body.join('\n'))), JSON.stringify(actual));
  }
});

test('every method is explained', async () => {
  const text = await page('websocket');
  for (const method of Object.values(METHODS))
    assert.ok(text.includes(`| \`${method}\` |`), method);
});
