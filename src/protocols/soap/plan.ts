import type { Endpoint, Hub } from '../../hub/hub.ts';
import { type Contract, fullName, type Operation, type Service } from '../../model/contract.ts';
import { typesOf } from '../../model/schema-tree.ts';
import { actionOf, pascalCase, serviceNamespace } from './names.ts';
import { TypeCompiler, type Typed } from './types/compile.ts';
import { type Particle, type Tag, tagOf } from './types/xml-type.ts';

/** An element of a message or of a fault's detail, declared by itself. */
export interface MessageElement {
  readonly name: string;
  readonly tag: Tag;
}

export interface ErrorPlan extends MessageElement {
  readonly error: string;
  readonly documentation: string | undefined;
  /** Absent for an error without data. */
  readonly typed: Typed | undefined;
}

/** One operation: what its messages look like. */
export interface OperationPlan {
  readonly operation: Operation;
  /** `Create` */
  readonly name: string;
  readonly action: string;
  readonly input: MessageElement & Typed;
  /** Absent for a one-way operation. */
  readonly output: OutputPlan | undefined;
  readonly errors: ReadonlyMap<string, ErrorPlan>;
}

export interface OutputPlan extends MessageElement {
  /** Absent where there is nothing to answer. */
  readonly result: Particle | undefined;
}

/** All that a service is over SOAP, worked out once. */
export interface ServicePlan {
  readonly contract: Contract;
  readonly service: Service;
  readonly namespace: string;
  readonly types: TypeCompiler;
  /** By the local name of the element in the body. */
  readonly operations: ReadonlyMap<string, OperationPlan>;
  /** Names of operations that stream, which SOAP does not carry. */
  readonly streaming: ReadonlySet<string>;
  readonly errors: readonly ErrorPlan[];
}

/** A command that answers nothing and declares no error: nobody waits for a message. */
export function isOneWay(operation: Operation, contract: Contract): boolean {
  return (
    operation.kind === 'command' &&
    operation.errors.length === 0 &&
    hasNoOutput(operation, contract)
  );
}

function hasNoOutput(operation: Operation, contract: Contract): boolean {
  const types = typesOf(operation.output.schema, contract.$defs);
  return types?.size === 1 && types.has('null');
}

export function planService(contract: Contract, service: Service): ServicePlan {
  const namespace = serviceNamespace(contract, service);
  const types = new TypeCompiler(contract.$defs, namespace);
  const element = (name: string): MessageElement => ({
    name,
    tag: tagOf(types.prefixes, namespace, name),
  });
  const operations = new Map<string, OperationPlan>();
  const streaming = new Set<string>();
  const unary = service.operations.filter(({ input, output }) => !input.stream && !output.stream);
  const taken = new Set(unary.flatMap(({ name }) => [pascalCase(name), responseName(name)]));
  const errors = new Map<string, ErrorPlan>();
  for (const operation of service.operations) {
    const name = pascalCase(operation.name);
    if (!unary.includes(operation)) {
      streaming.add(name);
      continue;
    }
    const own = new Map<string, ErrorPlan>();
    for (const error of operation.errors) {
      let plan = errors.get(error);
      if (plan === undefined) {
        const { data, doc, message } = contract.errors[error]!;
        let elementName = error;
        while (taken.has(elementName)) elementName += 'Fault';
        taken.add(elementName);
        const typed = data === undefined ? undefined : types.compile(data, namespace);
        const documentation = doc ?? message;
        errors.set(error, (plan = { error, documentation, typed, ...element(elementName) }));
      }
      own.set(error, plan);
    }
    operations.set(name, {
      operation,
      name,
      action: actionOf(namespace, operation),
      input: { ...element(name), ...types.compile(operation.input.schema, namespace) },
      output: isOneWay(operation, contract)
        ? undefined
        : outputOf(operation, contract, types, namespace, element),
      errors: own,
    });
  }
  const all = [...errors.values()];
  return { contract, service, namespace, types, operations, streaming, errors: all };
}

function responseName(operation: string): string {
  return `${pascalCase(operation)}Response`;
}

function outputOf(
  operation: Operation,
  contract: Contract,
  types: TypeCompiler,
  namespace: string,
  element: (name: string) => MessageElement,
): OutputPlan {
  const response = element(responseName(operation.name));
  if (hasNoOutput(operation, contract)) return { ...response, result: undefined };
  const { schema } = operation.output;
  return { ...response, result: types.particle('result', schema, true, namespace, 'result') };
}

/** Plans of the services of one hub, made when they are asked for first. */
export class Plans {
  readonly #hub: Hub;
  readonly #byService = new Map<string, ServicePlan>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Undefined for a name that no service has. */
  of(name: string): ServicePlan | undefined {
    const known = this.#byService.get(name);
    if (known !== undefined) return known;
    for (const contract of this.#hub.contracts()) {
      const service = contract.services.find((one) => one.name === name);
      if (service === undefined) continue;
      const plan = planService(contract, service);
      this.#byService.set(name, plan);
      return plan;
    }
    return undefined;
  }

  endpoint(plan: ServicePlan, { operation }: OperationPlan): Endpoint | undefined {
    return this.#hub.endpoint(fullName(plan.service, operation));
  }
}
