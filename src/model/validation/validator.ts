import { Compile } from 'typebox/schema';
import type { Violation } from '../fault.ts';
import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { type Definitions, definitionName, mapSubschemas, subschemas } from '../schema-tree.ts';
import { withBoundedPatterns } from './bounded-patterns.ts';
import { defaultsOf } from './defaults.ts';
import { hasOpenParts, isFiniteThroughout } from './finite.ts';
import { isMultiple } from './keywords.ts';
import { registerNumberTexts } from './number-texts.ts';
import { violationsOf } from './violations.ts';

/** A schema, ready to judge values. Made by compileSchema. */
export interface Validator {
  /** Whether the value fits. The first call compiles (milliseconds); later ones are as fast as
   * code written by hand. */
  check(value: unknown): boolean;
  /** What is wrong with a value that does not fit; at most ten, at least one. Slower than `check`. */
  violations(value: unknown): Violation[];
  /**
   * Fills the schema's defaults in where members are missing, into a copy of what changes; absent
   * where the schema has no defaults. For values that fit, and only where no Parser does it: a
   * library's own defaults may be of another type.
   */
  readonly applyDefaults: ((value: unknown) => unknown) | undefined;
}

registerNumberTexts();

const cache = new WeakMap<JsonSchemaObject, WeakMap<object, Validator>>();
const NO_DEFINITIONS: Definitions = Object.freeze({});

/**
 * The validator of a schema; one for each schema object and its definitions. Formats are checked,
 * those of numbers as text too; unknown formats pass (JSON Schema 2020-12 validation, section 7.2.3).
 * @param definitions the contract's `$defs`
 */
export function compileSchema(
  schema: JsonSchema,
  definitions: Definitions = NO_DEFINITIONS,
): Validator {
  if (typeof schema === 'boolean') return new LazyValidator(schema, definitions);
  let byDefinitions = cache.get(schema);
  if (byDefinitions === undefined) cache.set(schema, (byDefinitions = new WeakMap()));
  let validator = byDefinitions.get(definitions);
  if (validator === undefined) {
    byDefinitions.set(definitions, (validator = new LazyValidator(schema, definitions)));
  }
  return validator;
}

class LazyValidator implements Validator {
  readonly #schema: JsonSchema;
  readonly #definitions: Definitions;
  check: (value: unknown) => boolean;
  readonly applyDefaults: ((value: unknown) => unknown) | undefined;

  constructor(schema: JsonSchema, definitions: Definitions) {
    this.#schema = withBoundedPatterns(schema);
    this.#definitions = boundedDefinitions(definitions);
    this.applyDefaults = defaultsOf(schema, definitions);
    this.check = (value) => {
      this.check = this.#compile();
      return this.check(value);
    };
  }

  violations(value: unknown): Violation[] {
    return violationsOf(this.#schema, this.#definitions, value);
  }

  #compile(): (value: unknown) => boolean {
    const schema = this.#schema;
    if (typeof schema === 'boolean') return (value) => schema && isFiniteThroughout(value);
    const used = reachable(schema, this.#definitions);
    const whole = Object.keys(used).length === 0 ? { ...schema } : { ...schema, $defs: used };
    const compiled = Compile(hasFractions(whole) ? withExactFractions(whole) : whole);
    return hasOpenParts(schema, used)
      ? (value) => compiled.Check(value) && isFiniteThroughout(value)
      : (value) => compiled.Check(value);
  }
}

const boundedCache = new WeakMap<Definitions, Definitions>();

function boundedDefinitions(definitions: Definitions): Definitions {
  let bounded = boundedCache.get(definitions);
  if (bounded === undefined) {
    bounded = Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [name, withBoundedPatterns(schema)]),
    );
    boundedCache.set(definitions, bounded);
  }
  return bounded;
}

function isFraction(of: unknown): of is number {
  return typeof of === 'number' && !Number.isInteger(of);
}

function hasFractions(schema: JsonSchema): boolean {
  if (typeof schema === 'boolean') return false;
  return isFraction(schema.multipleOf) || subschemas(schema).some(([, part]) => hasFractions(part));
}

/** The compiler's own multipleOf is wrong for fractions of large numbers (1234567.89 as a multiple
 * of 0.01): there it calls ours. */
function withExactFractions(schema: JsonSchemaObject): JsonSchemaObject {
  const copy = mapSubschemas(schema, (part) =>
    typeof part === 'boolean' ? part : withExactFractions(part),
  );
  const { multipleOf, ...rest } = copy;
  if (!isFraction(multipleOf)) return copy;
  const check = (value: unknown): boolean =>
    typeof value !== 'number' || isMultiple(value, multipleOf);
  return { ...rest, '~refine': [{ check, error: () => 'multipleOf' }] };
}

/** The definitions that a schema refers to, directly or through others. */
function reachable(schema: JsonSchema, definitions: Definitions): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  const visit = (one: JsonSchema): void => {
    if (typeof one === 'boolean') return;
    const name = definitionName(one.$ref);
    if (name !== undefined && !Object.hasOwn(found, name) && Object.hasOwn(definitions, name)) {
      found[name] = definitions[name]!;
      visit(found[name]);
    }
    for (const [, part] of subschemas(one)) visit(part);
  };
  visit(schema);
  return found;
}
