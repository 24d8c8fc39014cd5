import type { Protocol } from '../../hub/protocol.ts';
import { faults } from './faults.ts';
import { WebSocketOptions } from './options.ts';
import { WebSocketServer } from './server.ts';

/** JSON-RPC sessions over WebSocket: `docs/protocols/websocket.md`. */
export default {
  name: 'websocket',
  title: 'WebSocket',
  can: {
    call: { unary: true, serverStream: true, clientStream: true, bidirectional: true },
    publish: true,
    subscribe: true,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: WebSocketOptions,
  serve: (hub, options, meter) => new WebSocketServer(hub, options, meter),
} satisfies Protocol<WebSocketOptions>;
