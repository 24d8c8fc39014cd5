import type { Protocol } from '../../hub/protocol.ts';
import { sdl } from './document.ts';
import { faults } from './faults.ts';
import { GraphqlOptions } from './options.ts';
import { GraphqlServer } from './server.ts';

/** GraphQL (https://spec.graphql.org/) over HTTP, WebSocket and server-sent events. */
export default {
  name: 'graphql',
  title: 'GraphQL',
  can: {
    // GraphQL has no way for a client to send a stream.
    call: { unary: true, serverStream: true, clientStream: false, bidirectional: false },
    publish: false,
    subscribe: true,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: GraphqlOptions,
  documents: [sdl],
  serve: (hub, options, meter) => new GraphqlServer(hub, options, meter),
} satisfies Protocol<GraphqlOptions>;
