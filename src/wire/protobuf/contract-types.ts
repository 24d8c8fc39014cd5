import type { Contract, Service } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { isSchemaObject } from '../../model/schema-tree.ts';
import { serviceName } from './contract-names.ts';
import { type Lock, lockOf } from './lock.ts';
import { pascalCase } from './names.ts';
import { Numberings } from './numbering.ts';
import { SchemaTypes } from './schema-types.ts';
import type { MessageType, MethodType, ProtoFile } from './types.ts';

/** What a service of a contract is in protobuf. Each service has a package and a file of its own,
 * which holds every type that it uses. */
export interface ServiceTypes {
  readonly file: ProtoFile;
  /** By the operation's name. */
  readonly methods: ReadonlyMap<string, MethodType>;
  /** Data of the errors that its operations declare, by the error's name. */
  readonly errors: ReadonlyMap<string, MessageType>;
  /** Payloads of its events, by the event's name. */
  readonly events: ReadonlyMap<string, MessageType>;
}

export interface ContractTypes {
  /** By the service's name. */
  readonly services: ReadonlyMap<string, ServiceTypes>;
  /** The numbers that were given; what the lock file is to hold. */
  readonly lock: Lock;
}

const cache = new WeakMap<Contract, { lock: Lock | undefined; types: ContractTypes }>();

/** Protobuf types of a contract, with the numbers of its lock where it has one. */
export function contractTypes(
  contract: Contract,
  lock: Lock | undefined = lockOf(contract),
): ContractTypes {
  const known = cache.get(contract);
  if (known !== undefined && known.lock === lock) return known.types;
  const numberings = new Numberings(lock);
  const services = new Map(
    contract.services.map((service) => [service.name, serviceTypes(contract, service, numberings)]),
  );
  const types = { services, lock: numberings.lock(contract.name) };
  cache.set(contract, { lock, types });
  return types;
}

function serviceTypes(contract: Contract, service: Service, numberings: Numberings): ServiceTypes {
  const name = serviceName(service);
  const schemas = new SchemaTypes(service.name, contract.$defs, numberings, [name]);
  const methods = new Map<string, MethodType>();
  const errorNames = new Set<string>();
  for (const operation of service.operations) {
    const method = pascalCase(operation.name);
    methods.set(operation.name, {
      name: method,
      input: schemas.message(operation.input.schema, `${method}Request`),
      output: schemas.message(operation.output.schema, `${method}Response`),
      inputStreams: operation.input.stream,
      outputStreams: operation.output.stream,
      query: operation.kind === 'query',
      doc: operation.doc,
      deprecated: operation.deprecated !== undefined,
    });
    for (const error of operation.errors) errorNames.add(error);
  }
  const errors = new Map<string, MessageType>();
  for (const error of errorNames) {
    const declared = contract.errors[error];
    if (declared?.data === undefined) continue;
    const message = schemas.message(declared.data, pascalCase(error));
    if (isOwn(declared.data)) message.doc ??= declared.doc ?? declared.message;
    errors.set(error, message);
  }
  const events = new Map<string, MessageType>();
  for (const event of service.events) {
    const message = schemas.message(event.schema, pascalCase(event.name));
    if (isOwn(event.schema)) message.doc ??= event.doc;
    events.set(event.name, message);
  }
  const file: ProtoFile = {
    name: `${service.name}.proto`,
    package: service.name,
    messages: schemas.messages,
    enums: schemas.enums,
    services:
      service.operations.length === 0
        ? []
        : [{ name, methods: [...methods.values()], doc: service.doc }],
    doc: contract.doc,
  };
  return { file, methods, errors, events };
}

/** Whether a message is made of a schema for itself, and is no named type with a text of its own. */
function isOwn(schema: JsonSchema): boolean {
  return isSchemaObject(schema) && schema.$ref === undefined;
}
