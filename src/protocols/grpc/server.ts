import type { Meter } from '../../hub/diagnostics.ts';
import { FirstUse } from '../../hub/first-use.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, Route, TryLine } from '../../hub/protocol.ts';
import type { Exchange } from '../../hub/transport.ts';
import { resolveSchema } from '../../model/schema-tree.ts';
import { fullServiceName, methodPath } from './names.ts';
import type { GrpcOptions } from './options.ts';

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
  const lazy = new FirstUse(async () => {
    const { GrpcService } = await import('./service.ts');
    return new GrpcService({ hub, options, meter });
  });
  const routes: Route[] = [];
  const add = (path: string, query: boolean): void => {
    const handle = lazy.handler<Exchange>((service, exchange) => service.handle(exchange, path));
    routes.push({ method: 'POST', path, handle });
    if (!query) return;
    const get = lazy.handler<Exchange>((service, exchange) => service.get(exchange, path));
    routes.push({ method: 'GET', path, handle: get });
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
      handle: lazy.handler((service, exchange) => service.handle(exchange, exchange.path)),
    });
  }
  return { routes, tryIt: (address) => tryLines(hub, address) };
}

/** One line that needs no tool: Connect takes JSON. */
function tryLines(hub: Hub, address: HubAddress): TryLine[] {
  for (const { contract, service, operation } of hub.endpoints()) {
    if (operation.kind !== 'query' || operation.input.stream || operation.output.stream) continue;
    const example = operation.examples.find(({ input }) => input !== undefined)?.input;
    const schema = resolveSchema(operation.input.schema, contract.$defs);
    const required = typeof schema === 'boolean' ? undefined : schema.required;
    const needsInput = Array.isArray(required) && required.length > 0;
    if (example === undefined && needsInput) continue;
    const data = `'${JSON.stringify(example ?? {}).replaceAll("'", `'\\''`)}'`;
    const path = methodPath(service, operation);
    return [
      {
        label: 'gRPC, gRPC-Web and Connect; here Connect with JSON',
        command: `curl -s ${address.url}${path} --json ${data}`,
      },
    ];
  }
  return [
    {
      label: 'health, by Connect with JSON',
      command: `curl -s ${address.url}/grpc.health.v1.Health/Check --json '{}'`,
    },
  ];
}
