import type { Protocol } from '../../hub/protocol.ts';
import { FAULTS } from './faults.ts';
import { RestOptions } from './options.ts';
import { serveRest } from './server.ts';

export default {
  name: 'rest',
  title: 'REST',
  can: {
    call: { unary: true, serverStream: true, clientStream: true, bidirectional: true },
    publish: true,
    subscribe: false,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults: FAULTS,
  options: RestOptions,
  documents: [
    {
      format: 'openapi',
      title: 'OpenAPI 3.1',
      create: async (contract, baseUrl) => {
        const { openApiText } = await import('./document.ts');
        return openApiText([contract], { baseUrl, secured: false });
      },
    },
  ],
  serve: serveRest,
} satisfies Protocol<RestOptions>;
