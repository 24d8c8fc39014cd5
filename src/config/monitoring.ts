import { JSON_HEADERS } from '../hub/header-list.ts';
import type { Hub } from '../hub/hub.ts';
import type { ProtocolServer, Route } from '../hub/protocol.ts';
import { type MonitoringOptions, monitoringRoutes } from '../net/http/monitoring.ts';
import { knownPrincipalOf } from '../wire/http-call.ts';
import { streamRoutes } from './operator/stream-routes.ts';

/** Label of the figures of these routes. */
export const MONITORING = 'monitoring';

const JSON_FRESH = JSON_HEADERS.with('cache-control', 'no-store');

/**
 * Routes for whoever runs the hub: those of monitoring and of streams, and /contract.json (what is
 * served, in the neutral form; clients learn operations and the subjects of events from it).
 */
export function monitoringServer(hub: Hub, options: MonitoringOptions): ProtocolServer {
  const routes: readonly Route[] = [
    ...monitoringRoutes(hub, options),
    ...streamRoutes(hub),
    {
      method: 'GET',
      path: '/contract.json',
      handle: async (exchange) => {
        await knownPrincipalOf(hub, exchange, 'The contract');
        exchange.respond(200, JSON_FRESH, JSON.stringify(hub.contracts()));
      },
    },
  ];
  return { routes, tryIt: () => [] };
}
