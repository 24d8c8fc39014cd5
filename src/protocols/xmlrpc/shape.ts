import type { Contract } from '../../model/contract.ts';
import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';
import { isSchema, isSchemaObject, resolveSchema, typesOf } from '../../model/schema-tree.ts';

/** What a JSON string stands for, where its schema says more than `string`. */
export type TextForm = 'text' | 'date-time' | 'date' | 'base64' | 'base64url' | 'int64';

/** How a JSON number is written: by its schema, or where that does not say, by its value. */
export type NumberForm = 'integer' | 'double' | 'by value';

/** What the schemas that apply to a place say about the XML-RPC types there. */
export class Shape {
  readonly text: TextForm;
  readonly number: NumberForm;
  /** Whole numbers are texts here: 64-bit integers that JSON numbers cannot hold. */
  readonly integersAreText: boolean;
  readonly #shapes: Shapes;
  readonly #parts: readonly JsonSchemaObject[];
  /** Of members that a schema names: their number is bounded, whatever callers send. */
  readonly #members = new Map<string, Shape>();
  readonly #items: Shape[] = [];

  constructor(schemas: readonly JsonSchema[], shapes: Shapes) {
    const { definitions } = shapes;
    this.#shapes = shapes;
    this.#parts = schemas.flatMap((schema) => partsOf(schema, shapes));
    this.text = commonTextForm(schemas, shapes, 0) ?? 'text';
    const types = new Set<string>();
    for (const schema of schemas) {
      for (const type of typesOf(schema, definitions) ?? ANY_NUMBER) types.add(type);
    }
    const whole = types.has('integer');
    const broken = types.has('number');
    this.number = whole === broken ? 'by value' : whole ? 'integer' : 'double';
    this.integersAreText = this.text === 'int64' && !whole && !broken;
  }

  member(name: string): Shape {
    let shape = this.#members.get(name);
    if (shape !== undefined) return shape;
    const found: JsonSchema[] = [];
    let isNamed = false;
    for (const part of this.#parts) {
      const own = named(part.properties, name);
      if (own !== undefined) {
        isNamed = true;
        found.push(own);
      } else found.push(...unnamed(part, name));
    }
    shape = this.#shapes.of(found);
    if (isNamed) this.#members.set(name, shape);
    return shape;
  }

  item(index: number): Shape {
    const prefix = this.#shapes.longestPrefix;
    const slot = Math.min(index, prefix);
    let shape = this.#items[slot];
    if (shape !== undefined) return shape;
    const found: JsonSchema[] = [];
    for (const part of this.#parts) {
      const own = Array.isArray(part.prefixItems)
        ? (part.prefixItems[index] as unknown)
        : undefined;
      const schema = own ?? part.items;
      if (isSchema(schema)) found.push(schema);
    }
    shape = this.#shapes.of(found);
    this.#items[slot] = shape;
    return shape;
  }
}

const ANY_NUMBER: readonly string[] = ['integer', 'number'];
const MAX_DEPTH = 20;
/** Positions that get a shape of their own; further ones share the last. */
const LONGEST_PREFIX = 64;

/** The shapes of one contract; one for each set of schemas, so that types that refer to themselves
 * end. */
export class Shapes {
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  readonly longestPrefix = LONGEST_PREFIX;
  readonly #numbers = new Map<JsonSchema, number>();
  readonly #known = new Map<string, Shape>();

  constructor(definitions: Readonly<Record<string, JsonSchema>>) {
    this.definitions = definitions;
  }

  of(schemas: readonly JsonSchema[]): Shape {
    if (schemas.length === 0) return ANY_SHAPE;
    const numbers = [...new Set(schemas.map((schema) => this.#numberOf(schema)))];
    const key = numbers.sort((one, other) => one - other).join();
    let shape = this.#known.get(key);
    if (shape === undefined) {
      shape = new Shape(schemas, this);
      this.#known.set(key, shape);
    }
    return shape;
  }

  #numberOf(schema: JsonSchema): number {
    let number = this.#numbers.get(schema);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(schema, number);
    }
    return number;
  }
}

/** Of a value whose schema says nothing. */
export const ANY_SHAPE = new Shape([true], new Shapes({}));

const byContract = new WeakMap<Contract, Shapes>();

export function shapeOf(contract: Contract, schema: JsonSchema): Shape {
  let shapes = byContract.get(contract);
  if (shapes === undefined) {
    shapes = new Shapes(contract.$defs);
    byContract.set(contract, shapes);
  }
  return shapes.of([schema]);
}

function named(properties: unknown, name: string): JsonSchema | undefined {
  if (!isSchemaObject(properties) || !Object.hasOwn(properties, name)) return undefined;
  return properties[name] as JsonSchema;
}

/** What a schema says about a member that it does not name. */
function unnamed(part: JsonSchemaObject, name: string): JsonSchema[] {
  const found: JsonSchema[] = [];
  if (isSchemaObject(part.patternProperties)) {
    for (const [pattern, schema] of Object.entries(part.patternProperties)) {
      if (isSchema(schema) && new RegExp(pattern, 'u').test(name)) found.push(schema);
    }
  }
  const { additionalProperties } = part;
  if (found.length === 0 && isSchemaObject(additionalProperties)) found.push(additionalProperties);
  return found;
}

/** The schema and all that references and combinations lead to, for the same value. */
function partsOf(schema: JsonSchema, shapes: Shapes, depth = 0): JsonSchemaObject[] {
  if (typeof schema === 'boolean' || depth > MAX_DEPTH) return [];
  const found = [schema];
  if (schema.$ref !== undefined) {
    const target = resolveSchema(schema, shapes.definitions);
    if (target !== schema) found.push(...partsOf(target, shapes, depth + 1));
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const part of listed(schema[keyword])) found.push(...partsOf(part, shapes, depth + 1));
  }
  for (const keyword of ['then', 'else'] as const) {
    const part = schema[keyword];
    if (isSchema(part)) found.push(...partsOf(part, shapes, depth + 1));
  }
  return found;
}

/** Undefined where a schema says nothing about strings. */
function textFormOf(schema: JsonSchema, shapes: Shapes, depth = 0): TextForm | undefined {
  if (typeof schema === 'boolean' || depth > MAX_DEPTH) return undefined;
  const own = ownTextForm(schema);
  if (own !== undefined) return own;
  const together = [...listed(schema.allOf)];
  if (schema.$ref !== undefined) {
    const target = resolveSchema(schema, shapes.definitions);
    if (target !== schema) together.push(target);
  }
  for (const part of together) {
    const form = textFormOf(part, shapes, depth + 1);
    if (form !== undefined) return form;
  }
  return commonTextForm([...listed(schema.anyOf), ...listed(schema.oneOf)], shapes, depth + 1);
}

/** What strings are, whichever of these schemas they fit; undefined where none takes strings. */
function commonTextForm(
  choices: readonly JsonSchema[],
  shapes: Shapes,
  depth: number,
): TextForm | undefined {
  let common: TextForm | undefined;
  for (const choice of choices) {
    if (typesOf(choice, shapes.definitions)?.has('string') === false) continue;
    const form = textFormOf(choice, shapes, depth) ?? 'text';
    if (common !== undefined && common !== form) return 'text';
    common = form;
  }
  return common;
}

function ownTextForm({ format, contentEncoding }: JsonSchemaObject): TextForm | undefined {
  if (contentEncoding === 'base64' || contentEncoding === 'base64url') return contentEncoding;
  if (format === 'date-time' || format === 'date') return format;
  return format === 'int64' || format === 'uint64' ? 'int64' : undefined;
}

function listed(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}
