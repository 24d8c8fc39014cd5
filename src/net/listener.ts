import net from 'node:net';
import type { Diagnostics, Meter } from '../hub/diagnostics.ts';
import { FirstUse } from '../hub/first-use.ts';
import type { HubAddress, Protocol, ProtocolServer } from '../hub/protocol.ts';
import type { Peer, Receiver } from '../hub/transport.ts';
import { checkBind, isLoopbackAddress } from './bind-policy.ts';
import { detectHttp1, detectHttp2, detectTls } from './detect.ts';
import type { HttpContext } from './http/context.ts';
import { Dispatcher } from './http/dispatch.ts';
import { Guard } from './http/guard.ts';
import { Router } from './http/router.ts';
import { Http1Connection } from './http1/connection.ts';
import { type Candidate, Incoming } from './incoming.ts';
import { LateReceiver, type ReceiverFactory } from './late-receiver.ts';
import { type NetLogger, NO_LOGGER } from './logger.ts';
import type { NetOptions } from './options.ts';
import { withOwnReads } from './sockets.ts';
import { StreamConnection } from './stream-connection.ts';
import { hubAddress, listenTcp } from './tcp-address.ts';
import { Ticker } from './ticker.ts';
import type { TlsLayer } from './tls-layer.ts';
import { freeSocketPath, listenUnix } from './unix-socket.ts';

/** A protocol at work, and its figures. */
export interface Mounted {
  readonly protocol: Pick<Protocol, 'name' | 'detect'>;
  readonly server: ProtocolServer;
  readonly meter: Meter;
}

export interface ListenerSettings {
  /** Callers have to say who they are: then wider addresses than loopback may be bound. */
  readonly authenticated?: boolean;
  readonly logger?: NetLogger;
  /** Descriptor of a socket that is bound already, to listen on in place of `listen.host` and
   * `listen.port`: a supervisor keeps it while one process takes over from another. */
  readonly listenFd?: number;
}

export interface Listener {
  readonly address: HubAddress;
  /** Addresses of `listen.also`, in that order. */
  readonly alsoAddresses: readonly HubAddress[];
  /** Connections open now. */
  readonly connections: number;
  /**
   * Tells the open connections to finish. Resolves when the last one is closed; those that are left
   * after `timeoutMs` are cut. New connections are taken until `close`, one request each, so that
   * whoever asks hears that the hub is stopping; a socket that was handed to this process is left
   * to the next one at once.
   */
  drain(timeoutMs: number): Promise<void>;
  /** Cuts every connection and frees the addresses. */
  close(): Promise<void>;
}

/**
 * Opens the addresses and serves every mounted protocol on each of them, known by the first bytes
 * of a connection.
 * @throws Error for an address that may not or cannot be bound, TLS files that cannot be used, or
 *   two protocols that claim one route
 */
export async function createListener(
  options: NetOptions,
  mounted: readonly Mounted[],
  diagnostics: Diagnostics,
  settings: ListenerSettings = {},
): Promise<Listener> {
  const hosts = [options.listen, ...options.listen.also];
  for (const { host } of hosts) {
    checkBind(host, settings.authenticated === true, options.listen.insecure);
  }
  const listener = new HubListener(options, mounted, diagnostics, settings);
  try {
    await listener.open();
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
}

function shortestTimeMs(options: NetOptions): number {
  const { idleTimeMs, headTimeMs, requestTimeMs } = options.http;
  const pingIntervalMs = options.http2.pingIntervalMs || Number.POSITIVE_INFINITY;
  const { detectTimeMs, sendTimeMs } = options.limits;
  return Math.min(detectTimeMs, sendTimeMs, idleTimeMs, headTimeMs, requestTimeMs, pingIntervalMs);
}

class HubListener implements Listener {
  readonly #options: NetOptions;
  readonly #logger: NetLogger;
  readonly #meter: Meter;
  readonly #ticker: Ticker;
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #open = new Set<StreamConnection>();
  readonly #incoming = new Set<Incoming>();
  readonly #perAddress = new Map<string, number>();
  readonly #candidates: readonly Candidate[];
  readonly #http: HttpContext;
  readonly #listenFd: number | undefined;
  readonly #http2: FirstUse<ReceiverFactory>;
  #tls: TlsLayer | undefined;
  #addresses: HubAddress[] = [];
  #draining = false;
  #closed = false;
  /** Connections that a drain waits for, and whom to tell when they are gone. */
  #awaited: { readonly sockets: Set<net.Socket>; gone(): void } | undefined;

  constructor(
    options: NetOptions,
    mounted: readonly Mounted[],
    diagnostics: Diagnostics,
    settings: ListenerSettings,
  ) {
    this.#options = options;
    this.#listenFd = settings.listenFd;
    this.#logger = settings.logger ?? NO_LOGGER;
    this.#meter = diagnostics.meter('listener');
    this.#ticker = new Ticker(Math.min(1_000, Math.max(20, shortestTimeMs(options) / 4)));
    this.#http = this.#createHttp(mounted, diagnostics.meter('http'));
    this.#http2 = new FirstUse(async () => {
      const { createHttp2Connection } = await import('./http2/connection.ts');
      return { create: (connection) => createHttp2Connection(connection, this.#http) };
    });
    this.#tls = undefined;
    this.#awaited = undefined;
    this.#candidates = this.#createCandidates(mounted);
  }

  get address(): HubAddress {
    return this.#addresses[0]!;
  }

  get alsoAddresses(): readonly HubAddress[] {
    return this.#addresses.slice(1);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  #createHttp(mounted: readonly Mounted[], meter: Meter): HttpContext {
    const router = new Router();
    for (const { protocol, server, meter } of mounted) {
      for (const route of server.routes ?? []) {
        router.add({ route, meter, protocol: protocol.name });
      }
    }
    const { listen } = this.#options;
    const loopback = [listen, ...listen.also].every(({ host }) => isLoopbackAddress(host));
    const guard = new Guard(this.#options, loopback);
    const dispatcher = new Dispatcher(router, guard, meter, this.#logger);
    const isDraining = (): boolean => this.#draining;
    return {
      get draining() {
        return isDraining();
      },
      dispatch: (exchange) => dispatcher.dispatch(exchange),
      options: this.#options,
      meter,
      ticker: this.#ticker,
      logger: this.#logger,
    };
  }

  #createCandidates(mounted: readonly Mounted[]): Candidate[] {
    // Routes count the bytes of their requests themselves.
    const http = (connection: StreamConnection, receiver: Receiver): void => {
      connection.countFor(this.#http.meter, false);
      connection.become(receiver);
    };
    const candidates: Candidate[] = [
      {
        name: 'http2',
        detect: detectHttp2,
        take: (connection, bytes) => {
          const { loaded } = this.#http2;
          if (loaded === undefined) {
            http(connection, new LateReceiver(connection, bytes, this.#http2));
          } else {
            http(connection, loaded.create(connection));
            connection.receiver.data(bytes);
          }
        },
      },
      {
        name: 'http1',
        detect: detectHttp1,
        take: (connection, bytes) => {
          http(connection, new Http1Connection(connection, this.#http));
          connection.receiver.data(bytes);
        },
      },
    ];
    for (const { protocol, server, meter } of mounted) {
      if (protocol.detect === undefined || server.accept === undefined) continue;
      candidates.push({
        name: protocol.name,
        detect: (bytes) => protocol.detect!(bytes),
        take: (connection, bytes) => {
          connection.countFor(meter, true);
          connection.become(server.accept!(connection));
          connection.receive(bytes);
        },
      });
    }
    return candidates;
  }

  async open(): Promise<void> {
    await this.#openTls();
    this.#ticker.add(this);
    const { listen } = this.#options;
    const unix = listen.unix;
    for (const { host, port } of [listen, ...listen.also]) {
      const server = this.#createServer('tcp');
      const fd = this.#servers.length === 1 ? this.#listenFd : undefined;
      await listenTcp(server, host, port, fd);
      const address = server.address() as net.AddressInfo;
      this.#addresses.push(hubAddress(host, address.port, unix, this.#options.tls.required));
    }
    if (unix !== undefined) {
      await freeSocketPath(unix);
      await listenUnix(this.#createServer('unix'), unix);
    }
  }

  /** Most hubs have no TLS, and loading it takes several megabytes. */
  async #openTls(): Promise<void> {
    const { tls, limits } = this.#options;
    if (tls.cert === undefined && tls.key === undefined) return;
    const { TlsLayer } = await import('./tls-layer.ts');
    this.#tls = new TlsLayer(
      tls,
      limits.detectTimeMs,
      this.#logger,
      (socket) => this.#begin(socket, this.#connect(socket, 'tcp', true, false), true),
      (error) => this.#refused(`its TLS handshake failed: ${error.message}`),
    );
  }

  #createServer(transport: 'tcp' | 'unix'): net.Server {
    const server = net.createServer(
      {
        pauseOnConnect: true,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: 60_000,
      },
      (socket) => this.#accept(socket, transport),
    );
    server.on('error', (error) => this.#logger.error({ err: error }, 'A listener failed'));
    this.#servers.push(server);
    return server;
  }

  #accept(accepted: net.Socket, transport: 'tcp' | 'unix'): void {
    const address = transport === 'unix' ? undefined : (accepted.remoteAddress ?? '');
    const ofAddress = address === undefined ? 0 : (this.#perAddress.get(address) ?? 0);
    const { connections, connectionsPerAddress } = this.#options.limits;
    if (this.#closed || this.#sockets.size >= connections || ofAddress >= connectionsPerAddress) {
      accepted.on('error', () => undefined);
      accepted.destroy();
      if (!this.#closed) this.#refused('too many connections are open');
      return;
    }
    let connection: StreamConnection | undefined;
    const socket = withOwnReads(accepted, (bytes) => connection?.receive(bytes)) ?? accepted;
    this.#sockets.add(socket);
    if (address !== undefined) this.#perAddress.set(address, ofAddress + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (address !== undefined) this.#leave(address);
      if (this.#awaited?.sockets.delete(socket) && this.#awaited.sockets.size === 0) {
        this.#awaited.gone();
      }
    });
    connection = this.#connect(socket, transport, false, socket !== accepted);
    this.#begin(socket, connection, false);
    if (socket === accepted) socket.resume();
  }

  #leave(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  #connect(
    socket: net.Socket,
    transport: 'tcp' | 'unix',
    secure: boolean,
    ownReads: boolean,
  ): StreamConnection {
    const peer: Peer = {
      address: transport === 'unix' ? this.#options.listen.unix! : (socket.remoteAddress ?? ''),
      port: socket.remotePort,
      transport,
      secure,
    };
    const connection = new StreamConnection(socket, socket, {
      peer,
      maxQueuedBytes: this.#options.limits.queuedBytes,
      logger: this.#logger,
      ownReads,
    });
    this.#open.add(connection);
    connection.onClosed = () => this.#open.delete(connection);
    return connection;
  }

  /** Waits for the first bytes. */
  #begin(socket: net.Socket, connection: StreamConnection, secure: boolean): void {
    let candidates = this.#candidates;
    const tls = this.#tls;
    if (tls !== undefined && !secure && connection.peer.transport === 'tcp') {
      const startTls: Candidate = {
        name: 'tls',
        detect: detectTls,
        take: (_, bytes) => {
          connection.detach();
          this.#open.delete(connection);
          tls.take(socket, Buffer.from(bytes));
        },
      };
      candidates = this.#options.tls.required ? [startTls] : [startTls, ...candidates];
    }
    const deadlineMs = this.#ticker.nowMs + this.#options.limits.detectTimeMs;
    const incoming = new Incoming(connection, candidates, deadlineMs, (settled, refused) => {
      this.#incoming.delete(settled);
      if (refused !== undefined) this.#refused(refused);
    });
    this.#incoming.add(incoming);
    connection.become(incoming);
    if (this.#draining) incoming.comesLate();
  }

  #refused(reason: string): void {
    this.#meter.refused++;
    this.#logger.info({ reason }, 'A connection was refused');
  }

  tick(nowMs: number): void {
    this.#cutStalled(nowMs);
    for (const incoming of this.#incoming) {
      // In the order of their deadlines.
      if (incoming.deadlineMs > nowMs) return;
      incoming.refuse('it did not show its protocol in time');
    }
  }

  #cutStalled(nowMs: number): void {
    const { sendTimeMs } = this.#options.limits;
    for (const connection of this.#open) {
      if (connection.stalledMs(nowMs) <= sendTimeMs) continue;
      this.#refused(`it took nothing of what was sent to it for ${sendTimeMs} ms`);
      connection.destroy();
    }
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    if (this.#listenFd !== undefined) for (const server of this.#servers) server.close();
    const sockets = new Set(this.#sockets);
    for (const connection of [...this.#open]) connection.receiver.drain();
    if (sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const gone = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#awaited = { sockets, gone };
    });
    for (const socket of sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#draining = true;
    this.#closed = true;
    this.#tls?.close();
    this.#ticker.stop();
    const closing = this.#servers
      .splice(0)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const connection of [...this.#open]) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closing);
  }
}
