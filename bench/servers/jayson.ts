import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import jayson from 'jayson/promise/index.js';
import { WebSocketServer } from 'ws';
import { getItem } from './items.ts';

const server = new jayson.Server({ 'items.get': (input: { id: string }) => getItem(input) });
const http = server.http();
const listener = createServer((request, response) => http.emit('request', request, response));
server.websocket({ wss: new WebSocketServer({ server: listener, path: '/ws' }) });

listener.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (listener.address() as AddressInfo).port }));
});
