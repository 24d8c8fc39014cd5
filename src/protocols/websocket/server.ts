import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { type Metadata, metadataOf } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import { CallHeaders, credentialsOf } from '../../wire/http-call.ts';
import type { RpcService } from '../../wire/jsonrpc/answer.ts';
import { SUBPROTOCOL } from '../../wire/jsonrpc/methods.ts';
import { openRpcDocument } from '../../wire/jsonrpc/open-rpc.ts';
import { acceptWebSocket } from '../../wire/websocket.ts';
import { WebSocketConnection } from './connection.ts';
import type { WebSocketOptions } from './options.ts';

const SUBPROTOCOLS = [SUBPROTOCOL, 'jsonrpc2.0', 'jsonrpc'];

export class WebSocketServer implements ProtocolServer {
  readonly routes: NonNullable<ProtocolServer['routes']>;
  readonly #service: RpcService;
  readonly #options: WebSocketOptions;
  readonly #connections = new Set<WebSocketConnection>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(hub: Hub, options: WebSocketOptions, meter: Meter) {
    this.#options = options;
    const { maxMessageBytes, maxBatch, maxInFlight, maxStreams, streamWindow, maxDepth } = options;
    this.#service = {
      hub,
      meter,
      limits: { maxMessageBytes, maxBatch, maxInFlight, maxStreams, streamWindow, maxDepth },
      authenticateTimeoutMs: options.authenticateTimeoutMs,
      discover: () => openRpcDocument(hub.contracts(), []),
    };
    this.routes = [{ method: 'GET', path: options.path, handle: (one) => this.#handle(one) }];
    this.#every(options.pingIntervalMs, (connection) => connection.socket.heartbeat());
    this.#every(options.idleTimeoutMs, (connection) => connection.closeIfIdle());
  }

  #every(intervalMs: number, act: (connection: WebSocketConnection) => void): void {
    if (intervalMs === 0) return;
    const look = () => {
      for (const connection of this.#connections) act(connection);
    };
    this.#timers.push(setInterval(look, intervalMs).unref());
  }

  #handle(exchange: Exchange): MaybePromise<void> {
    const principal = this.#principalOf(exchange);
    return isPromise(principal)
      ? principal.then((known) => this.#accept(exchange, known))
      : this.#accept(exchange, principal);
  }

  #principalOf(exchange: Exchange): MaybePromise<Principal> {
    const { hub } = this.#service;
    const authorization = exchange.headers.get('authorization');
    if (authorization === undefined && this.#options.tokenInQuery) {
      const token = new URLSearchParams(exchange.query).get('access_token');
      if (token) return hub.authenticate({ kind: 'bearer', token });
    }
    return hub.authenticate(credentialsOf(authorization));
  }

  #accept(exchange: Exchange, principal: Principal): void {
    if (exchange.finished) return;
    const metadata = keptHeaders(exchange);
    const { maxMessageBytes, compress } = this.#options;
    const options = { maxMessageBytes, compress, subprotocols: SUBPROTOCOLS };
    acceptWebSocket(exchange, options, (socket) => {
      const connection = new WebSocketConnection(
        this.#service,
        socket,
        principal,
        metadata,
        (closed) => this.#connections.delete(closed),
      );
      this.#connections.add(connection);
      return connection;
    });
  }

  tryIt({ url }: HubAddress): TryLine[] {
    const address = `${url.replace(/^http/, 'ws')}${this.#options.path}`;
    return [{ label: 'WebSocket (JSON-RPC)', command: pasteLine(address) }];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** Headers of the handshake that say something about calls; they outlive the request. */
function keptHeaders(exchange: Exchange): Metadata {
  const kept: (readonly [string, string])[] = [];
  for (const pair of new CallHeaders(exchange.headers).entries()) {
    if (!HANDSHAKE.test(pair[0])) kept.push(pair);
  }
  return metadataOf(kept);
}

const HANDSHAKE = /^(?:sec-websocket-.*|connection|upgrade|host)$/;

/** Node has a WebSocket of its own since version 22: nothing needs to be installed. */
function pasteLine(address: string): string {
  const request = '{"jsonrpc":"2.0","id":1,"method":"rpc.hello"}';
  const script = `s=new WebSocket("${address}");s.onopen=()=>s.send(process.argv[1]);s.onmessage=m=>{console.log(m.data);s.close()}`;
  return `node -e '${script}' '${request}'`;
}
