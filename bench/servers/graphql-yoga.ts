import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { ITEMS_SDL, listItems } from './graphql-items.ts';

// Not imported: its types bring those of browsers along, for the whole project.
const { createYoga } = createRequire(import.meta.url)('graphql-yoga') as {
  createYoga(options: object): RequestListener;
};

const schema = buildSchema(ITEMS_SDL);
const { itemsList } = (schema.getType('Query') as GraphQLObjectType).getFields();
itemsList!.resolve = (_, { limit }) => listItems(limit as number);

const server = createServer(createYoga({ schema, logging: false, graphiql: false }));
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
