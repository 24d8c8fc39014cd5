import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { GraphqlEndpoints } from './endpoints.ts';
import { exampleQuery } from './example.ts';
import type { GraphqlOptions } from './options.ts';
import { Page } from './page.ts';

/** Single connection mode of GraphQL over server-sent events. */
const RESERVED_METHODS = ['PUT', 'GET', 'POST', 'DELETE'] as const;

/** GraphQL at work in one hub: its addresses. What answers there is loaded with the first request. */
export class GraphqlServer implements ProtocolServer {
  readonly routes: readonly Route[];
  readonly #hub: Hub;
  readonly #options: GraphqlOptions;
  readonly #lazy: FirstUse<GraphqlEndpoints>;

  constructor(hub: Hub, options: GraphqlOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    const page = new Page(options.path);
    const lazy = new FirstUse(async () => {
      const { GraphqlEndpoints } = await import('./endpoints.ts');
      return new GraphqlEndpoints(hub, options, meter, page);
    });
    this.#lazy = lazy;
    const { path } = options;
    const routes: Route[] = [
      { method: 'GET', path, handle: lazy.handler((all, exchange) => all.get(exchange)) },
      { method: 'POST', path, handle: lazy.handler((all, exchange) => all.post(exchange)) },
      ...(options.page ? page.routes : []),
    ];
    if (options.maxEventStreams > 0) {
      for (const method of RESERVED_METHODS) {
        const handle = lazy.handler(({ reserved }, exchange: Exchange) =>
          reserved.handle(method, exchange),
        );
        routes.push({ method, path: `${path}/stream`, handle });
      }
    }
    this.routes = routes;
  }

  tryIt({ url }: HubAddress): TryLine[] {
    const { path, page } = this.#options;
    const query = JSON.stringify({ query: exampleQuery(this.#hub.contracts()) });
    const lines = [{ label: 'a query', command: `curl -s ${url}${path} --json '${query}'` }];
    if (page) lines.push({ label: 'to write and try queries', command: `${url}${path}` });
    return lines;
  }

  async close(): Promise<void> {
    (await this.#lazy.settled())?.close();
  }
}
