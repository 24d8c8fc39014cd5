import type { Endpoint } from '../../hub/hub.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { type Address, addressOf, canonicalAddress, type Method, pathTemplate } from './names.ts';
import { membersOf, type ObjectShape, objectShape, type Shape } from './shape.ts';

/** A member of the input that comes from the path. */
export interface PathParameter {
  readonly name: string;
  /** What the router calls it. */
  readonly place: string;
  readonly shape: Shape;
}

/** A member of the input that comes from a request header, because its schema has the keyword
 * `x-http-header`. */
export interface HeaderParameter {
  readonly name: string;
  /** Lower case. */
  readonly header: string;
  readonly shape: Shape;
}

/** All that a request for one operation at one address needs to know, worked out at start. */
export interface Plan {
  readonly endpoint: Endpoint;
  readonly method: Method;
  /** As OpenAPI writes it. */
  readonly path: string;
  /** As the router takes it. */
  readonly route: string;
  readonly pathParameters: readonly PathParameter[];
  readonly headerParameters: readonly HeaderParameter[];
  /** Members by name, for what comes from the query string. */
  readonly members: ObjectShape;
  /** The input (or the rest of it) comes as a body. */
  readonly takesBody: boolean;
  /** `?input=<JSON>` gives the whole input: no member has that name. */
  readonly takesInputParameter: boolean;
  readonly inputStreams: boolean;
  readonly outputStreams: boolean;
  /** Nothing is answered but success. */
  readonly noOutput: boolean;
  /** False for the address that only programs use, which documents leave out. */
  readonly documented: boolean;
}

/** Names the header that a member comes from. */
export const HEADER_KEYWORD = 'x-http-header';

function headerOf(schema: JsonSchema): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  const name = schema[HEADER_KEYWORD];
  return typeof name === 'string' && name !== '' ? name.toLowerCase() : undefined;
}

function isNothing(schema: JsonSchema): boolean {
  return typeof schema === 'object' && schema.type === 'null';
}

function planAt(endpoint: Endpoint, address: Address, documented: boolean): Plan {
  const { operation, contract } = endpoint;
  const template = pathTemplate(address.path, endpoint.name);
  const schema = operation.input.schema;
  const members = objectShape(operation.input.stream ? true : schema, contract.$defs);
  const pathParameters = template.parameters.map((name, index) => {
    const shape = members.members.get(name);
    if (shape === undefined || shape.kind !== 'scalar') {
      throw new TypeError(
        `HTTP path ${JSON.stringify(address.path)} of ${endpoint.name} has the parameter "${name}"; its input has ${
          shape === undefined ? 'no such member' : 'no single value of that name'
        }`,
      );
    }
    return { name, place: `p${index}`, shape };
  });
  const headerParameters: HeaderParameter[] = [];
  if (documented && !operation.input.stream) {
    for (const [name, member] of membersOf(schema, contract.$defs)) {
      const header = headerOf(member);
      const shape = members.members.get(name);
      if (header !== undefined && shape !== undefined && !template.parameters.includes(name)) {
        headerParameters.push({ name, header, shape });
      }
    }
  }
  return {
    endpoint,
    method: address.method,
    path: address.path,
    route: template.route,
    pathParameters,
    headerParameters,
    members,
    takesBody: address.method !== 'GET' && address.method !== 'DELETE',
    takesInputParameter: !members.members.has('input'),
    inputStreams: operation.input.stream,
    outputStreams: operation.output.stream,
    noOutput: !operation.output.stream && isNothing(operation.output.schema),
    documented,
  };
}

/** Two paths that the router cannot tell apart. */
function routeKey(method: Method, route: string): string {
  return `${method} ${route.replace(/:p[0-9]+/g, ':')}`;
}

/**
 * A plan for each address of each operation: the one that people see, and the canonical one
 * (POST /service/operation) where no operation's own address is the same.
 * @throws TypeError for an address that two operations declare, or that does not fit the input.
 */
export function plansOf(endpoints: Iterable<Endpoint>): Plan[] {
  const all = [...endpoints];
  const plans = new Map<string, Plan>();
  for (const endpoint of all) {
    const plan = planAt(endpoint, addressOf(endpoint), true);
    if (plan.inputStreams && !plan.takesBody) {
      throw new TypeError(
        `${endpoint.name} takes a stream; HTTP ${plan.method} has no body for it`,
      );
    }
    const key = routeKey(plan.method, plan.route);
    const other = plans.get(key);
    if (other !== undefined) {
      throw new TypeError(
        `${endpoint.name} and ${other.endpoint.name} both have the HTTP address ${plan.method} ${plan.path}`,
      );
    }
    plans.set(key, plan);
  }
  for (const endpoint of all) {
    const plan = planAt(endpoint, canonicalAddress(endpoint), false);
    const key = routeKey(plan.method, plan.route);
    if (!plans.has(key)) plans.set(key, plan);
  }
  return [...plans.values()];
}
