import type { Endpoint } from '../../hub/hub.ts';
import type { Route } from '../../hub/protocol.ts';

export type Method = Route['method'];

/** Where an operation is reached. */
export interface Address {
  readonly method: Method;
  /** As contracts and OpenAPI write it: `/parcels/{id}`. */
  readonly path: string;
}

/**
 * The address that every operation has, whatever its author declared: POST with the whole input
 * as JSON in the body (or the stream of inputs). It is where clients call that know nothing but
 * the operation's name.
 */
export function canonicalAddress(endpoint: Endpoint): Address {
  return { method: 'POST', path: `/${endpoint.service.name}/${endpoint.operation.name}` };
}

/** The address that people see: the author's, else GET /service/operation for a query and POST
 * for a command. An operation whose input is a stream is always reached by a body. */
export function addressOf(endpoint: Endpoint): Address {
  const { operation } = endpoint;
  const canonical = canonicalAddress(endpoint);
  const usual: Method = operation.kind === 'query' && !operation.input.stream ? 'GET' : 'POST';
  return {
    method: operation.http?.method ?? usual,
    path: operation.http?.path ?? canonical.path,
  };
}

/** A path template in parts. */
export interface PathTemplate {
  /** As the router takes it: `/parcels/:p0`. Parameters have places for names, because a member's
   * name may hold characters that the router gives a meaning. */
  readonly route: string;
  /** Names of input members, in the order of their places. */
  readonly parameters: readonly string[];
}

/** @throws TypeError for a template that is no path, or has a parameter that is not a whole
 *   segment, or one twice. */
export function pathTemplate(path: string, operation: string): PathTemplate {
  const refuse = (reason: string): never => {
    throw new TypeError(`HTTP path ${JSON.stringify(path)} of ${operation} ${reason}`);
  };
  if (!path.startsWith('/')) refuse('must start with "/"');
  const parameters: string[] = [];
  const segments = path.split('/').map((segment) => {
    const name = /^\{([^{}]+)\}$/.exec(segment)?.[1];
    if (name === undefined) {
      if (/[{}]/.test(segment)) refuse('has a parameter that is not a whole segment');
      if (/[*?#]/.test(segment)) refuse('has a character that a path template cannot hold');
      return segment.replaceAll(':', '::');
    }
    if (parameters.includes(name)) refuse(`has the parameter "${name}" twice`);
    parameters.push(name);
    return `:p${parameters.length - 1}`;
  });
  return { route: segments.join('/'), parameters };
}

/** `ordersGet`: the name of an operation in OpenAPI. */
export function operationId(endpoint: Endpoint): string {
  return `${endpoint.service.name}_${endpoint.operation.name}`;
}
