import type { Endpoint } from '../../hub/hub.ts';
import type { Contract } from '../../model/contract.ts';
import { Fault } from '../../model/fault.ts';
import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';

/** A schema with a reference into the contract's types followed; `{}` for a boolean schema. */
export function resolveSchema(contract: Contract, schema: JsonSchema): JsonSchemaObject {
  let current = schema;
  // A chain of references longer than this is a circle.
  for (let hops = 0; hops < 32; hops++) {
    if (typeof current === 'boolean') return {};
    const reference = current.$ref;
    if (typeof reference !== 'string' || !reference.startsWith('#/$defs/')) return current;
    const name = reference.slice('#/$defs/'.length).replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Object.hasOwn(contract.$defs, name)) return current;
    current = contract.$defs[name]!;
  }
  return {};
}

const memberNames = new WeakMap<Endpoint, readonly string[]>();

/** Members of an operation's input in the order in which the contract declares them. */
export function inputMembers(endpoint: Endpoint): readonly string[] {
  let names = memberNames.get(endpoint);
  if (names === undefined) {
    const { properties } = resolveSchema(endpoint.contract, endpoint.operation.input.schema);
    names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
    memberNames.set(endpoint, names);
  }
  return names;
}

/**
 * The input of a unary operation from a request's `params`: by name, or by position in the order
 * of the contract (section 4.2).
 * @throws Fault INVALID_ARGUMENT for more positions than there are members.
 */
export function inputOf(endpoint: Endpoint, params: object | undefined): unknown {
  if (params === undefined) return {};
  if (!Array.isArray(params)) return params;
  const names = inputMembers(endpoint);
  if (params.length > names.length) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `${endpoint.name} takes ${names.length} parameters (${names.join(', ')}); got ${params.length}. Send an object to give them by name.`,
    );
  }
  return Object.fromEntries(params.map((value, index) => [names[index]!, value]));
}

/** Why `params` cannot stand beside a stream of items from the client; undefined where they can. */
export function streamInputFault(
  endpoint: Endpoint,
  params: object | undefined,
): Fault | undefined {
  if (params === undefined || Object.keys(params).length === 0) return undefined;
  return new Fault(
    'INVALID_ARGUMENT',
    `${endpoint.name} takes a stream of items: send them with rpc.items, and leave params out.`,
  );
}
