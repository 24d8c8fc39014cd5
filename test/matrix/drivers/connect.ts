import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { Fault, faultCodeOfNumber, type Violation } from '../../../src/model/fault.ts';
import { descriptorSetOf, STATUS_DESCRIPTORS } from '../../support/protos.ts';
import { matrix } from '../contract.ts';
import type { CreateDriver, DriverOptions } from '../driver.ts';

const registry: FileRegistry = createFileRegistry(
  createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSetOf(matrix.contract))),
  createFileRegistry(fromBinary(FileDescriptorSetSchema, STATUS_DESCRIPTORS)),
);

/** One of the protocols of @connectrpc/connect-node, with types from our descriptors. */
export function connectDriver(transportOf: (baseUrl: string) => Transport): CreateDriver {
  return ({ url }) => {
    const transport = transportOf(url);
    const service = registry.getService('matrix.Matrix')!;

    async function* run(
      operation: string,
      items: AsyncIterable<unknown>,
      options: DriverOptions,
    ): AsyncGenerator<unknown, void> {
      const name = operation.split('.')[1]!;
      const known = service.method[name];
      const method = (known ?? { ...service.method.unary!, name: 'Nowhere' }) as DescMethod;
      const header = new Headers();
      if (options.token !== undefined) header.set('authorization', `Bearer ${options.token}`);
      const { signal, timeoutMs } = options;
      try {
        if (method.methodKind === 'unary') {
          for await (const item of items) {
            const input = messageOf(method.input, item) as never;
            const answer = await transport.unary(method as never, signal, timeoutMs, header, input);
            yield contractValue(method.output, answer.message as Message);
          }
          return;
        }
        const inputs = (async function* () {
          for await (const item of items) yield messageOf(method.input, item);
        })() as never;
        const answer = await transport.stream(method as never, signal, timeoutMs, header, inputs);
        for await (const message of answer.message) yield contractValue(method.output, message);
      } catch (error) {
        throw faultOf(error);
      }
    }

    const one = async (values: AsyncGenerator<unknown, void>): Promise<unknown> => {
      for await (const value of values) return value;
      return undefined;
    };
    const only = async function* (input: unknown): AsyncGenerator<unknown, void> {
      yield input;
    };
    return {
      unary: (operation, input, options) => one(run(operation, only(input), options)),
      clientStream: (operation, items, options) => one(run(operation, items, options)),
      serverStream: (operation, input, options) => run(operation, only(input), options),
      bidirectional: run,
    };
  };
}

function messageOf(type: DescMessage, value: unknown): Message {
  return fromJson(type, value as JsonValue, { registry });
}

/** In JSON of protobuf 64-bit integers are strings, and defaults are left out. */
function contractValue(type: DescMessage, message: Message): unknown {
  const json = toJson(type, message, { registry, alwaysEmitImplicit: true });
  return JSON.parse(JSON.stringify(json), (_, value: unknown) =>
    typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value,
  );
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code, rawMessage, details } = ConnectError.from(error);
  const options: { error?: string; data?: unknown; violations?: Violation[] } = {};
  for (const detail of details) {
    if (!('type' in detail) || typeof detail.type !== 'string') continue;
    const type = registry.getMessage(detail.type);
    if (type === undefined) continue;
    const value = contractValue(type, fromBinary(type, detail.value as Uint8Array));
    if (detail.type === 'google.rpc.ErrorInfo') {
      options.error = (value as { metadata: { error: string } }).metadata.error;
    } else if (detail.type === 'google.rpc.BadRequest') {
      const { fieldViolations } = value as {
        fieldViolations: { field: string; description: string }[];
      };
      options.violations = fieldViolations.map(({ field, description }) => ({
        path: `/${field.replaceAll('.', '/')}`,
        expected: description,
        received: '',
      }));
    } else if (!detail.type.startsWith('google.')) options.data = value;
  }
  return new Fault(faultCodeOfNumber(code), rawMessage, options);
}
