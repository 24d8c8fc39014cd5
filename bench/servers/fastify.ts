import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { createItem, getItem, Item, ItemKey, type ItemValue, NewItem } from './items.ts';

const server = fastify({ logger: false });

server.get<{ Params: { id: string } }>(
  '/items/:id',
  { schema: { params: ItemKey, response: { 200: Item } } },
  async (request) => getItem(request.params),
);

server.post<{ Body: Omit<ItemValue, 'id'> }>(
  '/items',
  { schema: { body: NewItem, response: { 200: Item } } },
  async (request) => createItem(request.body),
);

await server.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ port: (server.server.address() as AddressInfo).port }));
