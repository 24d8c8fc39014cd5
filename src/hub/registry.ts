import type { Application } from '../model/application.ts';
import type { Contract } from '../model/contract.ts';
import { compileSchema } from '../model/validation/validator.ts';
import type { Endpoint, EventEndpoint } from './hub.ts';
import { KnownEvent, KnownEvents } from './known-events.ts';
import { type ServedApplication, ServedEndpoint, type ServedError } from './served-endpoint.ts';

/** What the hub serves, by name. */
export class Registry {
  readonly events = new KnownEvents();
  readonly #applications: ServedApplication[] = [];
  readonly #endpoints = new Map<string, ServedEndpoint>();
  readonly #checkOutputs: boolean;

  constructor(checkOutputs: boolean) {
    this.#checkOutputs = checkOutputs;
  }

  get applications(): readonly ServedApplication[] {
    return this.#applications;
  }

  contracts(): Contract[] {
    return this.#applications.map(({ application }) => application.contract);
  }

  endpoint(name: string): ServedEndpoint | undefined {
    return this.#endpoints.get(name);
  }

  endpoints(): Iterable<Endpoint> {
    return this.#endpoints.values();
  }

  allEvents(): Iterable<EventEndpoint> {
    return this.events.values();
  }

  /** Takes an application whole or not at all.
   * @throws TypeError that lists every conflict */
  add(application: Application): { served: ServedApplication; endpoints: ServedEndpoint[] } {
    const { contract } = application;
    const problems = this.#conflicts(application);
    if (problems.length > 0) {
      throw new TypeError(
        `the application "${contract.name}" cannot be added:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
      );
    }
    const served: ServedApplication = { application, state: 'added' };
    const errors = declaredErrors(contract);
    const endpoints = contract.services.flatMap((service) =>
      service.operations.map(
        (operation) =>
          new ServedEndpoint({
            contract,
            service,
            operation,
            served,
            errors: new Map(operation.errors.map((name) => [name, errors.get(name)!])),
            input: compileSchema(operation.input.schema, contract.$defs),
            output: this.#checkOutputs
              ? compileSchema(operation.output.schema, contract.$defs)
              : undefined,
          }),
      ),
    );
    const events = contract.services.flatMap((service) =>
      service.events.map((event) => new KnownEvent(contract, service, event)),
    );
    for (const endpoint of endpoints) this.#endpoints.set(endpoint.name, endpoint);
    for (const event of events) this.events.add(event);
    this.#applications.push(served);
    return { served, endpoints };
  }

  #conflicts(application: Application): string[] {
    const { contract, handlers, parsers } = application;
    const problems: string[] = [];
    if (this.#applications.some((other) => other.application.contract.name === contract.name)) {
      problems.push(
        `a contract named "${contract.name}" is served already; give one of them another name`,
      );
    }
    const operations = new Set<string>();
    const names = new Set<string>();
    for (const service of contract.services) {
      for (const member of [...service.operations, ...service.events]) {
        const name = `${service.name}.${member.name}`;
        const owner = this.#endpoints.get(name) ?? this.events.get(name);
        if (owner !== undefined) {
          problems.push(
            `"${name}" is served already, by the contract "${owner.contract.name}"; rename the service or the member`,
          );
        } else if (names.has(name)) problems.push(`"${name}" is declared twice`);
        names.add(name);
      }
      for (const operation of service.operations) {
        const name = `${service.name}.${operation.name}`;
        operations.add(name);
        if (!handlers.has(name)) problems.push(`the operation "${name}" has no handler`);
        for (const error of operation.errors) {
          if (!Object.hasOwn(contract.errors, error)) {
            problems.push(`the operation "${name}" declares an unknown error "${error}"`);
          }
        }
      }
    }
    for (const name of handlers.keys()) {
      if (!operations.has(name))
        problems.push(`there is a handler for an unknown operation "${name}"`);
    }
    for (const name of parsers.keys()) {
      if (!operations.has(name))
        problems.push(`there is a parser for an unknown operation "${name}"`);
    }
    return problems;
  }
}

function declaredErrors(contract: Contract): Map<string, ServedError> {
  return new Map(
    Object.entries(contract.errors).map(([name, declared]) => [
      name,
      {
        declared,
        data:
          declared.data === undefined ? undefined : compileSchema(declared.data, contract.$defs),
      },
    ]),
  );
}
