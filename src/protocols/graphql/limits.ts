import type { DocumentNode, FieldNode, SelectionSetNode } from 'graphql';
import { requestError } from './execute/errors.ts';
import type { Fragments } from './execute/selection.ts';
import {
  namedType,
  type ObjectType,
  type OutputType,
  type RootField,
  type RootKind,
  type SchemaModel,
  type TypeRef,
} from './schema/types.ts';

export interface QueryLimits {
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxRootFields: number;
  readonly maxCost: number;
  /** How many items a list counts for in the cost. */
  readonly listCost: number;
}

/** What a call costs beside the fields that are read of its answer. */
const CALL_COST = 10;

interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
  readonly cost: number;
  /** Fields, fragments written out: how large the compiled form is. */
  readonly size: number;
}

const NOTHING: Measure = { depth: 0, aliases: 0, fields: 0, cost: 0, size: 0 };

/** What kind of type a selection is made on; undefined where nothing is known. */
type Parent =
  | { readonly root: RootKind }
  | { readonly type: OutputType }
  | 'introspection'
  | undefined;

/**
 * Measures every operation of a document before it is validated, so that what is too large costs
 * no more than reading it: fragments are measured once, however often they are spread.
 * @returns how many fields its operations have, fragments written out
 * @throws RequestError RESOURCE_EXHAUSTED where a limit is passed
 */
export function checkLimits(
  document: DocumentNode,
  fragments: Fragments,
  model: SchemaModel,
  limits: QueryLimits,
): number {
  const meter = new QueryMeter(fragments, model, limits.listCost);
  let total = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition') continue;
    const root = { root: definition.operation as RootKind };
    const { depth, aliases, fields, cost, size } = meter.measure(definition.selectionSet, root);
    check(depth, limits.maxDepth, (amount) => `is ${amount} levels deep`);
    check(aliases, limits.maxAliases, (amount) => `uses ${amount} aliases`);
    check(fields, limits.maxRootFields, (amount) => `asks for ${amount} fields at its root`);
    check(cost, limits.maxCost, (amount) => `costs ${amount}`);
    total += size;
  }
  return total;
}

function check(amount: number, limit: number, words: (amount: string) => string): void {
  if (amount <= limit) return;
  throw requestError(
    'RESOURCE_EXHAUSTED',
    `The operation ${words(count(amount))}; the limit is ${limit}.`,
  );
}

function count(amount: number): string {
  return Number.isSafeInteger(amount) ? String(amount) : 'far too many';
}

class QueryMeter {
  readonly #fragments: Fragments;
  readonly #model: SchemaModel;
  readonly #listCost: number;
  /** Undefined while it is being measured: a fragment that spreads itself counts nothing, and is
   * refused by validation. */
  readonly #known = new Map<string, Measure | undefined>();

  constructor(fragments: Fragments, model: SchemaModel, listCost: number) {
    this.#fragments = fragments;
    this.#model = model;
    this.#listCost = listCost;
  }

  measure(set: SelectionSetNode, parent: Parent): Measure {
    let { depth, aliases, fields, cost, size } = NOTHING;
    for (const selection of set.selections) {
      let part: Measure;
      if (selection.kind === 'Field') {
        part = this.#field(selection, parent);
        fields++;
      } else if (selection.kind === 'InlineFragment') {
        const condition = selection.typeCondition?.name.value;
        const inner = condition === undefined ? parent : this.#parentOf(condition, parent);
        part = this.measure(selection.selectionSet, inner);
        fields += part.fields;
      } else {
        part = this.#fragment(selection.name.value, parent);
        fields += part.fields;
      }
      depth = Math.max(depth, part.depth);
      aliases += part.aliases;
      cost += part.cost;
      size += part.size;
    }
    return { depth, aliases, fields, cost, size };
  }

  #field(node: FieldNode, parent: Parent): Measure {
    const name = node.name.value;
    const alias = node.alias === undefined ? 0 : 1;
    const field = this.#fieldOf(name, parent);
    const inner: Parent =
      name === '__schema' || name === '__type' || parent === 'introspection'
        ? 'introspection'
        : field && { type: namedType(field.type) };
    const below =
      node.selectionSet === undefined ? NOTHING : this.measure(node.selectionSet, inner);
    const isCall = (typeof parent === 'object' && 'root' in parent) || field?.link !== undefined;
    const items = field === undefined ? 1 : this.#itemsOf(field.type);
    return {
      // Introspection has a depth of its own, which validation bounds.
      depth: inner === 'introspection' ? 0 : below.depth + 1,
      aliases: below.aliases + alias,
      fields: 1,
      cost: (isCall ? CALL_COST : 1) + items * below.cost,
      size: 1 + below.size,
    };
  }

  #fragment(name: string, parent: Parent): Measure {
    if (this.#known.has(name)) return this.#known.get(name) ?? NOTHING;
    this.#known.set(name, undefined);
    const fragment = this.#fragments.get(name);
    const measured =
      fragment === undefined
        ? NOTHING
        : this.measure(
            fragment.selectionSet,
            this.#parentOf(fragment.typeCondition.name.value, parent),
          );
    this.#known.set(name, measured);
    return measured;
  }

  #parentOf(typeName: string, parent: Parent): Parent {
    const type = this.#model.types.get(typeName);
    if (type !== undefined) return type.kind === 'input' ? undefined : { type };
    if (typeName.startsWith('__')) return 'introspection';
    const kind = typeName.toLowerCase();
    return kind === 'query' || kind === 'mutation' || kind === 'subscription'
      ? { root: kind }
      : parent;
  }

  #fieldOf(
    name: string,
    parent: Parent,
  ): { readonly type: TypeRef<OutputType>; readonly link?: unknown } | undefined {
    if (parent === undefined || parent === 'introspection') return undefined;
    if ('root' in parent)
      return this.#model.roots[parent.root].get(name) satisfies RootField | undefined;
    return parent.type.kind === 'object'
      ? (parent.type satisfies ObjectType).fields.get(name)
      : undefined;
  }

  #itemsOf(type: TypeRef<OutputType>): number {
    return type.kind === 'list' ? this.#listCost * this.#itemsOf(type.item) : 1;
  }
}
