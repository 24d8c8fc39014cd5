import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route, TryLine } from '../../hub/protocol.ts';
import { Heartbeats } from '../../wire/stream-response.ts';
import { documentRoutes } from './document-routes.ts';
import { exampleInput } from './example.ts';
import { IdempotencyStore } from './idempotency.ts';
import type { RestOptions } from './options.ts';
import { type Plan, plansOf } from './plan.ts';
import { PUBLISH_PATH, PublishHandler } from './publish.ts';
import { PlanHeaders } from './reply.ts';
import { StreamHandler } from './streaming.ts';
import { type RestContext, UnaryHandler } from './unary.ts';

/** REST at work in one hub: a route for each address of each operation, POST /publish, and the
 * documents. */
export function serveRest(hub: Hub, options: RestOptions, meter: Meter): ProtocolServer {
  const context: RestContext = {
    hub,
    meter,
    options,
    idempotency: new IdempotencyStore({
      ttlMs: options.idempotencyTtlMs,
      maxEntries: options.idempotencyMaxEntries,
      maxBytes: options.idempotencyMaxBytes,
    }),
  };
  const heartbeats = new Heartbeats(options.heartbeatMs);
  const startedSeconds = Math.floor(Date.now() / 1000);
  const plans = plansOf(hub.endpoints());
  const routes: Route[] = plans.map((plan) => {
    const headers = new PlanHeaders(plan, startedSeconds);
    const handler =
      plan.inputStreams || plan.outputStreams
        ? new StreamHandler(context, plan, headers, heartbeats)
        : new UnaryHandler(context, plan, headers);
    return {
      method: plan.method,
      path: plan.route,
      handle: (exchange) => handler.handle(exchange),
    };
  });
  const publish = new PublishHandler(context);
  routes.push({
    method: 'POST',
    path: `${PUBLISH_PATH}*`,
    handle: (exchange) => publish.handle(exchange),
  });
  routes.push(...documentRoutes(hub, options));
  return {
    routes,
    tryIt: (address) => tryLines(plans, address, options),
    close: () => heartbeats.close(),
  };
}

function tryLines(plans: readonly Plan[], address: HubAddress, options: RestOptions): TryLine[] {
  const lines: TryLine[] = [];
  const simple = (plan: Plan) => plan.documented && !plan.inputStreams;
  const query = plans.find((plan) => simple(plan) && !plan.takesBody && !plan.outputStreams);
  const command = plans.find((plan) => simple(plan) && plan.takesBody && !plan.outputStreams);
  if (query !== undefined) lines.push({ label: 'a query', command: curl(query, address) });
  if (command !== undefined) lines.push({ label: 'a command', command: curl(command, address) });
  const stream = plans.find((plan) => simple(plan) && plan.outputStreams);
  if (stream !== undefined)
    lines.push({ label: 'a stream of answers', command: curl(stream, address) });
  lines.push({
    label: 'publish a message',
    command: `curl -s ${address.url}${PUBLISH_PATH}demo/hello -H 'content-type: text/plain' -d hello`,
  });
  if (options.docs)
    lines.push({ label: 'documentation, to try every operation', command: `${address.url}/docs` });
  lines.push({ label: 'OpenAPI', command: `${address.url}/openapi.json` });
  return lines;
}

/** For a shell: single quotes around, and inside each as '\''. */
function quoted(text: string): string {
  return /^[\w:/.=%&?@,-]+$/.test(text) && !/[&?]/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}

function curl(plan: Plan, address: HubAddress): string {
  const example = exampleInput(plan.endpoint);
  const rest: Record<string, unknown> = { ...example };
  const path = plan.path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value ?? name));
  });
  if (plan.takesBody) {
    const method = plan.method === 'POST' ? '' : ` -X ${plan.method}`;
    return `curl -s${method} ${quoted(address.url + path)} --json ${quoted(JSON.stringify(rest))}`;
  }
  const query = Object.entries(rest)
    .map(([name, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      return `${encodeURIComponent(name)}=${encodeURIComponent(text)}`;
    })
    .join('&');
  const flags = `${plan.outputStreams ? 'N' : ''}s${plan.method === 'GET' ? '' : ` -X ${plan.method}`}`;
  return `curl -${flags} ${quoted(address.url + path + (query === '' ? '' : `?${query}`))}`;
}
