import { headerList, JSON_HEADERS } from '../hub/header-list.ts';
import type { Hub } from '../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route } from '../hub/protocol.ts';
import { type MonitoringOptions, monitoringRoutes } from '../net/http/monitoring.ts';
import { knownPrincipalOf } from '../wire/http-call.ts';
import { streamRoutes } from './operator/stream-routes.ts';
import { addressOf, type ProtocolFacts, tryText } from './try-lines.ts';

/** Label of the figures of these routes. */
export const MONITORING = 'monitoring';

const TEXT_FRESH = headerList(
  'content-type',
  'text/plain; charset=utf-8',
  'cache-control',
  'no-store',
  'vary',
  'accept',
);
const JSON_FRESH = JSON_HEADERS.with('cache-control', 'no-store');

/** What these routes tell about the system around them. */
export interface SystemView extends MonitoringOptions {
  address(): HubAddress;
  protocols(address: HubAddress): readonly ProtocolFacts[];
}

/**
 * Routes for whoever runs the hub: those of monitoring and of streams, /contract.json (what is
 * served, in the neutral form; clients learn operations and the subjects of events from it), and
 * /try (lines to paste for every protocol, as text or JSON).
 */
export function monitoringServer(hub: Hub, view: SystemView): ProtocolServer {
  const routes: readonly Route[] = [
    ...monitoringRoutes(hub, view),
    ...streamRoutes(hub),
    {
      method: 'GET',
      path: '/contract.json',
      handle: async (exchange) => {
        await knownPrincipalOf(hub, exchange, 'The contract');
        exchange.respond(200, JSON_FRESH, JSON.stringify(hub.contracts()));
      },
    },
    {
      method: 'GET',
      path: '/try',
      handle: async (exchange) => {
        await knownPrincipalOf(hub, exchange, 'The contract');
        const protocols = view.protocols(addressOf(exchange, view.address()));
        if (exchange.headers.get('accept')?.includes('application/json') === true) {
          exchange.respond(200, JSON_FRESH.with('vary', 'accept'), JSON.stringify({ protocols }));
        } else exchange.respond(200, TEXT_FRESH, tryText(protocols));
      },
    },
  ];
  return { routes, tryIt: () => [] };
}
