import type { Contract } from '../../../model/contract.ts';
import type { JsonSchema } from '../../../model/schema.ts';
import { definitionName, jsonEqual, subschemas } from '../../../model/schema-tree.ts';
import { graphqlName, pascal } from '../names.ts';
import { SCALARS } from './scalars.ts';

/** Gives each type of a schema a name of its own. */
export class TypeNames {
  readonly #taken = new Set<string>(['Query', 'Mutation', 'Subscription', ...Object.keys(SCALARS)]);

  /** The wanted name where it is free; else the contract's name before it, else a number behind. */
  take(wanted: string, contract: Contract): string {
    const base = graphqlName(wanted).replace(/^_+(?=[A-Za-z])/, '');
    const longer = pascal(contract.name) + base;
    let name = this.#taken.has(base) ? longer : base;
    for (let number = 2; this.#taken.has(name); number++) name = `${longer}${number}`;
    this.#taken.add(name);
    return name;
  }
}

/** Whether a named type means the same in two contracts, with all that it refers to. */
export function sameDefinition(name: string, one: Contract, other: Contract): boolean {
  return sameWithin(name, one, other, new Set());
}

function sameWithin(name: string, one: Contract, other: Contract, seen: Set<string>): boolean {
  if (seen.has(name)) return true;
  seen.add(name);
  const left = one.$defs[name];
  const right = other.$defs[name];
  if (left === undefined || right === undefined || !jsonEqual(left, right)) return false;
  return referencesOf(left).every((reference) => sameWithin(reference, one, other, seen));
}

function referencesOf(schema: JsonSchema): string[] {
  if (typeof schema === 'boolean') return [];
  const own = definitionName(schema.$ref);
  const below = subschemas(schema).flatMap(([, part]) => referencesOf(part));
  return own === undefined ? below : [own, ...below];
}
