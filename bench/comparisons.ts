import { type Comparison, runLoad } from './harness.ts';

const CONNECTIONS = 64;

function http(port: number, durationMs: number, request: string): Promise<number> {
  return Promise.resolve(
    runLoad('http.ts', { port, durationMs, request, connections: CONNECTIONS }),
  );
}

function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  return [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ].join('\r\n');
}

const NEW_ITEM = {
  name: 'Corrugated box, double wall',
  quantity: 42,
  price: 3.75,
  tags: ['cardboard', 'large', 'recyclable'],
  active: true,
};

export const COMPARISONS: readonly Comparison[] = [
  {
    name: 'rest-query',
    title: 'REST query, validated and serialized, 64 connections',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'fastify', server: 'fastify.ts' },
    target: 2,
    unit: 'requests/s',
    load: (port, durationMs) =>
      http(
        port,
        durationMs,
        'GET /items/item-17 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n',
      ),
  },
  {
    name: 'rest-command',
    title: 'REST command, validated and serialized, 64 connections',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'fastify', server: 'fastify.ts' },
    target: 2,
    unit: 'requests/s',
    load: (port, durationMs) => http(port, durationMs, post('/items', NEW_ITEM)),
  },
  {
    name: 'jsonrpc-http',
    title: 'JSON-RPC over HTTP, 64 connections',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'jayson', server: 'jayson.ts' },
    target: 3,
    unit: 'calls/s',
    load: (port, durationMs) =>
      http(
        port,
        durationMs,
        post('/rpc', { jsonrpc: '2.0', id: 1, method: 'items.get', params: { id: 'item-17' } }),
      ),
  },
  {
    name: 'websocket-call',
    title: 'JSON-RPC call over WebSocket, one in flight on each of 64 connections',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'jayson (ws)', server: 'jayson.ts' },
    target: 1,
    unit: 'calls/s',
    load: (port, durationMs) =>
      Promise.resolve(
        runLoad('websocket.ts', {
          port,
          durationMs,
          path: '/ws',
          connections: CONNECTIONS,
          method: 'items.get',
          params: { id: 'item-17' },
        }),
      ),
  },
];
