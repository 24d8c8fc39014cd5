import type { Endpoint } from '../../hub/hub.ts';
import { membersOf } from '../../model/schema-tree.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { invalidParameters } from './faults.ts';
import { readValue } from './read-value.ts';
import { type Shape, shapeOf } from './shape.ts';

/** How the values of one operation are read and written. */
export interface Binding {
  /** Members of the input in the order in which the contract declares them. */
  readonly names: readonly string[];
  readonly input: Shape;
  readonly output: Shape;
}

const bindings = new WeakMap<Endpoint, Binding>();

export function bindingOf(endpoint: Endpoint): Binding {
  let binding = bindings.get(endpoint);
  if (binding === undefined) {
    const { contract, operation } = endpoint;
    binding = {
      names: [...membersOf(operation.input.schema, contract.$defs).keys()],
      input: shapeOf(contract, operation.input.schema),
      output: shapeOf(contract, operation.output.schema),
    };
    bindings.set(endpoint, binding);
  }
  return binding;
}

/**
 * The input of a call: one struct holds the members by name; otherwise each parameter is the
 * member at its position, in the order of the contract.
 * @throws Fault for more parameters than members, XmlRpcFault for what is no value
 */
export function inputOf(
  endpoint: Endpoint,
  params: readonly XmlElement[],
  maxDepth: number,
): unknown {
  if (params.length === 0) return {};
  const { names, input } = bindingOf(endpoint);
  if (params.length === 1) {
    const { children } = params[0]!;
    if (children.length === 1 && children[0]!.name === 'struct') {
      return readValue(params[0]!, input, maxDepth);
    }
  }
  if (params.length > names.length) {
    throw invalidParameters(
      names.length === 0
        ? `${endpoint.name} takes no parameters by position; got ${params.length}. Send one struct, or nothing.`
        : `${endpoint.name} takes ${names.length} parameters (${names.join(', ')}); got ${params.length}. Send one struct to give them by name.`,
    );
  }
  const values: Record<string, unknown> = {};
  for (let index = 0; index < params.length; index++) {
    const name = names[index]!;
    // The struct that would hold them by name is one level.
    values[name] = readValue(params[index]!, input.member(name), maxDepth - 1);
  }
  return values;
}
