import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Exchange } from '../../hub/transport.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { type Metadata, metadataOf } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import { CallHeaders, principalOf } from '../../wire/http-call.ts';
import { Heartbeats } from '../../wire/stream-response.ts';
import { acceptWebSocket } from '../../wire/websocket.ts';
import { sendResults } from './events.ts';
import { HttpGraphql } from './http.ts';
import type { GraphqlOptions } from './options.ts';
import type { Page } from './page.ts';
import { ReservedStreams } from './reserved-streams.ts';
import { Service } from './service.ts';
import { GraphqlSocket, SUBPROTOCOL } from './socket.ts';

/** All ways to reach GraphQL by HTTP. */
export class GraphqlEndpoints {
  readonly reserved: ReservedStreams;
  readonly #service: Service;
  readonly #http: HttpGraphql;
  readonly #page: Page;
  readonly #heartbeats: Heartbeats;
  readonly #sockets = new Set<GraphqlSocket>();
  readonly #pings: NodeJS.Timeout | undefined;

  constructor(hub: Hub, options: GraphqlOptions, meter: Meter, page: Page) {
    this.#service = new Service(hub, options, meter);
    const heartbeats = new Heartbeats(options.heartbeatMs);
    this.#heartbeats = heartbeats;
    this.#http = new HttpGraphql(this.#service, (exchange, results) =>
      sendResults(exchange, results, heartbeats),
    );
    this.#page = page;
    this.reserved = new ReservedStreams(this.#service, heartbeats);
    if (options.pingIntervalMs > 0) {
      const ping = (): void => {
        for (const { socket } of this.#sockets) socket.heartbeat();
      };
      this.#pings = setInterval(ping, options.pingIntervalMs).unref();
    }
  }

  post(exchange: Exchange): MaybePromise<void> {
    return this.#http.post(exchange);
  }

  get(exchange: Exchange): MaybePromise<void> {
    const { headers } = exchange;
    if (headers.get('upgrade') !== undefined) return this.#upgrade(exchange);
    if (this.#service.options.page && exchange.query === '') {
      if (headers.get('accept')?.includes('text/html')) return this.#page.respond(exchange);
    }
    return this.#http.get(exchange);
  }

  #upgrade(exchange: Exchange): MaybePromise<void> {
    const principal = principalOf(this.#service.hub, exchange);
    return isPromise(principal)
      ? principal.then((known) => this.#accept(exchange, known))
      : this.#accept(exchange, principal);
  }

  #accept(exchange: Exchange, principal: Principal): void {
    if (exchange.finished) return;
    const metadata = keptHeaders(exchange);
    const { maxBodyBytes, compress } = this.#service.options;
    const options = { maxMessageBytes: maxBodyBytes, compress, subprotocols: [SUBPROTOCOL] };
    acceptWebSocket(exchange, options, (socket) => {
      const made = new GraphqlSocket(this.#service, socket, principal, metadata, (closed) =>
        this.#sockets.delete(closed),
      );
      this.#sockets.add(made);
      return made;
    });
  }

  close(): void {
    clearInterval(this.#pings);
    this.#heartbeats.close();
    this.reserved.close();
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
