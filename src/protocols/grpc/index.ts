import type { Protocol } from '../../hub/protocol.ts';
import { proto } from './document.ts';
import { FAULTS } from './faults.ts';
import { GrpcOptions } from './options.ts';
import { serveGrpc } from './server.ts';

/** gRPC over HTTP/2, gRPC-Web and Connect, at the same paths. */
export default {
  name: 'grpc',
  title: 'gRPC',
  can: {
    call: { unary: true, serverStream: true, clientStream: true, bidirectional: true },
    publish: true,
    subscribe: true,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults: FAULTS,
  options: GrpcOptions,
  documents: [proto],
  serve: serveGrpc,
} satisfies Protocol<GrpcOptions>;
