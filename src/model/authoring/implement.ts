import type { Application, ApplicationServices, Handler, Parser } from '../application.ts';
import type { Contract } from '../contract.ts';
import { isPromise, type MaybePromise } from '../maybe-promise.ts';
import { parserOf } from './parser.ts';
import { isStandard, isStream } from './standard-schema.ts';
import type {
  ErrorDefinitions,
  Handlers,
  ServiceDefinitions,
  TypedContract,
  TypedServices,
} from './types.ts';

export interface Lifecycle<C> {
  /** Called before the first call; opens what handlers need. */
  start?(services: TypedServices<C>): MaybePromise<void>;
  /** Called after the last call of a graceful stop. */
  stop?(): MaybePromise<void>;
}

type LooseHandlers = Readonly<Record<string, Readonly<Record<string, Handler>> | undefined>>;

/**
 * Puts code behind a contract. Every operation has a handler: its input is what the input's schema
 * yields (an async iterable of that where the client streams), its answer the declared output.
 * @throws Error that lists missing handlers, and handlers of operations that do not exist
 */
export function implement<C extends TypedContract<ErrorDefinitions, ServiceDefinitions>>(
  typed: C,
  handlers: Handlers<C>,
  lifecycle: Lifecycle<C> = {},
): Application {
  const { contract, definition } = typed;
  const code = handlers as unknown as LooseHandlers;
  refuseGaps(contract, code);
  const byName = new Map<string, Handler>();
  const parsers = new Map<string, Parser>();
  for (const [serviceName, service] of Object.entries(definition.services)) {
    for (const [name, operation] of Object.entries(service.operations ?? {})) {
      const own = code[serviceName]!;
      const handler = (own[name] as Handler).bind(own);
      const full = `${serviceName}.${name}`;
      byName.set(full, operation.output === undefined ? answeringNull(handler) : handler);
      const schema = isStream(operation.input) ? operation.input['~stream'] : operation.input;
      if (isStandard(schema)) parsers.set(full, parserOf(schema));
    }
  }
  const { start, stop } = lifecycle;
  return {
    contract,
    handlers: byName,
    parsers,
    ...(start === undefined
      ? {}
      : {
          start: (services: ApplicationServices) =>
            start.call(lifecycle, services as unknown as TypedServices<C>),
        }),
    ...(stop === undefined ? {} : { stop: () => stop.call(lifecycle) }),
  };
}

/** A handler of an operation without output may return nothing; the contract says null. */
function answeringNull(handler: Handler): Handler {
  return (input, context) => {
    const answer = handler(input, context);
    return isPromise(answer) ? answer.then(() => null) : null;
  };
}

function refuseGaps(contract: Contract, handlers: LooseHandlers): void {
  const problems: string[] = [];
  const known = new Set<string>();
  for (const service of contract.services) {
    for (const { name } of service.operations) {
      const full = `${service.name}.${name}`;
      known.add(full);
      if (typeof handlers[service.name]?.[name] !== 'function') {
        problems.push(`operation ${full} has no handler`);
      }
    }
  }
  for (const [service, members] of Object.entries(handlers)) {
    for (const name of Object.keys(members ?? {})) {
      if (!known.has(`${service}.${name}`)) {
        problems.push(`there is no operation ${service}.${name} for this handler`);
      }
    }
  }
  if (problems.length > 0) {
    throw new Error(
      `The implementation of "${contract.name}" does not fit its contract:\n  - ${problems.join('\n  - ')}`,
    );
  }
}
