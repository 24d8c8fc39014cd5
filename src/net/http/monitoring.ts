import { headerList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Route } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { principalOf } from '../../wire/http-call.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const PLAIN = headerList('content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store');

export interface MonitoringOptions {
  /** Whether callers without credentials are refused everything. */
  readonly anonymousDenied: boolean;
  /** Whether /metrics is there. */
  readonly metrics: boolean;
}

/**
 * Routes for whoever runs the hub: /healthz (the process answers), /readyz (503 unless calls are
 * taken), which ask nobody who they are; and /metrics, which is for those whom the hub knows.
 */
export function monitoringRoutes(hub: Hub, options: MonitoringOptions): Route[] {
  const routes: Route[] = [
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
  ];
  if (options.metrics) {
    let metrics: Promise<Metrics> | undefined;
    routes.push({
      method: 'GET',
      path: '/metrics',
      handle: async (exchange) => {
        await admit(hub, exchange, options.anonymousDenied);
        metrics ??= createMetrics(hub);
        const { contentType, text } = await metrics;
        const body = await text();
        if (!exchange.finished) {
          exchange.respond(
            200,
            headerList('content-type', contentType, 'cache-control', 'no-store'),
            body,
          );
        }
      },
    });
  }
  return routes;
}

/** @throws Fault UNAUTHENTICATED for a caller whom the hub wants to know and does not */
export async function admit(hub: Hub, exchange: Exchange, anonymousDenied: boolean): Promise<void> {
  const principal: MaybePromise<{ readonly authenticated: boolean }> = principalOf(hub, exchange);
  if (!(await principal).authenticated && anonymousDenied) {
    throw new Fault('UNAUTHENTICATED', 'This hub asks for credentials.');
  }
}
