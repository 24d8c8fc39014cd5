import type { Application, Handler } from '../../src/model/application.ts';
import type { Contract } from '../../src/model/contract.ts';
import { startHub } from '../../src/testing/index.ts';
import { createItem, getItem, Item, ItemKey, NewItem } from './items.ts';

const contract: Contract = {
  polywire: '1',
  name: 'items',
  version: '1.0.0',
  errors: {},
  $defs: {},
  services: [
    {
      name: 'items',
      events: [],
      operations: [
        {
          name: 'get',
          kind: 'query',
          input: { schema: ItemKey, stream: false },
          output: { schema: Item, stream: false },
          http: { method: 'GET', path: '/items/{id}' },
          errors: [],
          scopes: [],
          examples: [],
        },
        {
          name: 'create',
          kind: 'command',
          input: { schema: NewItem, stream: false },
          output: { schema: Item, stream: false },
          http: { method: 'POST', path: '/items' },
          errors: [],
          scopes: [],
          examples: [],
        },
      ],
    },
  ],
};

const application: Application = {
  contract,
  handlers: new Map<string, Handler>([
    ['items.get', getItem],
    ['items.create', createItem],
  ]),
  parsers: new Map(),
};

const hub = await startHub([application]);
console.log(JSON.stringify({ port: Number(new URL(hub.url).port) }));
process.on('SIGINT', () => process.exit(0));
