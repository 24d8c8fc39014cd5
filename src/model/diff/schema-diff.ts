import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import {
  type Definitions,
  definitionName,
  isSchema,
  isSchemaObject,
  jsonEqual,
  jsonType,
  resolveSchema,
} from '../schema-tree.ts';
import { type Change, type Direction, type SchemaChangeKind, schemaChange } from './changes.ts';
import { compareConstraints } from './constraints.ts';
import { compareMembers } from './members.ts';
import { compareUnions } from './unions.ts';

/** Two contracts' definitions, and which named types were compared already. */
export class SchemaComparison {
  readonly before: Definitions;
  readonly after: Definitions;
  readonly changes: Change[] = [];
  readonly #compared = new Set<string>();

  constructor(before: Definitions, after: Definitions) {
    this.before = before;
    this.after = after;
  }

  /** Compares two schemas. A change inside a named type is reported once for each direction. */
  compare(before: JsonSchema, after: JsonSchema, at: Place): void {
    const nameBefore = referenceName(before);
    const nameAfter = referenceName(after);
    if (nameBefore === undefined && nameAfter === undefined) {
      this.#compareInPlace(before, after, at);
      return;
    }
    const pair = `${nameBefore} ${nameAfter} ${at.direction} ${at.area}`;
    const named = nameBefore !== undefined && nameAfter !== undefined;
    if (named) {
      if (this.#compared.has(pair)) return;
      this.#compared.add(pair);
      if (nameBefore !== nameAfter) {
        at.report(this, 'typeNameChanged', `type ${nameBefore} is now ${nameAfter}`);
      }
    } else this.#once(before, after, at, pair);
    const place = nameBefore !== undefined && named ? at.ofType(nameBefore) : at;
    this.#compareInPlace(
      resolveSchema(before, this.before),
      resolveSchema(after, this.after),
      place,
    );
  }

  /** A type that lost or got its name: the same values, another document. */
  #once(before: JsonSchema, after: JsonSchema, at: Place, pair: string): void {
    if (this.#compared.has(pair)) return;
    this.#compared.add(pair);
    const names = [before, after].map((one) => referenceName(one) ?? 'a type without a name');
    at.report(this, 'typeNameChanged', `type ${names[0]} is now ${names[1]}`);
  }

  #compareInPlace(before: JsonSchema, after: JsonSchema, at: Place): void {
    const old = asObject(before);
    const next = asObject(after);
    if (!this.#compareTypes(old, next, at)) return;
    compareConstraints(this, old, next, at);
    compareMembers(this, old, next, at);
    compareUnions(this, old, next, at);
    this.#compareItems(old, next, at);
    this.#compareTexts(old, next, at);
  }

  /** Answers false when the types have nothing in common: no look below is of use. */
  #compareTypes(before: JsonSchemaObject, after: JsonSchemaObject, at: Place): boolean {
    const old = ownTypes(before);
    const next = ownTypes(after);
    if (old === undefined && next === undefined) return true;
    const words = `${typeWords(old)} became ${typeWords(next)}`;
    if (old === undefined) at.report(this, 'typeNarrowed', words);
    else if (next === undefined) at.report(this, 'typeWidened', words);
    else {
      const lost = [...old].some((type) => !accepts(next, type));
      const won = [...next].some((type) => !accepts(old, type));
      const common = [...old].some((type) => accepts(next, type));
      if (lost && won && !common) {
        at.report(this, 'typeChanged', words);
        return false;
      }
      if (lost) at.report(this, 'typeNarrowed', words);
      if (won) at.report(this, 'typeWidened', words);
    }
    return true;
  }

  #compareItems(before: JsonSchemaObject, after: JsonSchemaObject, at: Place): void {
    const old = Array.isArray(before.prefixItems) ? before.prefixItems.filter(isSchema) : [];
    const next = Array.isArray(after.prefixItems) ? after.prefixItems.filter(isSchema) : [];
    const open = (schema: JsonSchemaObject): JsonSchema =>
      isSchema(schema.items) ? schema.items : true;
    for (let index = 0; index < Math.max(old.length, next.length); index++) {
      this.compare(old[index] ?? open(before), next[index] ?? open(after), at.below(String(index)));
    }
    if (before.items !== undefined || after.items !== undefined) {
      this.compare(open(before), open(after), at.below('[]'));
    }
  }

  #compareTexts(before: JsonSchemaObject, after: JsonSchemaObject, at: Place): void {
    for (const keyword of ['title', 'description', 'deprecated', 'examples']) {
      if (!jsonEqual(before[keyword], after[keyword])) {
        at.report(this, 'schemaDocChanged', `${keyword} changed`);
      }
    }
    if (jsonEqual(before.default, after.default)) return;
    const added = before.default === undefined;
    at.report(
      this,
      added ? 'defaultAdded' : 'defaultChanged',
      `default ${show(before.default)} became ${show(after.default)}`,
    );
  }
}

const WAYS = {
  call: { input: 'in inputs', output: 'in outputs' },
  event: { input: 'in events published', output: 'in events received' },
  contract: { input: 'on the way in', output: 'on the way out' },
} as const;

/** Where in a contract, and in which direction, a comparison is. */
export class Place {
  readonly text: string;
  readonly path: string;
  readonly direction: Direction;
  readonly area: Change['area'];

  constructor(text: string, direction: Direction, area: Change['area'], path = '') {
    this.text = text;
    this.direction = direction;
    this.area = area;
    this.path = path;
  }

  below(name: string): Place {
    return new Place(this.text, this.direction, this.area, `${this.path}/${name}`);
  }

  ofType(name: string): Place {
    return new Place(`type ${name}, ${WAYS[this.area][this.direction]}`, this.direction, this.area);
  }

  report(comparison: SchemaComparison, kind: SchemaChangeKind, message: string): void {
    const place = this.path === '' ? this.text : `${this.text} at ${this.path}`;
    comparison.changes.push(schemaChange(kind, this.direction, this.area, place, message));
  }
}

function referenceName(schema: JsonSchema): string | undefined {
  return typeof schema === 'boolean' ? undefined : definitionName(schema.$ref);
}

function asObject(schema: JsonSchema): JsonSchemaObject {
  if (typeof schema !== 'boolean') return schema;
  return schema ? {} : { type: [] };
}

function ownTypes(schema: JsonSchemaObject): ReadonlySet<string> | undefined {
  if (typeof schema.type === 'string') return new Set([schema.type]);
  if (Array.isArray(schema.type)) return new Set(schema.type.map(String));
  if (Object.hasOwn(schema, 'const')) return new Set([jsonType(schema.const)]);
  return Array.isArray(schema.enum) ? new Set(schema.enum.map(jsonType)) : undefined;
}

function accepts(types: ReadonlySet<string>, type: string): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'));
}

function typeWords(types: ReadonlySet<string> | undefined): string {
  if (types === undefined) return 'any type';
  return types.size === 0 ? 'nothing' : [...types].join(' or ');
}

/** A value in a message, shortened. */
export function show(value: unknown): string {
  if (value === undefined) return 'none';
  const text = isSchemaObject(value) || Array.isArray(value) ? JSON.stringify(value) : undefined;
  const shown = text ?? JSON.stringify(value);
  return shown.length <= 60 ? shown : `${shown.slice(0, 57)}...`;
}
