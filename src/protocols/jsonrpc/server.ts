import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Connection, Receiver } from '../../hub/transport.ts';
import { fullName } from '../../model/contract.ts';
import type { RpcService } from '../../wire/jsonrpc/answer.ts';
import { openRpcDocument } from '../../wire/jsonrpc/open-rpc.ts';
import { HttpRpc } from './http.ts';
import type { JsonRpcOptions } from './options.ts';
import { RawConnection } from './raw.ts';

export class JsonRpcServer implements ProtocolServer {
  readonly routes: NonNullable<ProtocolServer['routes']>;
  readonly #service: RpcService;
  readonly #hub: Hub;
  readonly #options: JsonRpcOptions;
  readonly #connections = new Set<RawConnection>();
  readonly #checks: NodeJS.Timeout[] = [];

  constructor(hub: Hub, options: JsonRpcOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    const { path, idleTimeoutMs, messageTimeMs, authenticateTimeoutMs, ...limits } = options;
    const discover = () => openRpcDocument(hub.contracts(), [{ name: 'HTTP', url: path }]);
    this.#service = { hub, meter, limits, authenticateTimeoutMs, discover };
    const http = new HttpRpc(this.#service);
    this.routes = [{ method: 'POST', path, handle: (exchange) => http.handle(exchange) }];
    this.#every(idleTimeoutMs, (connection) => connection.endIfIdle());
    this.#every(messageTimeMs, (connection) => connection.endIfStuck());
  }

  accept(connection: Connection): Receiver {
    const raw = new RawConnection(this.#service, connection, (closed) => {
      this.#connections.delete(closed);
    });
    this.#connections.add(raw);
    return raw;
  }

  #every(intervalMs: number, look: (connection: RawConnection) => void): void {
    if (intervalMs <= 0) return;
    const check = () => {
      for (const connection of this.#connections) look(connection);
    };
    this.#checks.push(setInterval(check, intervalMs).unref());
  }

  tryIt(address: HubAddress): TryLine[] {
    const { url, host, port, unix } = address;
    const request = exampleRequest(this.#hub);
    const lines = [
      {
        label: 'JSON-RPC over HTTP',
        command: `curl -s ${url}${this.#options.path} -H 'content-type: application/json' -d '${shellQuoted(request)}'`,
      },
      {
        // As a client that sends bytes as they are; it waits until its time is over.
        label: 'JSON-RPC over TCP',
        command: `printf '%s\\n' '${shellQuoted(request)}' | curl -sm 1 telnet://${host}:${port}`,
      },
    ];
    if (unix !== undefined) {
      lines.push({
        label: 'JSON-RPC over a Unix socket',
        command: `printf '%s\\n' '${shellQuoted(request)}' | curl -sm 1 --unix-socket ${unix} telnet://localhost`,
      });
    }
    return lines;
  }

  close(): void {
    for (const check of this.#checks) clearInterval(check);
  }
}

/** A request that works when it is pasted: a query's example, or discovery. */
function exampleRequest(hub: Hub): string {
  for (const contract of hub.contracts()) {
    for (const service of contract.services) {
      for (const operation of service.operations) {
        if (operation.input.stream || operation.output.stream || operation.kind !== 'query')
          continue;
        const [example] = operation.examples;
        if (example === undefined) continue;
        const method = fullName(service, operation);
        return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: example.input ?? {} });
      }
    }
  }
  return '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}';
}

/** Text between single quotes of a POSIX shell. */
function shellQuoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
