import type { Handler, Parser } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import { Fault, type Violation } from '../model/fault.ts';
import { isPromise, type MaybePromise } from '../model/maybe-promise.ts';
import { authorize } from './authorize.ts';
import { HandlerContext, type HandlerServices } from './handler-context.ts';
import type { CallObserver, Invoke, Middleware } from './middleware.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/**
 * An operation's way inwards, made once: authorize, validate, the middleware in their order, the
 * handler.
 */
export function compose(
  endpoint: ServedEndpoint,
  handler: Handler,
  parser: Parser | undefined,
  middleware: readonly Middleware[],
  anonymousDenied: boolean,
  services: HandlerServices,
): Invoke {
  let run = terminal(endpoint, handler, services);
  for (const layer of middleware.toReversed()) run = layer.invoke?.(run, endpoint) ?? run;
  // The items of a stream are looked at one by one, where the handler reads them.
  const admit = endpoint.operation.input.stream ? run : validate(endpoint, parser, run);
  const { scopes } = endpoint.operation;
  const what = `Operation ${endpoint.name}`;
  return (call) => {
    authorize(call.principal, scopes, anonymousDenied, what);
    return admit(call);
  };
}

export function observersOf(
  endpoint: ServedEndpoint,
  middleware: readonly Middleware[],
): CallObserver[] {
  return middleware
    .map((layer) => layer.observe?.(endpoint))
    .filter((observer) => observer !== undefined);
}

function terminal(endpoint: ServedEndpoint, handler: Handler, services: HandlerServices): Invoke {
  const { name } = endpoint;
  return (call) => {
    if (call.aborted !== undefined) throw call.aborted;
    call.handled = true;
    return handler(call.input as never, new HandlerContext(name, call, services));
  };
}

function validate(endpoint: ServedEndpoint, parser: Parser | undefined, next: Invoke): Invoke {
  const { input, name } = endpoint;
  if (parser === undefined) {
    const { applyDefaults } = input;
    return (call) => {
      if (!input.check(call.input)) throw badInput(name, input.violations(call.input));
      if (applyDefaults !== undefined) call.input = applyDefaults(call.input);
      return next(call);
    };
  }
  return (call) => {
    if (!input.check(call.input)) throw badInput(name, input.violations(call.input));
    const parsed = parser(call.input);
    if (isPromise(parsed)) return parsedLater(parsed, call, next);
    call.input = parsed;
    return next(call);
  };
}

async function parsedLater(
  parsed: Promise<unknown>,
  call: Call,
  next: Invoke,
): Promise<MaybePromise<unknown>> {
  call.input = await parsed;
  return next(call);
}

/** INVALID_ARGUMENT that says where, what was expected and what came.
 * @param index of the item, where the input is a stream */
export function badInput(
  operation: string,
  violations: readonly Violation[],
  index?: number | undefined,
): Fault {
  const first = violations[0];
  const where = index === undefined ? '' : ` (item ${index} of the input stream)`;
  const place = first === undefined || first.path === '' ? 'the input' : first.path;
  const rest = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return new Fault(
    'INVALID_ARGUMENT',
    first === undefined
      ? `Input of ${operation} does not fit its contract${where}.`
      : `Input of ${operation}${where}: ${place}: expected ${first.expected}, received ${first.received}${rest}.`,
    { violations },
  );
}
