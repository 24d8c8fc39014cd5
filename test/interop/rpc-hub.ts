import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createHub } from '../../src/hub/create-hub.ts';
import { completeOptions } from '../../src/hub/option-value.ts';
import type { HubOptions } from '../../src/hub/options.ts';
import type { Application } from '../../src/model/application.ts';
import { createListener } from '../../src/net/listener.ts';
import { completeNetOptions } from '../../src/net/options.ts';
import jsonrpc from '../../src/protocols/jsonrpc/index.ts';
import { JsonRpcOptions } from '../../src/protocols/jsonrpc/options.ts';
import websocket from '../../src/protocols/websocket/index.ts';
import { WebSocketOptions } from '../../src/protocols/websocket/options.ts';
import { rpcApplication, type Seen } from '../../src/wire/jsonrpc/service.test-support.ts';

/** A hub on a free port of loopback and a Unix socket, with both protocols that speak JSON-RPC. */
export async function startRpcHub(
  context: TestContext,
  options: {
    readonly hub?: HubOptions;
    readonly jsonrpc?: Partial<JsonRpcOptions>;
    readonly websocket?: Partial<WebSocketOptions>;
    readonly application?: Application;
  } = {},
) {
  const seen: Seen = { aborted: [], produced: 0, taken: 0 };
  const hub = createHub(options.hub);
  hub.add(options.application ?? rpcApplication(seen));
  await hub.start();
  const directory = await mkdtemp(join(tmpdir(), 'polywire-'));
  const rpcMeter = hub.diagnostics.meter('jsonrpc');
  const socketMeter = hub.diagnostics.meter('websocket');
  const rpc = jsonrpc.serve(hub, completeOptions(JsonRpcOptions, options.jsonrpc ?? {}), rpcMeter);
  const sockets = websocket.serve(
    hub,
    completeOptions(WebSocketOptions, options.websocket ?? {}),
    socketMeter,
  );
  const unix = join(directory, 'hub.sock');
  const listener = await createListener(
    completeNetOptions({ listen: { port: 0, unix } }),
    [
      { protocol: jsonrpc, server: rpc, meter: rpcMeter },
      { protocol: websocket, server: sockets, meter: socketMeter },
    ],
    hub.diagnostics,
  );
  context.after(async () => {
    await listener.close();
    await hub.stop();
    rpc.close();
    sockets.close();
    await rm(directory, { recursive: true, force: true });
  });
  const { url, port, host } = listener.address;
  return {
    hub,
    seen,
    listener,
    rpc,
    sockets,
    url,
    host,
    port,
    unix,
    rpcUrl: `${url}/rpc`,
    socketUrl: `${url.replace('http', 'ws')}/ws`,
    rpcMeter,
    socketMeter,
  };
}
