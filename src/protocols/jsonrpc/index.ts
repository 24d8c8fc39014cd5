import type { Protocol } from '../../hub/protocol.ts';
import { framingOf } from '../../wire/jsonrpc/framing.ts';
import { openRpc } from './document.ts';
import { faults } from './faults.ts';
import { JsonRpcOptions } from './options.ts';
import { JsonRpcServer } from './server.ts';

/** JSON-RPC 2.0 (https://www.jsonrpc.org/specification) over HTTP, TCP, Unix sockets and stdio. */
export default {
  name: 'jsonrpc',
  title: 'JSON-RPC 2.0',
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
  options: JsonRpcOptions,
  documents: [openRpc],
  detect(bytes) {
    const framing = framingOf(bytes);
    if (framing === 'more') return 'more';
    return framing === undefined ? 'no' : 'match';
  },
  serve: (hub, options, meter) => new JsonRpcServer(hub, options, meter),
} satisfies Protocol<JsonRpcOptions>;
