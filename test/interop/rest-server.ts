import { createHub, type HubOptions, type RunningHub } from '../../src/hub/create-hub.ts';
import type { Protocol } from '../../src/hub/protocol.ts';
import type { Application } from '../../src/model/application.ts';
import { createListener } from '../../src/net/listener.ts';
import { completeNetOptions } from '../../src/net/options.ts';
import rest from '../../src/protocols/rest/index.ts';
import sse from '../../src/protocols/sse/index.ts';

export interface TestServer {
  readonly hub: RunningHub;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

function defaults(protocol: Protocol): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(protocol.options.properties).map(([name, schema]) => [
      name,
      (schema as { default?: unknown }).default,
    ]),
  );
}

/** A hub with REST and server-sent events alone, on a free port. */
export async function startServer(
  application: Application,
  options: {
    readonly rest?: Record<string, unknown>;
    readonly sse?: Record<string, unknown>;
    readonly hub?: HubOptions;
  } = {},
): Promise<TestServer> {
  const hub = createHub(options.hub);
  hub.add(application);
  await hub.start();
  const mounted = await Promise.all(
    [rest as Protocol, sse as Protocol].map(async (protocol) => {
      const meter = hub.diagnostics.meter(protocol.name);
      const own = options[protocol.name as 'rest' | 'sse'];
      const server = await protocol.serve(hub, { ...defaults(protocol), ...own }, meter);
      return { protocol, server, meter };
    }),
  );
  const listener = await createListener(
    completeNetOptions({ listen: { port: 0 } }),
    mounted,
    hub.diagnostics,
  );
  return {
    hub,
    url: listener.address.url,
    port: listener.address.port,
    async close() {
      await hub.stop();
      await listener.close();
      for (const { server } of mounted) await server.close?.();
    },
  };
}
