import { contract, implement, query, service } from '../../src/index.ts';
import { startHub } from '../../src/testing/index.ts';
import { listItems } from './graphql-items.ts';
import { Item } from './items.ts';

const items = contract({
  name: 'items',
  version: '1.0.0',
  types: { Item },
  services: {
    items: service({
      operations: {
        list: query({
          input: {
            type: 'object',
            properties: { limit: { type: 'integer', minimum: 1, maximum: 1000 } },
            required: ['limit'],
            additionalProperties: false,
          } as const,
          output: { type: 'array', items: { $ref: '#/$defs/Item' } } as const,
        }),
      },
    }),
  },
});

const hub = await startHub([
  implement(items, {
    items: {
      list: async (input) => (await listItems((input as { limit: number }).limit)) as never,
    },
  }),
]);
console.log(JSON.stringify({ port: Number(new URL(hub.url).port) }));
process.on('SIGINT', () => process.exit(0));
