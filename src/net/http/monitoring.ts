import { headerList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Route } from '../../hub/protocol.ts';
import { knownPrincipalOf } from '../../wire/http-call.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const PLAIN = headerList('content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store');

export interface MonitoringOptions {
  /** Whether /metrics is there. */
  readonly metrics: boolean;
}

/**
 * Routes for whoever runs the hub: /healthz (the process answers), /readyz (503 unless calls are
 * taken; a second line tells when streams take nothing, for calls and readers are served then), which
 * ask nobody who they are; and /metrics, which is for those whom the hub knows.
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
        exchange.respond(hub.state === 'ready' ? 200 : 503, PLAIN, readiness(hub)),
    },
  ];
  if (options.metrics) {
    let metrics: Promise<Metrics> | undefined;
    routes.push({
      method: 'GET',
      path: '/metrics',
      handle: async (exchange) => {
        await knownPrincipalOf(hub, exchange, '/metrics');
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

/** Never why: the reason names folders, and this page is for everybody. */
function readiness({ state, streams }: Hub): string {
  return streams?.refusing === undefined ? `${state}\n` : `${state}\nstreams take no messages\n`;
}
