import { z } from 'zod';
import { contract, implement, query, service } from '#polywire';

export const greetings = contract({
  name: 'greetings',
  version: '1.0.0',
  services: {
    greetings: service({
      operations: {
        hello: query({ input: z.object({ name: z.string().max(100) }), output: z.string() }),
      },
    }),
  },
});

export default implement(greetings, {
  greetings: { hello: ({ name }) => `Hello, ${name}!` },
});
