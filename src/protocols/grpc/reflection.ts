import { authorizeKnown } from '../../hub/authorize.ts';
import type { Call } from '../../model/call.ts';
import type { Channel } from '../../model/channel.ts';
import { Fault } from '../../model/fault.ts';
import { field, message } from '../../wire/protobuf/by-hand.ts';
import { fileDescriptor } from '../../wire/protobuf/descriptor.ts';
import {
  allMessages,
  importsOf,
  type MessageType,
  type ProtoFile,
  scalar,
} from '../../wire/protobuf/types.ts';
import { WELL_KNOWN_PROTOS } from '../../wire/protobuf/well-known-files.ts';
import { type BuiltIn, OwnStream } from './built-in.ts';
import type { GrpcContext } from './enveloped.ts';

/** Server reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md); v1 and
 * v1alpha have the same messages in two packages. */

const text = scalar('string');

interface ReflectionTypes {
  readonly request: MessageType;
  readonly response: MessageType;
  readonly messages: MessageType[];
}

export function reflectionTypes(packageName: string): ReflectionTypes {
  const name = (own: string): string => `${packageName}.${own}`;
  const Extension = message(name('ExtensionRequest'), [
    field(1, 'containing_type', text),
    field(2, 'extension_number', scalar('int32')),
  ]);
  const request = message(name('ServerReflectionRequest'), [
    field(1, 'host', text),
    field(3, 'file_by_filename', text, { optional: true }),
    field(4, 'file_containing_symbol', text, { optional: true }),
    field(5, 'file_containing_extension', Extension),
    field(6, 'all_extension_numbers_of_type', text, { optional: true }),
    field(7, 'list_services', text, { optional: true }),
  ]);
  const Files = message(name('FileDescriptorResponse'), [
    field(1, 'file_descriptor_proto', scalar('bytes', 'buffer'), { repeated: true }),
  ]);
  const Numbers = message(name('ExtensionNumberResponse'), [
    field(1, 'base_type_name', text),
    field(2, 'extension_number', scalar('int32'), { repeated: true }),
  ]);
  const Service = message(name('ServiceResponse'), [field(1, 'name', text)]);
  const Services = message(name('ListServiceResponse'), [
    field(1, 'service', Service, { repeated: true }),
  ]);
  const ErrorResponse = message(name('ErrorResponse'), [
    field(1, 'error_code', scalar('int32')),
    field(2, 'error_message', text),
  ]);
  const response = message(name('ServerReflectionResponse'), [
    field(1, 'valid_host', text),
    field(2, 'original_request', request),
    field(4, 'file_descriptor_response', Files),
    field(5, 'all_extension_numbers_response', Numbers),
    field(6, 'list_services_response', Services),
    field(7, 'error_response', ErrorResponse),
  ]);
  const messages = [request, Extension, response, Files, Numbers, Services, Service, ErrorResponse];
  return { request, response, messages };
}

export interface ReflectionRequest {
  readonly host: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: object;
  readonly allExtensionNumbersOfType?: string;
  readonly listServices?: string;
}

const NOT_FOUND = 5;

/** Files by their names and by the symbols in them; descriptors are made when they are asked for. */
export class FileIndex {
  readonly #files = new Map<string, ProtoFile>();
  readonly #symbols = new Map<string, ProtoFile>();
  readonly #services: string[] = [];
  readonly #descriptors = new Map<ProtoFile, Buffer>();

  constructor(files: readonly ProtoFile[]) {
    for (const file of [...files, ...WELL_KNOWN_PROTOS.values()]) this.#add(file);
  }

  #add(file: ProtoFile): void {
    this.#files.set(file.name, file);
    for (const type of allMessages(file)) {
      this.#symbols.set(type.fullName, file);
      for (const one of type.fields) this.#symbols.set(`${type.fullName}.${one.name}`, file);
      for (const one of type.enums) this.#symbols.set(one.fullName, file);
    }
    for (const type of file.enums) this.#symbols.set(type.fullName, file);
    for (const service of file.services) {
      const name = `${file.package}.${service.name}`;
      this.#services.push(name);
      this.#symbols.set(name, file);
      for (const method of service.methods) this.#symbols.set(`${name}.${method.name}`, file);
    }
  }

  answer(request: ReflectionRequest): object {
    const head = { validHost: request.host, originalRequest: request };
    const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType } = request;
    if (fileByFilename !== undefined) {
      return { ...head, ...this.#fileResponse(this.#files.get(fileByFilename), fileByFilename) };
    }
    if (fileContainingSymbol !== undefined) {
      const file = this.#symbols.get(fileContainingSymbol);
      return { ...head, ...this.#fileResponse(file, fileContainingSymbol) };
    }
    if (request.fileContainingExtension !== undefined) {
      return { ...head, ...notFound('an extension') };
    }
    if (allExtensionNumbersOfType !== undefined) {
      if (!this.#symbols.has(allExtensionNumbersOfType)) {
        return { ...head, ...notFound(allExtensionNumbersOfType) };
      }
      const numbers = { baseTypeName: allExtensionNumbersOfType, extensionNumber: [] };
      return { ...head, allExtensionNumbersResponse: numbers };
    }
    if (request.listServices !== undefined) {
      const service = this.#services.map((name) => ({ name }));
      return { ...head, listServicesResponse: { service } };
    }
    throw new Fault('INVALID_ARGUMENT', 'The reflection request asks for nothing.');
  }

  /** The file and all that it imports, so that one answer is enough. */
  #fileResponse(file: ProtoFile | undefined, asked: string): object {
    if (file === undefined) return notFound(asked);
    const all = [file, ...importsOf(file).map((name) => this.#files.get(name)!)];
    const fileDescriptorProto = all.map((one) => this.#descriptor(one));
    return { fileDescriptorResponse: { fileDescriptorProto } };
  }

  #descriptor(file: ProtoFile): Buffer {
    let bytes = this.#descriptors.get(file);
    if (bytes === undefined) this.#descriptors.set(file, (bytes = fileDescriptor(file)));
    return bytes;
  }
}

function notFound(what: string): object {
  const errorMessage = `There is no ${what.slice(0, 200)} here.`;
  return { errorResponse: { errorCode: NOT_FOUND, errorMessage } };
}

/** @param index of all files that the hub serves */
export function reflectionMethod(
  context: GrpcContext,
  packageName: string,
  types: ReflectionTypes,
  index: FileIndex,
): BuiltIn {
  return {
    service: `${packageName}.ServerReflection`,
    name: 'ServerReflectionInfo',
    input: types.request,
    output: types.response,
    inputStreams: true,
    outputStreams: true,
    answer(call) {
      authorizeKnown(context.hub, call.principal, 'Reflection');
      const stream = new OwnStream<object>(context, call, CAPACITY);
      void answerAll(call, stream, index);
      return stream;
    },
  };
}

/** Answers that wait for a client before its next question is read. */
const CAPACITY = 16;

/** Never rejects: what is wrong with the questions ends the answers. */
async function answerAll(call: Call, stream: OwnStream<object>, index: FileIndex): Promise<void> {
  const questions = call.input as Channel<ReflectionRequest>;
  stream.onOver = () => void questions.return();
  let wake: (() => void) | undefined;
  stream.onReady = () => wake?.();
  try {
    for await (const question of questions) {
      if (stream.push(index.answer(question))) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    stream.finish();
  } catch (error) {
    stream.finish(Fault.from(error));
  }
}
