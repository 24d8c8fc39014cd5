import type { Meter } from '../../hub/diagnostics.ts';
import { headerList } from '../../hub/header-list.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise } from '../../model/maybe-promise.ts';
import { HttpFault, respondProblem } from '../../wire/problem.ts';
import type { NetLogger } from '../logger.ts';
import type { RoutableExchange } from './context.ts';
import type { Guard } from './guard.ts';
import { isDecodable, type Router } from './router.ts';

/** Methods that exist (RFC 9110 section 9, RFC 5789); an unknown one is 501, not 405. */
const KNOWN_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'QUERY',
]);

const EVERY_METHOD = headerList('allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');

/** From a request to its handler, the same for every HTTP version. */
export class Dispatcher {
  readonly #router: Router;
  readonly #guard: Guard;
  readonly #meter: Meter;
  readonly #logger: NetLogger;

  /** @param meter counts requests that belong to no route */
  constructor(router: Router, guard: Guard, meter: Meter, logger: NetLogger) {
    this.#router = router;
    this.#guard = guard;
    this.#meter = meter;
    this.#logger = logger;
  }

  /** Never throws; whatever goes wrong becomes a problem document (RFC 9457). */
  dispatch(exchange: RoutableExchange): void {
    try {
      if (this.#guard.answers(exchange)) {
        if (exchange.method !== 'OPTIONS') this.#meter.refused++;
        return;
      }
      const method = exchange.method;
      const match = this.#router.find(method === 'HEAD' ? 'GET' : method, exchange.path);
      if (match === undefined) {
        this.#unrouted(exchange);
        return;
      }
      exchange.parameters = match.parameters;
      exchange.meter = match.target.meter;
      const result = match.target.route.handle(exchange);
      if (result !== undefined && isPromise(result)) {
        result.then(undefined, (error: unknown) => this.#failed(exchange, error));
      }
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  #unrouted(exchange: RoutableExchange): void {
    const { method, path } = exchange;
    if (method === 'OPTIONS' && path === '*') {
      exchange.respond(204, EVERY_METHOD);
      return;
    }
    const allowed = this.#router.allowed(path);
    if (method === 'OPTIONS' && allowed.length > 0) {
      exchange.respond(204, headerList('allow', allowed.join(', ')));
      return;
    }
    this.#meter.refused++;
    respondProblem(exchange, unroutedFault(method, path, allowed));
  }

  #failed(exchange: RoutableExchange, error: unknown): void {
    const fault = Fault.from(error);
    if (fault.code === 'INTERNAL') {
      this.#logger.error({ err: fault.cause ?? fault, path: exchange.path }, 'A handler failed');
    }
    try {
      respondProblem(exchange, fault);
    } catch (second) {
      // The response had begun: nothing more can be said on it.
      this.#logger.error({ err: second, path: exchange.path }, 'A response was left incomplete');
    }
  }
}

function unroutedFault(method: string, path: string, allowed: readonly string[]): Fault {
  if (!isDecodable(path)) {
    return new HttpFault(
      400,
      'INVALID_ARGUMENT',
      'The path has a percent sign that does not begin the escape of a UTF-8 character.',
    );
  }
  if (!KNOWN_METHODS.has(method)) {
    return new HttpFault(501, 'UNIMPLEMENTED', `The method ${method} is not known here.`);
  }
  if (allowed.length > 0) {
    const list = allowed.join(', ');
    return new HttpFault(
      405,
      'UNIMPLEMENTED',
      `${path.slice(0, 200)} is not served with ${method}; it is with ${list}.`,
      ['allow', list],
    );
  }
  return new HttpFault(404, 'UNIMPLEMENTED', `Nothing is served at ${path.slice(0, 200)}.`);
}
