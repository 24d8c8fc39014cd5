import type { Violation } from '../fault.ts';
import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  pointerStep,
  resolveSchema,
} from '../schema-tree.ts';
import { infiniteNumbers } from './finite.ts';
import { expressionOf, fitsOwnKeywords, fitsType } from './keywords.ts';
import { describeSchema, describeTypeOf, describeValue, shorten } from './words.ts';

const MAX_VIOLATIONS = 10;
/** Schemas visited before the search ends: unions of unions can take exponential time. */
const MAX_STEPS = 20_000;

/**
 * What is wrong with a value that does not fit a schema: at most ten violations, at least one. It
 * knows what the compiled check knows but for `unevaluated...`, where it names the whole value.
 */
export function violationsOf(
  schema: JsonSchema,
  definitions: Definitions,
  value: unknown,
): Violation[] {
  const found = findViolations(schema, definitions, value);
  if (found.length > 0) return found;
  const infinite = infiniteNumbers(value, MAX_VIOLATIONS);
  if (infinite.length > 0) return infinite;
  const expected = describeSchema(schema, definitions);
  return [{ path: '', expected, received: describeValue(value, isSecret(schema, definitions)) }];
}

/** The same, but empty for a value in which nothing wrong was found. */
export function findViolations(
  schema: JsonSchema,
  definitions: Definitions,
  value: unknown,
): Violation[] {
  const found: Violation[] = [];
  new Search(definitions).visit(schema, value, '', found, false);
  return found;
}

/** Whether a schema marks its value as not to be shown: writeOnly, or format password. */
function isSecret(schema: JsonSchema, definitions: Definitions, depth = 0): boolean {
  if (typeof schema === 'boolean' || depth > 10) return false;
  if (schema.writeOnly === true || schema.format === 'password') return true;
  if (schema.$ref !== undefined) {
    const target = resolveSchema(schema, definitions);
    if (target !== schema && isSecret(target, definitions, depth + 1)) return true;
  }
  return [schema.allOf, schema.anyOf, schema.oneOf]
    .flat()
    .some((part) => isSchema(part) && isSecret(part, definitions, depth + 1));
}

class Search {
  readonly #definitions: Definitions;
  #steps = 0;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  visit(
    schema: JsonSchema,
    value: unknown,
    path: string,
    found: Violation[],
    outerSecret: boolean,
  ): void {
    if (found.length >= MAX_VIOLATIONS || ++this.#steps > MAX_STEPS) return;
    const secret = outerSecret || isSecret(schema, this.#definitions);
    const report = (expected: string, received = describeValue(value, secret)): void => {
      if (found.length < MAX_VIOLATIONS) found.push({ path, expected, received });
    };
    if (typeof schema === 'boolean') {
      if (!schema) report('nothing here', describeTypeOf(value));
      return;
    }
    const name = definitionName(schema.$ref);
    if (name !== undefined) {
      this.visit(this.#definitions[name] ?? false, value, path, found, secret);
    }
    if (!fitsOwnKeywords(schema, value)) {
      report(describeSchema(withoutUnion(schema), this.#definitions));
      if (schema.type !== undefined && !fitsType(schema.type, value)) return;
    }
    if (Array.isArray(value)) this.#visitItems(schema, value, path, found, secret);
    else if (isSchemaObject(value)) this.#visitMembers(schema, value, path, found, secret);
    this.#visitCombinations(schema, value, path, found, secret);
  }

  /** Nothing wrong to be found below. */
  #fits(schema: JsonSchema, value: unknown): boolean {
    const found: Violation[] = [];
    this.visit(schema, value, '', found, false);
    return found.length === 0;
  }

  #visitMembers(
    schema: JsonSchemaObject,
    value: JsonSchemaObject,
    path: string,
    found: Violation[],
    secret: boolean,
  ): void {
    const missing = (name: string): void => {
      if (found.length >= MAX_VIOLATIONS || Object.hasOwn(value, name)) return;
      const expected = `a member ${JSON.stringify(shorten(name))}`;
      found.push({ path, expected, received: describeValue(value, secret) });
    };
    if (Array.isArray(schema.required)) for (const name of schema.required) missing(String(name));
    for (const [name, needed] of entries(schema.dependentRequired)) {
      if (Object.hasOwn(value, name) && Array.isArray(needed)) needed.map(String).forEach(missing);
    }
    for (const [name, part] of entries(schema.dependentSchemas)) {
      if (Object.hasOwn(value, name) && isSchema(part)) {
        this.visit(part, value, path, found, secret);
      }
    }
    const properties = isSchemaObject(schema.properties) ? schema.properties : {};
    const patterns = entries(schema.patternProperties);
    const { additionalProperties: others, propertyNames } = schema;
    for (const name of Object.keys(value)) {
      if (found.length >= MAX_VIOLATIONS) return;
      const at = path + pointerStep(name);
      let known = false;
      if (isSchema(propertyNames)) this.visit(propertyNames, name, at, found, secret);
      if (Object.hasOwn(properties, name)) {
        known = true;
        const member = properties[name];
        if (isSchema(member)) this.visit(member, value[name], at, found, secret);
      }
      for (const [pattern, part] of patterns) {
        if (!isSchema(part) || !expressionOf(pattern).test(name)) continue;
        known = true;
        this.visit(part, value[name], at, found, secret);
      }
      if (known || others === undefined) continue;
      if (others === false) {
        // The value may be a secret under a misspelt name: only its type is told.
        const expected = `no member ${JSON.stringify(shorten(name))}`;
        found.push({ path: at, expected, received: describeTypeOf(value[name]) });
      } else if (isSchema(others)) this.visit(others, value[name], at, found, secret);
    }
  }

  #visitItems(
    schema: JsonSchemaObject,
    value: readonly unknown[],
    path: string,
    found: Violation[],
    secret: boolean,
  ): void {
    const prefix: readonly unknown[] = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
    const { items } = schema;
    for (let index = 0; index < value.length && found.length < MAX_VIOLATIONS; index++) {
      const part = index < prefix.length ? prefix[index] : items;
      if (part === undefined && index >= prefix.length) break;
      if (isSchema(part)) {
        this.visit(part, value[index], path + pointerStep(index), found, secret);
      }
    }
    const { contains, minContains = 1, maxContains } = schema;
    if (!isSchema(contains)) return;
    const count = value.filter((item) => this.#fits(contains, item)).length;
    const most = typeof maxContains === 'number' ? maxContains : Number.POSITIVE_INFINITY;
    if (count >= Number(minContains) && count <= most) return;
    const bound = count > most ? `at most ${most}` : `at least ${Number(minContains)}`;
    const expected = `an array with ${bound} of: ${describeSchema(contains, this.#definitions)}`;
    if (found.length < MAX_VIOLATIONS) {
      found.push({ path, expected, received: `${count} of ${value.length} items` });
    }
  }

  #visitCombinations(
    schema: JsonSchemaObject,
    value: unknown,
    path: string,
    found: Violation[],
    secret: boolean,
  ): void {
    const report = (expected: string): void => {
      if (found.length >= MAX_VIOLATIONS) return;
      found.push({ path, expected, received: describeValue(value, secret) });
    };
    for (const part of schemas(schema.allOf)) this.visit(part, value, path, found, secret);
    if (Array.isArray(schema.anyOf)) {
      this.#visitUnion(schemas(schema.anyOf), schema, value, path, found, secret);
    }
    if (Array.isArray(schema.oneOf)) {
      const branches = schemas(schema.oneOf);
      const fitting = branches.filter((part) => this.#fits(part, value)).length;
      if (fitting === 0) this.#visitUnion(branches, schema, value, path, found, secret);
      else if (fitting > 1) report('a value that fits exactly one of the forms');
    }
    if (isSchema(schema.not) && this.#fits(schema.not, value)) {
      report(`anything but ${describeSchema(schema.not, this.#definitions)}`);
    }
    if (isSchema(schema.if)) {
      const branch = this.#fits(schema.if, value) ? schema.then : schema.else;
      if (isSchema(branch)) this.visit(branch, value, path, found, secret);
    }
  }

  /** Reports the branch that the value comes nearest to, when it fits none. */
  #visitUnion(
    branches: readonly JsonSchema[],
    union: JsonSchemaObject,
    value: unknown,
    path: string,
    found: Violation[],
    secret: boolean,
  ): void {
    let best: Violation[] | undefined;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const branch of branches) {
      const violations: Violation[] = [];
      this.visit(branch, value, path, violations, secret);
      if (violations.length === 0) return;
      const score = this.#distance(branch, value) * 100 + violations.length;
      if (score < bestScore) [best, bestScore] = [violations, score];
    }
    // No branch is of this kind at all: say what the kinds are.
    if (best === undefined || bestScore >= 100_000) {
      const { anyOf, oneOf } = union;
      const expected = describeSchema(anyOf ? { anyOf } : { oneOf }, this.#definitions);
      best = [{ path, expected, received: describeValue(value, secret) }];
    }
    found.push(...best.slice(0, MAX_VIOLATIONS - found.length));
  }

  /** How far a value is from a branch: another kind of value, or another tag (a member with a
   * constant) weigh more than any number of wrong members. */
  #distance(branch: JsonSchema, value: unknown): number {
    const resolved = resolveSchema(branch, this.#definitions);
    if (typeof resolved === 'boolean') return 1000;
    const union = resolved.anyOf ?? resolved.oneOf;
    if (resolved.type === undefined && Array.isArray(union)) {
      return Math.min(...schemas(union).map((part) => this.#distance(part, value)));
    }
    if (resolved.type !== undefined && !fitsType(resolved.type, value)) return 1000;
    if (Object.hasOwn(resolved, 'const') || Array.isArray(resolved.enum)) return 1000;
    if (!isSchemaObject(value) || !isSchemaObject(resolved.properties)) return 0;
    let wrongTags = 0;
    for (const [name, member] of Object.entries(resolved.properties)) {
      if (!isSchemaObject(member)) continue;
      const isTag = Object.hasOwn(member, 'const') || Array.isArray(member.enum);
      if (isTag && !fitsOwnKeywords(member, value[name])) wrongTags++;
    }
    return wrongTags;
  }
}

function withoutUnion(schema: JsonSchemaObject): JsonSchemaObject {
  const { anyOf: _any, oneOf: _one, $ref: _ref, ...rest } = schema;
  return rest;
}

function entries(value: unknown): [string, unknown][] {
  return isSchemaObject(value) ? Object.entries(value) : [];
}

function schemas(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}
