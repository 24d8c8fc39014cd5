import type {
  Contract,
  DeclaredError,
  EventType,
  Link,
  Operation,
  Payload,
  Service,
} from '../contract.ts';
import { ContractError } from '../contract-form.ts';
import { checkContract, type Problem } from '../contract-rules.ts';
import { Fault } from '../fault.ts';
import { type JsonSchema, NO_INPUT, NO_OUTPUT } from '../schema.ts';
import type { Side } from './convert.ts';
import type { ErrorDefinition, EventDefinition, OperationDefinition } from './define.ts';
import { DefinitionCollector } from './definitions.ts';
import { jsonCopy } from './json-copy.ts';
import { isStream, type Schema } from './standard-schema.ts';
import type { ErrorDefinitions, ServiceDefinitions, TypedContract } from './types.ts';

export interface ContractOptions<E extends ErrorDefinitions, S> {
  /** Lower case, letters, digits and hyphens. */
  readonly name: string;
  /** SemVer of the contract. */
  readonly version: string;
  readonly doc?: string;
  /** Errors that operations may declare, by PascalCase name. */
  readonly errors?: E;
  /** Named types that plain JSON Schemas refer to as `#/$defs/Name`. */
  readonly types?: Readonly<Record<string, Schema>>;
  readonly services: S;
  /** How values of named types lead to answers of operations. */
  readonly links?: readonly Link[];
}

/**
 * Writes a contract down: turns the author's schemas into JSON Schema and checks every rule.
 * @throws ContractError that lists all problems
 */
export function contract<
  const E extends ErrorDefinitions = Record<never, never>,
  const S extends ServiceDefinitions<Extract<keyof E, string>> = ServiceDefinitions<
    Extract<keyof E, string>
  >,
>(options: ContractOptions<E, S>): TypedContract<E, S> {
  const collector = new DefinitionCollector();
  const unsettled = neutralForm(options, collector);
  const $defs = collector.finish();
  const neutral = settleContract({ ...unsettled, $defs }, collector);
  const problems: Problem[] = collector.problems.map((problem) => ({
    severity: 'error',
    ...problem,
  }));
  // A schema that could not be converted would only cause follow-up problems.
  if (problems.length === 0) {
    problems.push(...checkContract(neutral).filter(({ severity }) => severity === 'error'));
  }
  if (problems.length > 0) throw new ContractError(options.name, problems);
  return {
    contract: neutral,
    errors: errorFactories(neutral.errors) as TypedContract<E, S>['errors'],
    definition: { errors: options.errors ?? ({} as E), services: options.services },
  };
}

type AnyContractOptions = ContractOptions<ErrorDefinitions, ServiceDefinitions>;

function neutralForm(options: AnyContractOptions, collector: DefinitionCollector): Contract {
  for (const [name, schema] of Object.entries(options.types ?? {})) {
    for (const side of ['input', 'output'] as const) {
      const place = `type ${name}`;
      collector.define(name, collector.add(schema, side, place, name), side, place);
    }
  }
  const services = Object.entries(options.services).map(
    ([name, definition]): Service => ({
      name,
      ...optional('doc', definition.doc),
      operations: Object.entries(definition.operations ?? {}).map(([member, operation]) =>
        neutralOperation(name, member, operation, collector),
      ),
      events: Object.entries(definition.events ?? {}).map(([member, event]) =>
        neutralEvent(name, member, event, collector),
      ),
    }),
  );
  const errors = Object.fromEntries(
    Object.entries(options.errors ?? {}).map(([name, definition]) => [
      name,
      neutralError(name, definition, collector),
    ]),
  );
  return {
    polywire: '1',
    name: options.name,
    version: options.version,
    ...optional('doc', options.doc),
    services,
    errors,
    $defs: {},
    ...optional('links', options.links?.map(jsonCopy)),
  };
}

function neutralOperation(
  service: string,
  name: string,
  definition: OperationDefinition,
  collector: DefinitionCollector,
): Operation {
  const place = `operation ${service}.${name}`;
  const payload = (authored: unknown, side: Side, nothing: JsonSchema): Payload => {
    if (authored === undefined) return { schema: nothing, stream: false };
    const streams = isStream(authored);
    const schema = streams ? authored['~stream'] : authored;
    const anonymous = pascal(service, name, side);
    return {
      schema: collector.add(schema, side, `${place}, ${side}`, anonymous),
      stream: streams,
    };
  };
  return {
    name,
    kind: definition.kind,
    ...optional('doc', definition.doc),
    ...optional('deprecated', definition.deprecated),
    input: payload(definition.input, 'input', NO_INPUT),
    output: payload(definition.output, 'output', NO_OUTPUT),
    errors: [...definition.errors],
    scopes: [...(definition.scopes ?? [])],
    examples: (definition.examples ?? []).map(jsonCopy),
    ...optional('http', definition.http === undefined ? undefined : { ...definition.http }),
    ...optional('batch', definition.batch === undefined ? undefined : { ...definition.batch }),
  };
}

function neutralEvent(
  service: string,
  name: string,
  definition: EventDefinition,
  collector: DefinitionCollector,
): EventType {
  const anonymous = pascal(service, name, 'event');
  return {
    name,
    ...optional('doc', definition.doc),
    ...optional('deprecated', definition.deprecated),
    subject: definition.subject ?? `${service}.${name}`,
    schema: collector.add(
      definition.payload,
      'output',
      `event ${service}.${name}, payload`,
      anonymous,
    ),
    ...optional('key', definition.key),
    ...optional('durable', definition.durable),
    scopes: [...(definition.scopes ?? [])],
    examples: (definition.examples ?? []).map(jsonCopy),
  };
}

function neutralError(
  name: string,
  definition: ErrorDefinition,
  collector: DefinitionCollector,
): DeclaredError {
  const { data } = definition;
  return {
    code: definition.code,
    ...optional('doc', definition.doc),
    ...optional('message', definition.message),
    ...(data === undefined
      ? {}
      : { data: collector.add(data, 'output', `error ${name}, data`, `${name}Data`) }),
  };
}

function settleContract(contract: Contract, collector: DefinitionCollector): Contract {
  return {
    ...contract,
    services: contract.services.map((service) => ({
      ...service,
      operations: service.operations.map((operation) => ({
        ...operation,
        input: {
          ...operation.input,
          schema: collector.settle(operation.input.schema, 'input'),
        },
      })),
    })),
  };
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
}

function pascal(...words: readonly string[]): string {
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function errorFactories(
  errors: Contract['errors'],
): Record<string, (data?: unknown, message?: string) => Fault> {
  return Object.fromEntries(
    Object.entries(errors).map(([name, declared]) => {
      const fallback = declared.message ?? declared.doc ?? name;
      return [
        name,
        (data?: unknown, message: string = fallback) =>
          new Fault(declared.code, message, { error: name, data }),
      ];
    }),
  );
}
