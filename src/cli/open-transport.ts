import { HttpTransport } from '../client/http.ts';
import type { Transport } from '../client/transport.ts';
import { WebSocketTransport } from '../client/websocket.ts';
import { WEBSOCKET_PATH } from '../wire/jsonrpc/methods.ts';
import type { Over } from './client-commands.ts';
import { LineTransport } from './line-transport.ts';

/** What carries the calls of a command. @param base address of the hub */
export function openTransport(over: Over, base: URL, token: string | undefined): Transport {
  const url = base.href.replace(/\/$/, '');
  switch (over) {
    case 'http':
      return new HttpTransport(url, token);
    case 'websocket':
      return new WebSocketTransport(`${url.replace(/^http/, 'ws')}${WEBSOCKET_PATH}`, token);
    case 'jsonrpc':
      return new LineTransport(base, token);
  }
}
