/** Mercurius with its just-in-time compiler, on Fastify. It stands on graphql 16, beside which
 * graphql 17 cannot be: it has a folder of its own, which is filled when this runs first. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ITEMS_SDL, listItems } from './graphql-items.ts';

const folder = new URL('../graphql-peers/', import.meta.url);
if (!existsSync(new URL('node_modules/mercurius', folder))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
}
const require = createRequire(new URL('package.json', folder));
const fastify = require('fastify') as () => FastifyInstance;
const mercurius = require('mercurius') as Parameters<FastifyInstance['register']>[0];

const server = fastify();
await server.register(mercurius, {
  schema: ITEMS_SDL,
  resolvers: {
    Query: { itemsList: (_: unknown, { limit }: { limit: number }) => listItems(limit) },
  },
  jit: 1,
});
await server.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ port: (server.server.address() as AddressInfo).port }));
