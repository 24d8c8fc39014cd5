import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { fullServiceName, methodPath } from './names.ts';
import type { GrpcOptions } from './options.ts';
import type { GrpcService } from './service.ts';

const OWN_PATHS = [
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/polywire.Events/Publish',
  '/polywire.Events/Subscribe',
];
const REFLECTION_PATHS = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

/**
 * gRPC, gRPC-Web and Connect at work in one hub: a route for each method. Types, codecs and the code
 * for them are loaded with the first request, so that a hub that nobody calls this way pays nothing.
 */
export function serveGrpc(hub: Hub, options: GrpcOptions, meter: Meter): ProtocolServer {
  const lazy = new LazyService(hub, options, meter);
  const routes: Route[] = [];
  const add = (path: string, query: boolean): void => {
    routes.push({ method: 'POST', path, handle: (exchange) => lazy.handle(exchange, path) });
    if (!query) return;
    routes.push({ method: 'GET', path, handle: (exchange) => lazy.get(exchange, path) });
  };
  const services = new Set<string>();
  for (const { service, operation } of hub.endpoints()) {
    const isQuery = operation.kind === 'query' && !operation.input.stream;
    add(methodPath(service, operation), isQuery && !operation.output.stream);
    services.add(fullServiceName(service));
  }
  for (const path of OWN_PATHS) add(path, path.endsWith('/Check'));
  if (options.reflection) for (const path of REFLECTION_PATHS) add(path, false);
  for (const service of services) {
    // Clients of older contracts get an answer in their own protocol.
    routes.push({
      method: 'POST',
      path: `/${service}/*`,
      handle: (exchange) => lazy.handle(exchange, exchange.path),
    });
  }
  return { routes, tryIt: (address) => tryLines(hub, address) };
}

class LazyService {
  readonly #hub: Hub;
  readonly #options: GrpcOptions;
  readonly #meter: Meter;
  #service: GrpcService | undefined;
  #loading: Promise<GrpcService> | undefined;

  constructor(hub: Hub, options: GrpcOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#meter = meter;
  }

  handle(exchange: Exchange, path: string): MaybePromise<void> {
    if (this.#service !== undefined) return this.#service.handle(exchange, path);
    return this.#load().then((service) => service.handle(exchange, path));
  }

  get(exchange: Exchange, path: string): MaybePromise<void> {
    if (this.#service !== undefined) return this.#service.get(exchange, path);
    return this.#load().then((service) => service.get(exchange, path));
  }

  #load(): Promise<GrpcService> {
    this.#loading ??= import('./service.ts').then(({ GrpcService: Service }) => {
      this.#service = new Service({
        hub: this.#hub,
        options: this.#options,
        meter: this.#meter,
      });
      return this.#service;
    });
    return this.#loading;
  }
}

/** One line that needs no tool: Connect takes JSON. */
function tryLines(hub: Hub, address: HubAddress): TryLine[] {
  for (const { service, operation } of hub.endpoints()) {
    if (operation.kind !== 'query' || operation.input.stream || operation.output.stream) continue;
    const example = operation.examples.find(({ input }) => input !== undefined)?.input;
    const data = `'${JSON.stringify(example ?? {}).replaceAll("'", `'\\''`)}'`;
    const path = methodPath(service, operation);
    return [
      {
        label: 'gRPC, gRPC-Web and Connect; here Connect with JSON',
        command: `curl -s ${address.url}${path} --json ${data}`,
      },
    ];
  }
  return [];
}
