import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { type Definitions, isSchema, isSchemaObject, resolveSchema } from '../schema-tree.ts';

/** Fills one value's missing members in; answers the same value when nothing was missing. */
type Fill = (value: unknown) => unknown;

/**
 * A function that fills in the defaults of a schema, or undefined where it has none. Followed are
 * members, items, members of a map, references and `allOf`; not the branches of a union, of which
 * a value may fit more than one.
 */
export function defaultsOf(schema: JsonSchema, definitions: Definitions): Fill | undefined {
  return new Planner(definitions).plan(schema);
}

class Planner {
  readonly #definitions: Definitions;
  readonly #plans = new Map<JsonSchemaObject, Fill | undefined>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  plan(schema: JsonSchema): Fill | undefined {
    const resolved = resolveSchema(schema, this.#definitions);
    if (typeof resolved === 'boolean' || !this.#reachesDefault(resolved, new Set())) {
      return undefined;
    }
    if (this.#plans.has(resolved)) return this.#plans.get(resolved);
    // A type that refers to itself meets this stand-in while its own plan is being made.
    let fill: Fill = (value) => value;
    this.#plans.set(resolved, (value) => fill(value));
    fill = this.#compose(resolved);
    this.#plans.set(resolved, fill);
    return fill;
  }

  #compose(schema: JsonSchemaObject): Fill {
    const steps: Fill[] = [];
    if (isSchemaObject(schema.properties)) steps.push(this.#members(schema.properties));
    const { items, additionalProperties } = schema;
    const item = isSchema(items) ? this.plan(items) : undefined;
    if (item !== undefined) steps.push((value) => mapItems(value, item));
    const other = isSchema(additionalProperties) ? this.plan(additionalProperties) : undefined;
    if (other !== undefined) {
      const known = new Set(Object.keys(schema.properties ?? {}));
      steps.push((value) => mapMembers(value, known, other));
    }
    if (Array.isArray(schema.allOf)) {
      for (const part of schema.allOf) {
        const fill = isSchema(part) ? this.plan(part) : undefined;
        if (fill !== undefined) steps.push(fill);
      }
    }
    return (value) => steps.reduce((filled, step) => step(filled), value);
  }

  #members(properties: JsonSchemaObject): Fill {
    const members: { name: string; fill: Fill | undefined; preset: unknown }[] = [];
    for (const [name, schema] of Object.entries(properties)) {
      if (!isSchema(schema) || typeof schema === 'boolean') continue;
      const preset = schema.default ?? ownDefault(resolveSchema(schema, this.#definitions));
      const fill = this.plan(schema);
      if (preset !== undefined || fill !== undefined) members.push({ name, fill, preset });
    }
    return (value) => {
      if (!isSchemaObject(value)) return value;
      let copy: Record<string, unknown> | undefined;
      for (const { name, fill, preset } of members) {
        const present = Object.hasOwn(value, name);
        if (!present && preset === undefined) continue;
        const before = present ? value[name] : structuredClone(preset);
        const after = fill === undefined ? before : fill(before);
        if (present && after === before) continue;
        copy ??= { ...value };
        copy[name] = after;
      }
      return copy ?? value;
    };
  }

  #reachesDefault(schema: JsonSchema, seen: Set<JsonSchemaObject>): boolean {
    const resolved = resolveSchema(schema, this.#definitions);
    if (typeof resolved === 'boolean' || seen.has(resolved)) return false;
    seen.add(resolved);
    if (isSchemaObject(resolved.properties)) {
      for (const member of Object.values(resolved.properties)) {
        if (!isSchema(member)) continue;
        if (ownDefault(member) !== undefined) return true;
        if (ownDefault(resolveSchema(member, this.#definitions)) !== undefined) return true;
        if (this.#reachesDefault(member, seen)) return true;
      }
    }
    const parts = [resolved.items, resolved.additionalProperties, resolved.allOf].flat();
    return parts.some((part) => isSchema(part) && this.#reachesDefault(part, seen));
  }
}

function ownDefault(schema: JsonSchema): unknown {
  return typeof schema === 'boolean' ? undefined : schema.default;
}

function mapItems(value: unknown, fill: Fill): unknown {
  if (!Array.isArray(value)) return value;
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const after = fill(value[index]);
    if (after === value[index]) continue;
    copy ??= [...value];
    copy[index] = after;
  }
  return copy ?? value;
}

function mapMembers(value: unknown, known: ReadonlySet<string>, fill: Fill): unknown {
  if (!isSchemaObject(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    if (known.has(name)) continue;
    const after = fill(value[name]);
    if (after === value[name]) continue;
    copy ??= { ...value };
    copy[name] = after;
  }
  return copy ?? value;
}
