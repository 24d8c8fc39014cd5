import type { JsonSchema } from '../schema.ts';
import {
  definitionName,
  jsonEqual,
  mapSubschemas,
  referenceTo,
  subschemas,
} from '../schema-tree.ts';
import { convertSchema, type Side } from './convert.ts';

interface Found {
  readonly schema: JsonSchema;
  readonly place: string;
}

/**
 * Gathers the schemas of a contract and their named types. A named type whose input form differs
 * from its output form (a default makes a member optional on the way in) becomes two: `Name`, and
 * `NameInput` for the way in.
 */
export class DefinitionCollector {
  readonly problems: { place: string; message: string }[] = [];
  readonly #found: Record<Side, Map<string, Found>> = { input: new Map(), output: new Map() };
  #split: ReadonlySet<string> = new Set();

  /** Converts an authored schema; references are final only after `finish` and `settle`. */
  add(authored: unknown, side: Side, place: string, anonymous: string): JsonSchema {
    try {
      const { schema, definitions } = convertSchema(authored, side, anonymous);
      for (const [name, definition] of definitions) this.define(name, definition, side, place);
      return schema;
    } catch (error) {
      this.problems.push({ place, message: (error as Error).message });
      return true;
    }
  }

  define(name: string, schema: JsonSchema, side: Side, place: string): void {
    const earlier = this.#found[side].get(name);
    if (earlier === undefined) this.#found[side].set(name, { schema, place });
    else if (!jsonEqual(earlier.schema, schema)) {
      this.problems.push({
        place,
        message: `the type name "${name}" already stands for another schema (${earlier.place}): rename one of them`,
      });
    }
  }

  /** All named types, after the last `add`. */
  finish(): Record<string, JsonSchema> {
    const { input, output } = this.#found;
    const split = new Set<string>();
    for (const [name, { schema }] of input) {
      const other = output.get(name);
      if (other !== undefined && !jsonEqual(schema, other.schema)) split.add(name);
    }
    // What refers to a type with two forms has two forms itself.
    for (let before = -1; before !== split.size; ) {
      before = split.size;
      for (const [name, { schema }] of input) {
        if (output.has(name) && refersTo(schema, split)) split.add(name);
      }
    }
    this.#split = split;
    const all: Record<string, JsonSchema> = {};
    for (const [name, { schema }] of output) all[name] = schema;
    for (const [name, { schema, place }] of input) {
      const finalName = split.has(name) ? `${name}Input` : name;
      if (split.has(name) && (input.has(finalName) || output.has(finalName))) {
        this.problems.push({
          place,
          message: `the type "${name}" differs between input and output, and "${finalName}", which would be its input form, is taken: rename one of them`,
        });
      }
      all[finalName] = this.settle(schema, 'input');
    }
    return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The schema with its references to final names. */
  settle(schema: JsonSchema, side: Side): JsonSchema {
    if (side === 'output' || this.#split.size === 0) return schema;
    const rewrite = (one: JsonSchema): JsonSchema => {
      if (typeof one === 'boolean') return one;
      const copy = mapSubschemas(one, rewrite);
      const name = definitionName(copy.$ref);
      return name !== undefined && this.#split.has(name)
        ? { ...copy, $ref: referenceTo(`${name}Input`) }
        : copy;
    };
    return rewrite(schema);
  }
}

function refersTo(schema: JsonSchema, names: ReadonlySet<string>): boolean {
  if (typeof schema === 'boolean') return false;
  const name = definitionName(schema.$ref);
  if (name !== undefined && names.has(name)) return true;
  return subschemas(schema).some(([, part]) => refersTo(part, names));
}
