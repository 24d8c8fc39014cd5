import { headerList, JSON_HEADERS } from '../hub/header-list.ts';
import type { Hub } from '../hub/hub.ts';
import type { ProtocolServer, Route } from '../hub/protocol.ts';
import type { Exchange } from '../hub/transport.ts';
import { Fault } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import type { Principal } from '../model/principal.ts';
import { principalOf } from '../wire/http-call.ts';

/** Label of the figures of these routes. */
export const MONITORING = 'monitoring';

const PLAIN = headerList('content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store');
const JSON_FRESH = JSON_HEADERS.with('cache-control', 'no-store');

/**
 * Routes for whoever runs the hub: /healthz (the process answers), /readyz (calls are taken), and
 * /contracts (what is served, in the neutral form; the command line asks for it).
 */
export function monitoringServer(hub: Hub, anonymousDenied: boolean): ProtocolServer {
  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/healthz',
      handle: (exchange) => exchange.respond(200, PLAIN, 'ok\n'),
    },
    {
      method: 'GET',
      path: '/readyz',
      handle: (exchange) =>
        exchange.respond(hub.state === 'ready' ? 200 : 503, PLAIN, `${hub.state}\n`),
    },
    {
      method: 'GET',
      path: '/contracts',
      handle: (exchange) => {
        const principal = principalOf(hub, exchange);
        return isPromise(principal)
          ? principal.then((known) => respondContracts(hub, exchange, known, anonymousDenied))
          : respondContracts(hub, exchange, principal, anonymousDenied);
      },
    },
  ];
  return { routes, tryIt: () => [] };
}

function respondContracts(
  hub: Hub,
  exchange: Exchange,
  principal: Principal,
  anonymousDenied: boolean,
): MaybePromise<void> {
  if (anonymousDenied && !principal.authenticated) {
    throw new Fault('UNAUTHENTICATED', 'This hub asks for credentials.');
  }
  exchange.respond(200, JSON_FRESH, JSON.stringify({ contracts: hub.contracts() }));
}
