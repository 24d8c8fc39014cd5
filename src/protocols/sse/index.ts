import type { Protocol } from '../../hub/protocol.ts';
import { FAULTS } from './faults.ts';
import { SseOptions } from './options.ts';
import { serveSse } from './server.ts';

export default {
  name: 'sse',
  title: 'Server-sent events',
  can: {
    call: { unary: false, serverStream: false, clientStream: false, bidirectional: false },
    publish: false,
    subscribe: true,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: false,
  },
  faults: FAULTS,
  options: SseOptions,
  serve: serveSse,
} satisfies Protocol<SseOptions>;
