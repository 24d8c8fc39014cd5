import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { application, operation } from '../../src/hub/application.test-support.ts';
import { until } from '../../src/wire/jsonrpc/service.test-support.ts';
import { startRpcHub } from './rpc-hub.ts';

/**
 * The examples of JSON-RPC 2.0 section 7 (https://www.jsonrpc.org/specification#examples), with
 * the service's name before each method. Only `code` is compared of errors: the texts are ours.
 */
const EXAMPLES: readonly (readonly [name: string, sent: string, expected: unknown])[] = [
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "test.subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: '2.0', result: 19, id: 1 },
  ],
  [
    'positional parameters, other order',
    '{"jsonrpc": "2.0", "method": "test.subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: '2.0', result: -19, id: 2 },
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "test.subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: '2.0', result: 19, id: 3 },
  ],
  [
    'named parameters, other order',
    '{"jsonrpc": "2.0", "method": "test.subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    { jsonrpc: '2.0', result: 19, id: 4 },
  ],
  [
    'a notification',
    '{"jsonrpc": "2.0", "method": "test.update", "params": [1,2,3,4,5]}',
    undefined,
  ],
  ['a notification without parameters', '{"jsonrpc": "2.0", "method": "test.foobar"}', undefined],
  [
    'call of a method that is not there',
    '{"jsonrpc": "2.0", "method": "test.foobar", "id": "1"}',
    { jsonrpc: '2.0', error: -32601, id: '1' },
  ],
  [
    'invalid JSON',
    '{"jsonrpc": "2.0", "method": "test.foobar, "params": "bar", "baz]',
    { jsonrpc: '2.0', error: -32700, id: null },
  ],
  [
    'invalid request object',
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    { jsonrpc: '2.0', error: -32600, id: null },
  ],
  [
    'batch of invalid JSON',
    '[{"jsonrpc": "2.0", "method": "test.sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    { jsonrpc: '2.0', error: -32700, id: null },
  ],
  ['an empty array', '[]', { jsonrpc: '2.0', error: -32600, id: null }],
  ['an invalid batch that is not empty', '[1]', [{ jsonrpc: '2.0', error: -32600, id: null }]],
  [
    'an invalid batch',
    '[1,2,3]',
    [
      { jsonrpc: '2.0', error: -32600, id: null },
      { jsonrpc: '2.0', error: -32600, id: null },
      { jsonrpc: '2.0', error: -32600, id: null },
    ],
  ],
  [
    'a batch',
    `[{"jsonrpc": "2.0", "method": "test.sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "test.notifyHello", "params": [7]},
      {"jsonrpc": "2.0", "method": "test.subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "test.fooGet", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "test.getData", "id": "9"}]`,
    [
      { jsonrpc: '2.0', result: 7, id: '1' },
      { jsonrpc: '2.0', result: 19, id: '2' },
      { jsonrpc: '2.0', error: -32600, id: null },
      { jsonrpc: '2.0', error: -32601, id: '5' },
      { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
    ],
  ],
  [
    'a batch of notifications',
    '[{"jsonrpc": "2.0", "method": "test.notifySum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "test.notifyHello", "params": [7]}]',
    undefined,
  ],
];

function members(...names: string[]) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'integer' }]));
  return { input: { schema: { type: 'object', properties }, stream: false } };
}

const specification = application([
  [
    operation('subtract', members('minuend', 'subtrahend')),
    ({ minuend, subtrahend }: { minuend: number; subtrahend: number }) => minuend - subtrahend,
  ],
  [
    operation('sum', members('a', 'b', 'c')),
    ({ a, b, c }: { a: number; b: number; c: number }) => a + b + c,
  ],
  [operation('update', members('a', 'b', 'c', 'd', 'e')), () => null],
  [operation('notifyHello', members('a')), () => null],
  [operation('getData'), () => Promise.resolve(['hello', 5])],
]);

type Exchange = (sent: string, isAnswered: boolean) => Promise<string | undefined>;

/** Asks behind each message for something known, so that "no answer" is seen without waiting. */
const MARK = '{"jsonrpc":"2.0","id":"mark","method":"test.sum","params":[0,0,0]}';
const MARKED = '{"jsonrpc":"2.0","id":"mark","result":0}';

function overTcp(port: number, frame: (text: string) => string): Exchange {
  return async (sent) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.end(frame(sent) + frame(MARK));
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part);
    const answers = Buffer.concat(parts)
      .toString()
      .split(/\n|(?=Content-Length)/)
      .filter((line) => line !== '' && !/^Content-Length|^\r$/.test(line))
      .map((line) => line.replace(/Content-Length.*/, ''));
    return withoutMark(answers);
  };
}

function withoutMark(answers: string[]): string | undefined {
  assert.ok(answers.includes(MARKED));
  const others = answers.filter((answer) => answer !== MARKED);
  assert.ok(others.length <= 1, `one message was answered by ${others.length}`);
  return others[0];
}

const headers = (text: string) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

test('the examples of the specification, over every transport', async (context) => {
  const { rpcUrl, socketUrl, port } = await startRpcHub(context, { application: specification });
  const transports: Record<string, Exchange> = {
    async HTTP(sent) {
      const response = await fetch(rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: sent,
      });
      const text = await response.text();
      assert.equal(response.status, text === '' ? 204 : 200);
      return text === '' ? undefined : text;
    },
    'TCP lines': overTcp(port, (text) => `${text.replaceAll('\n', ' ')}\n`),
    'TCP headers': overTcp(port, headers),
    async WebSocket(sent, isAnswered) {
      const socket = new WebSocket(socketUrl);
      const answers: string[] = [];
      socket.addEventListener('message', (event) => answers.push(String(event.data)));
      await once(socket, 'open');
      socket.send(sent);
      socket.send(MARK);
      await until(() => answers.includes(MARKED) && answers.length > Number(isAnswered));
      socket.close();
      return withoutMark(answers);
    },
  };
  for (const [transport, exchange] of Object.entries(transports)) {
    for (const [name, sent, expected] of EXAMPLES) {
      const text = await exchange(sent, expected !== undefined);
      const answer = text === undefined ? undefined : codesOnly(JSON.parse(text));
      assert.deepEqual(answer, expected, `${name}, over ${transport}`);
    }
  }
});

function codesOnly(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(codesOnly);
  const { error, ...rest } = answer as { error?: { code: number; message: string } };
  if (error === undefined) return rest;
  assert.equal(typeof error.message, 'string');
  return { ...rest, error: error.code };
}
