import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route, TryLine } from '../../hub/protocol.ts';
import type { Connection, Exchange, Receiver } from '../../hub/transport.ts';
import { type Credentials, NO_CREDENTIALS } from '../../model/principal.ts';
import { requestBytes } from '../../wire/compression.ts';
import { HttpFault } from '../../wire/problem.ts';
import type { HttpEndpoint } from './http.ts';
import { META, MODERN_VERSION, namePattern } from './names.ts';
import type { McpOptions } from './options.ts';
import type { McpService } from './service.ts';

/** What is loaded and made when somebody asks for it first: most hubs are never asked. */
interface Loaded {
  readonly service: McpService;
  readonly http: HttpEndpoint;
}

/** What every request of the revision without sessions says. */
const EXAMPLE_META = { [META.version]: MODERN_VERSION, [META.clientCapabilities]: {} };

/** MCP at work in one hub. */
export class McpServer implements ProtocolServer {
  readonly routes: readonly Route[];
  readonly #options: McpOptions;
  readonly #lazy: FirstUse<Loaded>;

  /** @throws Fault INVALID_ARGUMENT for a bad pattern in the options */
  constructor(hub: Hub, options: McpOptions, meter: Meter) {
    namePattern([...options.expose, ...options.hide]);
    this.#options = options;
    this.#lazy = new FirstUse(async () => {
      const [{ McpService }, { HttpEndpoint }] = await Promise.all([
        import('./service.ts'),
        import('./http.ts'),
      ]);
      const service = new McpService(hub, meter, options);
      return { service, http: new HttpEndpoint(service) };
    });
    const lazy = this.#lazy;
    const { path } = options;
    this.routes = [
      { method: 'POST', path, handle: (exchange) => this.#post(exchange) },
      {
        method: 'GET',
        path,
        handle: lazy.handler(({ http }, exchange) => http.get(exchange)),
      },
      {
        method: 'DELETE',
        path,
        handle: lazy.handler(({ http }, exchange) => http.delete(exchange)),
      },
    ];
  }

  /**
   * Serves one client on a byte connection, such as the stdin and stdout of this process.
   * @param credentials of the client, where the environment has any
   */
  async serve(
    connection: Connection,
    credentials: Credentials = NO_CREDENTIALS,
  ): Promise<Receiver> {
    const { service } = await this.#lazy.get();
    const { StdioServer } = await import('./stdio.ts');
    return new StdioServer(service, connection, credentials);
  }

  tryIt({ url }: HubAddress): readonly TryLine[] {
    const address = url + this.#options.path;
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: EXAMPLE_META } };
    return [
      { label: 'address for MCP clients', command: address },
      {
        label: 'the tools',
        command: `curl -s ${address} -H 'mcp-protocol-version: ${MODERN_VERSION}' -H 'mcp-method: tools/list' --json '${JSON.stringify(list)}'`,
      },
    ];
  }

  async close(): Promise<void> {
    (await this.#lazy.settled())?.http.close();
  }

  async #post(exchange: Exchange): Promise<void> {
    checkContentType(exchange.headers.get('content-type'));
    // Before the body, which may be a view of bytes that are gone when the code has been loaded.
    const { http } = this.#lazy.loaded ?? (await this.#lazy.wait());
    return http.post(exchange, await requestBytes(exchange, this.#options.maxMessageBytes));
  }
}

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?$/i;

/** @throws HttpFault 415 */
function checkContentType(contentType: string | undefined): void {
  if (contentType !== undefined && JSON_TYPE.test(contentType)) return;
  throw new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `MCP comes as application/json in UTF-8; Content-Type was ${JSON.stringify((contentType ?? 'absent').slice(0, 80))}.`,
    ['accept-post', 'application/json'],
  );
}
