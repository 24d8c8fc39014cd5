import type { SelectionSetNode } from 'graphql';
import type {
  LinkTarget,
  ObjectType,
  OutputField,
  OutputType,
  TypeRef,
  UnionType,
} from '../schema/types.ts';
import { LEAF_CHECKS, missing } from './leaves.ts';
import { type CollectedField, type FieldCollector, selectionSets } from './selection.ts';
import { optionOf } from './union-option.ts';

/** What values of links are, for each link of a selection: by the object that has the link. */
export type LinkValues = readonly ReadonlyMap<unknown, unknown>[];

/** A selection of fields, compiled for one type. */
export interface Selection {
  /** What the response holds of a value. @throws BrokenAnswer where the value is not of its type */
  project(value: unknown, links: LinkValues): unknown;
  /** Links below, which must be followed before; their values are projected. */
  readonly links: readonly LinkPlan[];
}

export interface LinkPlan {
  readonly key: string;
  readonly target: LinkTarget;
  readonly selection: Selection;
  /** The way from the selection's value to the objects that have the link. */
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'member'; readonly member: string; readonly key: string }
  | { readonly kind: 'items' }
  | { readonly kind: 'option'; readonly union: UnionType; readonly type: ObjectType };

/** Makes a function from a selection: field names are fixed in it, so that the engine compiles it
 * to straight code. */
export function compileSelection(
  type: TypeRef<OutputType>,
  sets: readonly SelectionSetNode[],
  collector: FieldCollector,
): Selection {
  return new Compilation(collector).run(type, sets);
}

const LEAF_HELPERS = Object.fromEntries(
  Object.entries(LEAF_CHECKS).map(([json, check]) => [`leaf_${json}`, check]),
);

class Compilation {
  readonly #collector: FieldCollector;
  readonly #functions: string[] = [];
  /** What the code refers to by position. */
  readonly #constants: unknown[] = [];
  readonly #links: LinkPlan[] = [];

  constructor(collector: FieldCollector) {
    this.#collector = collector;
  }

  run(type: TypeRef<OutputType>, sets: readonly SelectionSetNode[]): Selection {
    const value = this.#value(type, sets, 'value', 'the answer', []);
    const source = `'use strict';\n${this.#functions.join('\n')}\nreturn (value, links) => ${value};`;
    const helpers = { ...LEAF_HELPERS, missing, optionOf };
    const make = new Function('constants', ...Object.keys(helpers), source) as (
      ...values: unknown[]
    ) => Selection['project'];
    return { project: make(this.#constants, ...Object.values(helpers)), links: this.#links };
  }

  /** An expression for what the response holds of the value of another expression. */
  #value(
    type: TypeRef<OutputType>,
    sets: readonly SelectionSetNode[],
    value: string,
    place: string,
    steps: readonly Step[],
  ): string {
    const made =
      type.kind === 'list'
        ? this.#list(type.item, sets, value, place, steps)
        : this.#named(type.type, sets, value, place, steps);
    const otherwise = type.nullable ? 'null' : `missing(${JSON.stringify(place)})`;
    return `((${value}) === undefined || (${value}) === null ? ${otherwise} : ${made})`;
  }

  #list(
    item: TypeRef<OutputType>,
    sets: readonly SelectionSetNode[],
    value: string,
    place: string,
    steps: readonly Step[],
  ): string {
    const made = this.#value(item, sets, 'item', `an item of ${place}`, [
      ...steps,
      { kind: 'items' },
    ]);
    return this.#function(
      value,
      `if (!Array.isArray(value)) missing(${JSON.stringify(place)});
  const items = [];
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    items.push(${made});
  }
  return items;`,
    );
  }

  #named(
    type: OutputType,
    sets: readonly SelectionSetNode[],
    value: string,
    place: string,
    steps: readonly Step[],
  ): string {
    if (type.kind === 'scalar') return `leaf_${type.json}(${value}, ${JSON.stringify(place)})`;
    if (type.kind === 'enum') {
      const names = this.#constant(new Map(type.values.map((one) => [one.value, one.name])));
      return `(${names}.get(${value}) ?? missing(${JSON.stringify(place)}))`;
    }
    if (type.kind === 'object') {
      return this.#object(type, [type.name], sets, value, place, steps);
    }
    return this.#union(type, sets, value, place, steps);
  }

  #union(
    union: UnionType,
    sets: readonly SelectionSetNode[],
    value: string,
    place: string,
    steps: readonly Step[],
  ): string {
    const types = [...new Set(union.options.map((option) => option.type))];
    const cases = types.map((type) => {
      const own: Step[] = [...steps, { kind: 'option', union, type }];
      const made = this.#object(type, [type.name, union.name], sets, 'value', place, own);
      return `if (type === ${this.#constant(type)}) return ${made};`;
    });
    return this.#function(
      value,
      `const type = optionOf(${this.#constant(union)}, value);
  ${cases.join('\n  ')}
  return missing(${JSON.stringify(place)});`,
    );
  }

  /** @param names of the type, and of the union that it stands in */
  #object(
    type: ObjectType,
    names: readonly string[],
    sets: readonly SelectionSetNode[],
    value: string,
    place: string,
    steps: readonly Step[],
  ): string {
    const fields = this.#collector.collect(sets, (name) => names.includes(name));
    const members = fields.map((field) => {
      // In brackets: `__proto__: x` would set the object's prototype.
      const key = field.key === '__proto__' ? '["__proto__"]' : JSON.stringify(field.key);
      return `    ${key}: ${this.#field(type, field, steps)},`;
    });
    return this.#function(
      value,
      `if (typeof value !== 'object') missing(${JSON.stringify(place)});
  return {
${members.join('\n')}
  };`,
    );
  }

  #field(type: ObjectType, { key, nodes }: CollectedField, steps: readonly Step[]): string {
    const name = nodes[0]!.name.value;
    if (name === '__typename') return JSON.stringify(type.name);
    const field = type.fields.get(name)!;
    if (field.link !== undefined) return this.#link(field, { key, nodes }, steps);
    const { member } = field;
    return this.#value(
      field.type,
      selectionSets(nodes),
      `value[${JSON.stringify(member)}]`,
      `${type.name}.${name}`,
      [...steps, { kind: 'member', member, key }],
    );
  }

  #link(field: OutputField, { key, nodes }: CollectedField, steps: readonly Step[]): string {
    const selection = compileSelection(field.type, selectionSets(nodes), this.#collector);
    const slot = this.#links.push({ key, target: field.link!, selection, steps }) - 1;
    return `(links[${slot}].get(value) ?? null)`;
  }

  /** Adds a function of one value; answers the expression that calls it. */
  #function(value: string, body: string): string {
    const name = `make${this.#functions.length}`;
    this.#functions.push(`function ${name}(value, links) {\n  ${body}\n}`);
    return `${name}(${value}, links)`;
  }

  #constant(value: unknown): string {
    return `constants[${this.#constants.push(value) - 1}]`;
  }
}
