import { headerList } from '../../hub/header-list.ts';
import type { Endpoint } from '../../hub/hub.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { HttpFault } from '../../wire/problem.ts';
import { contractTypes } from '../../wire/protobuf/contract-types.ts';
import type { ProtoFile } from '../../wire/protobuf/types.ts';
import { type BuiltIn, builtInMethod } from './built-in.ts';
import { ConnectUnaryRequest } from './connect-unary.ts';
import { requestKind, STREAM_TYPES, UNARY_TYPES } from './dialects.ts';
import { EnvelopedRequest, type GrpcContext } from './enveloped.ts';
import { EVENTS_FILE, EVENTS_SERVICE, eventMethods } from './events.ts';
import { HEALTH_FILE, HEALTH_SERVICE, healthMethods } from './health.ts';
import { createMethod, type Method } from './method.ts';
import { fullServiceName, methodPath } from './names.ts';
import { FileIndex, reflectionMethod, reflectionTypes } from './reflection.ts';

/** All methods of one hub, by path; made at the first request. */
export class GrpcService {
  readonly #context: GrpcContext;
  readonly #methods = new Map<string, Method>();

  constructor(context: GrpcContext) {
    this.#context = context;
    const services = new Set<string>([HEALTH_SERVICE, EVENTS_SERVICE]);
    const files: ProtoFile[] = [];
    for (const contract of context.hub.contracts()) {
      for (const types of contractTypes(contract).services.values()) files.push(types.file);
    }
    for (const endpoint of context.hub.endpoints()) {
      services.add(fullServiceName(endpoint.service));
      this.#add(this.#contractMethod(endpoint));
    }
    const own = [...healthMethods(context, (name) => services.has(name)), ...eventMethods(context)];
    files.push(withMethods(HEALTH_FILE, own), withMethods(EVENTS_FILE, own));
    if (context.options.reflection) own.push(...this.#reflection(files));
    for (const method of own) this.#add(builtInMethod(context, method));
  }

  handle(exchange: Exchange, path: string): MaybePromise<void> {
    const contentType = exchange.headers.get('content-type');
    const kind = requestKind(contentType);
    const method = this.#methods.get(path) ?? this.#unknown(path);
    if (kind === undefined) throw unsupported(contentType, method);
    if (!kind.envelopes) {
      if (isStream(method)) throw unsupported(contentType, method);
      return new ConnectUnaryRequest(this.#context, method, exchange).post(kind.form);
    }
    if (kind.family === 'connect' && !isStream(method)) throw unsupported(contentType, method);
    if (kind.family === 'grpc' && exchange.httpVersion !== '2') {
      throw new HttpFault(
        505,
        'UNIMPLEMENTED',
        'gRPC needs HTTP/2; over HTTP/1.1 use gRPC-Web or Connect.',
      );
    }
    return new EnvelopedRequest(this.#context, method, kind.dialect, exchange).run();
  }

  get(exchange: Exchange, path: string): MaybePromise<void> {
    const method = this.#methods.get(path) ?? this.#unknown(path);
    return new ConnectUnaryRequest(this.#context, method, exchange).get();
  }

  #add(method: Method): void {
    this.#methods.set(method.path, method);
  }

  #contractMethod(endpoint: Endpoint): Method {
    const { contract, service, operation } = endpoint;
    const { hub, meter, options } = this.#context;
    const types = contractTypes(contract).services.get(service.name)!;
    const details = { domain: contract.name, errors: types.errors };
    const type = types.methods.get(operation.name)!;
    return createMethod(methodPath(service, operation), type, details, options.maxDepth, (call) =>
      hub.invoke(endpoint, call, meter),
    );
  }

  #reflection(files: ProtoFile[]): BuiltIn[] {
    const packages = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'];
    const all = packages.map((name) => ({ name, types: reflectionTypes(name) }));
    const own: ProtoFile[] = all.map(({ name, types }) => ({
      name: `${name.replaceAll('.', '/')}/reflection.proto`,
      package: name,
      messages: types.messages,
      enums: [],
      services: [],
    }));
    const methods: BuiltIn[] = [];
    const described = own.map((file, index) => {
      const { name, types } = all[index]!;
      const method = reflectionMethod(this.#context, name, types, undefined as never);
      return withMethods(file, [method]);
    });
    const index = new FileIndex([...files, ...described]);
    for (const { name, types } of all) {
      methods.push(reflectionMethod(this.#context, name, types, index));
    }
    return methods;
  }

  /** Answers UNIMPLEMENTED in the client's own protocol. */
  #unknown(path: string): Method {
    const [anything] = this.#methods.values();
    const type = { ...anything!.type, name: path, inputStreams: false, outputStreams: false };
    return {
      ...anything!,
      path,
      type,
      proto: { ...anything!.proto, input: NO_LOOK },
      json: { ...anything!.json, input: NO_LOOK },
      invoke: () => {
        const { meter } = this.#context;
        meter.received++;
        meter.refused++;
        throw new HttpFault(404, 'UNIMPLEMENTED', `There is no method ${path.slice(0, 200)}.`);
      },
    };
  }
}

const NO_LOOK = { encode: () => Buffer.alloc(0), decode: () => undefined };

function isStream({ type }: Method): boolean {
  return type.inputStreams || type.outputStreams;
}

function withMethods(file: ProtoFile, all: readonly BuiltIn[]): ProtoFile {
  const methods = all
    .filter(({ service }) => service.startsWith(`${file.package}.`))
    .map(({ name, input, output, inputStreams, outputStreams, query }) => ({
      name,
      input,
      output,
      inputStreams: inputStreams === true,
      outputStreams: outputStreams === true,
      query: query === true,
    }));
  const name = all
    .find(({ service }) => service.startsWith(`${file.package}.`))!
    .service.slice(file.package.length + 1);
  return { ...file, services: [{ name, methods }] };
}

function unsupported(contentType: string | undefined, method: Method): HttpFault {
  const types = (isStream(method) ? STREAM_TYPES : UNARY_TYPES).join(', ');
  return new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `Content-Type ${JSON.stringify((contentType ?? 'absent').slice(0, 80))} is not taken by ${method.path}; send one of ${types}.`,
    headerList('accept-post', types).flat,
  );
}
