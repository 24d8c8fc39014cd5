import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Fault, type FaultCode, faultCodeOfNumber } from '../../../src/model/fault.ts';
import { protoOf, STANDARD_PROTOS } from '../../support/protos.ts';
import { matrix } from '../contract.ts';
import type { CreateDriver, DriverOptions } from '../driver.ts';

/** gRPC by @grpc/grpc-js, with types that @grpc/proto-loader made of our exported .proto. */
export const grpcJsDriver: CreateDriver = ({ host, port }) => {
  const folder = mkdtempSync(join(tmpdir(), 'polywire-matrix-'));
  const file = join(folder, 'matrix.proto');
  writeFileSync(file, protoOf(matrix.contract, 'matrix'));
  writeFileSync(join(folder, 'status.proto'), STANDARD_PROTOS);
  const definition = loadSync([file, join(folder, 'status.proto')], {
    longs: Number,
    defaults: true,
  });
  rmSync(folder, { recursive: true });
  const types = new Details(definition);
  const service = definition['matrix.Matrix'] as grpc.ServiceDefinition;
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
  });

  const methodOf = (operation: string) => {
    const name = operation.split('.')[1]!;
    const known = service[name.charAt(0).toUpperCase() + name.slice(1)];
    return known ?? { ...service.Unary!, path: '/matrix.Matrix/Nowhere' };
  };
  const metadataOf = (options: DriverOptions): grpc.Metadata => {
    const metadata = new grpc.Metadata();
    if (options.token !== undefined) metadata.set('authorization', `Bearer ${options.token}`);
    return metadata;
  };
  const optionsOf = (options: DriverOptions): grpc.CallOptions =>
    options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
  const cancelWith = (call: { cancel(): void }, options: DriverOptions): void => {
    options.signal?.addEventListener('abort', () => call.cancel(), { once: true });
  };
  const settle =
    (resolve: (value: unknown) => void, reject: (error: Fault) => void) =>
    (error: grpc.ServiceError | null, value?: unknown): void => {
      if (error === null) resolve(value);
      else reject(types.faultOf(error));
    };

  return {
    unary: (operation, input, options) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(operation);
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          input,
          metadataOf(options),
          optionsOf(options),
          settle(resolve, reject),
        );
        cancelWith(call, options);
      }),
    clientStream: (operation, items, options) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(operation);
        const call = client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadataOf(options),
          optionsOf(options),
          settle(resolve, reject),
        );
        cancelWith(call, options);
        void sendAll(call, items);
      }),
    async *serverStream(operation, input, options) {
      const { path, requestSerialize, responseDeserialize } = methodOf(operation);
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        input,
        metadataOf(options),
        optionsOf(options),
      );
      cancelWith(call, options);
      yield* read(call, types);
    },
    async *bidirectional(operation, items, options) {
      const { path, requestSerialize, responseDeserialize } = methodOf(operation);
      const call = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadataOf(options),
        optionsOf(options),
      );
      cancelWith(call, options);
      void sendAll(call, items);
      yield* read(call, types);
    },
    close: () => client.close(),
  };
};

async function sendAll(
  call: { write(value: unknown): boolean; end(): void },
  items: AsyncIterable<unknown>,
): Promise<void> {
  for await (const item of items) call.write(item);
  call.end();
}

async function* read(call: AsyncIterable<unknown>, types: Details): AsyncGenerator<unknown, void> {
  try {
    for await (const item of call) yield item;
  } catch (error) {
    throw types.faultOf(error as grpc.ServiceError);
  }
}

type Loaded = ReturnType<typeof loadSync>;

/** Reads grpc-status-details-bin with the types of the .proto files alone. */
class Details {
  readonly #definition: Loaded;

  constructor(definition: Loaded) {
    this.#definition = definition;
  }

  faultOf(error: grpc.ServiceError): Fault {
    const code: FaultCode = faultCodeOfNumber(error.code);
    const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
    if (bytes === undefined) return new Fault(code, error.details);
    const status = this.#decode('test.Status', bytes as Buffer) as {
      details: { typeUrl: string; value: Buffer }[];
    };
    const options: { error?: string; data?: unknown; violations?: never } = {};
    for (const { typeUrl: url, value } of status.details) {
      const name = url.slice(url.lastIndexOf('/') + 1);
      if (name === 'google.rpc.ErrorInfo') {
        const info = this.#decode('test.ErrorInfo', value) as { metadata: { error: string } };
        options.error = info.metadata.error;
      } else if (name === 'google.rpc.BadRequest') {
        const bad = this.#decode('test.BadRequest', value) as {
          fieldViolations: { field: string; description: string }[];
        };
        options.violations = bad.fieldViolations.map(({ field, description }) => ({
          path: `/${field.replaceAll('.', '/')}`,
          expected: description,
          received: '',
        })) as never;
      } else if (!name.startsWith('google.')) options.data = this.#decode(name, value);
    }
    return new Fault(code, error.details, options);
  }

  #decode(name: string, bytes: Buffer): unknown {
    const type = this.#definition[name] as {
      deserialize?: (bytes: Buffer) => unknown;
    };
    if (type.deserialize === undefined) throw new Error(`${name} is not in the .proto`);
    return type.deserialize(bytes);
  }
}
