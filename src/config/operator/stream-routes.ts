import type { Hub } from '../../hub/hub.ts';
import type { ProtocolServer } from '../../hub/protocol.ts';

type Routes = NonNullable<ProtocolServer['routes']>;

/**
 * Streams for whoever runs the hub, and for `polywire stream`. Rights are those of `hub.streams`.
 *
 *     GET    /streams                 all that the caller may see
 *     POST   /streams                 makes one: {name} and what an entry of `streams` in the
 *                                     configuration says
 *     GET    /streams/:name           settings and partitions
 *     DELETE /streams/:name           removes it with its records
 *     GET    /streams/:name/records   a page of records (stream-page-request.ts)
 *
 * The code is loaded with the first request.
 */
export function streamRoutes(hub: Hub): Routes {
  const handlers = () => import('./stream-handlers.ts');
  return [
    {
      method: 'GET',
      path: '/streams',
      handle: async (exchange) => (await handlers()).list(hub, exchange),
    },
    {
      method: 'POST',
      path: '/streams',
      handle: async (exchange) => (await handlers()).create(hub, exchange),
    },
    {
      method: 'GET',
      path: '/streams/:name',
      handle: async (exchange) => (await handlers()).describe(hub, exchange),
    },
    {
      method: 'DELETE',
      path: '/streams/:name',
      handle: async (exchange) => (await handlers()).remove(hub, exchange),
    },
    {
      method: 'GET',
      path: '/streams/:name/records',
      handle: async (exchange) => (await handlers()).records(hub, exchange),
    },
  ];
}
