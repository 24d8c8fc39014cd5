import type { Contract, Operation, Service } from './contract.ts';
import { fullName } from './contract.ts';
import type { Report } from './contract-rules.ts';
import { RESERVED_NAMES } from './reserved-names.ts';
import { membersOf, typesOf } from './schema-tree.ts';

export interface ResolvedBinding {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/parcels/{id}` */
  readonly path: string;
}

/** The HTTP method and path of an operation: its own, or GET (query) and POST (command) on
 * `/service/operation`. A query whose input is a stream needs a body: POST. */
export function bindingOf(service: Service, operation: Operation): ResolvedBinding {
  const reads = operation.kind === 'query' && !operation.input.stream;
  return {
    method: operation.http?.method ?? (reads ? 'GET' : 'POST'),
    path: operation.http?.path ?? `/${service.name}/${operation.name}`,
  };
}

const SEGMENT = /^([A-Za-z0-9\-._~!$&'()*+,;=@]|%[0-9A-Fa-f]{2})+$/;
const PARAMETER = /^\{([^{}]+)\}$/;

/** Names of the parameters in a path. */
export function pathParameters(path: string): string[] {
  return path
    .split('/')
    .map((segment) => PARAMETER.exec(segment)?.[1])
    .filter((name) => name !== undefined);
}

/** Rules of HTTP methods and paths, and that no two operations have the same. */
export function checkBindings(contract: Contract, report: Report): void {
  const seen = new Map<string, string>();
  for (const service of contract.services) {
    for (const operation of service.operations) {
      const place = `operation ${fullName(service, operation)}`;
      const binding = bindingOf(service, operation);
      checkPath(contract, operation, binding, `${place}, http`, report);
      const key = `${binding.method} ${binding.path.replace(/\{[^}]*\}/g, '{}')}`;
      const other = seen.get(key);
      if (other !== undefined) {
        report(`${place}, http`, `${binding.method} ${binding.path} is bound to ${other} too`);
      }
      seen.set(key, fullName(service, operation));
    }
  }
}

function checkPath(
  contract: Contract,
  operation: Operation,
  { method, path }: ResolvedBinding,
  place: string,
  report: Report,
): void {
  if (method === 'GET' && operation.kind === 'command') {
    report(place, 'GET promises no side effect (RFC 9110 section 9.2.1): make it a query, or POST');
  }
  if (method === 'GET' && operation.input.stream) {
    report(place, 'a streamed input needs a request body, which GET has not: use POST');
  }
  if (!path.startsWith('/')) {
    report(place, `the path "${path}" must begin with a slash`);
    return;
  }
  const first = path.slice(1).split('/')[0]!;
  const reserved = RESERVED_NAMES.get(first);
  if (reserved !== undefined && operation.http?.path !== undefined) {
    report(place, `the path "${path}" must not begin with /${first}: ${reserved}`);
  }
  const members = membersOf(operation.input.schema, contract.$defs);
  const used = new Set<string>();
  for (const segment of path.slice(1).split('/')) {
    const name = PARAMETER.exec(segment)?.[1];
    if (name === undefined) {
      if (segment === '' && path !== '/') report(place, `the path "${path}" has an empty segment`);
      else if (path !== '/' && !SEGMENT.test(segment)) {
        report(
          place,
          `the segment "${segment}" of "${path}" must be URL text or one whole {member}`,
        );
      }
      continue;
    }
    if (used.has(name)) report(place, `the path "${path}" names {${name}} twice`);
    used.add(name);
    if (operation.input.stream) {
      report(place, `the path has {${name}}, and a streamed input has no members to take it`);
      continue;
    }
    const member = members.get(name);
    if (member === undefined) {
      const known = [...members.keys()].join(', ') || 'none';
      report(place, `the path names {${name}}, which is no member of the input (${known})`);
      continue;
    }
    const types = typesOf(member.schema, contract.$defs);
    if (types?.has('object') || types?.has('array') || types?.has('null')) {
      report(place, `the path names {${name}}, which must be a string, number or boolean`);
    }
  }
}
