import type { Protocol } from '../../hub/protocol.ts';
import { faults } from './faults.ts';
import { XmlRpcOptions } from './options.ts';
import { XmlRpcServer } from './server.ts';

/** XML-RPC (http://xmlrpc.com/spec.md) over HTTP. */
export default {
  name: 'xmlrpc',
  title: 'XML-RPC',
  can: {
    // One request has one answer: there is no form for a stream.
    call: { unary: true, serverStream: false, clientStream: false, bidirectional: false },
    publish: false,
    subscribe: false,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: XmlRpcOptions,
  serve: (hub, options, meter) => new XmlRpcServer(hub, options, meter),
} satisfies Protocol<XmlRpcOptions>;
