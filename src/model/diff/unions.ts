import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import {
  type Definitions,
  isSchema,
  isSchemaObject,
  jsonEqual,
  resolveSchema,
} from '../schema-tree.ts';
import { type Place, type SchemaComparison, show } from './schema-diff.ts';

/** Compares anyOf, oneOf and allOf: branches are paired by what they are, not by position. */
export function compareUnions(
  comparison: SchemaComparison,
  before: JsonSchemaObject,
  after: JsonSchemaObject,
  at: Place,
): void {
  compareBranches(comparison, branches(before), branches(after), at, false);
  compareBranches(comparison, list(before.allOf), list(after.allOf), at, true);
}

/** @param together true for allOf, where one more schema means fewer values */
function compareBranches(
  comparison: SchemaComparison,
  before: readonly JsonSchema[],
  after: readonly JsonSchema[],
  at: Place,
  together: boolean,
): void {
  if (before.length === 0 && after.length === 0) return;
  const name = together ? 'allOf' : 'anyOf';
  // A union that comes or goes as a whole narrows or widens what was any value before.
  if (!together && (before.length === 0 || after.length === 0)) {
    const kind = before.length === 0 ? 'constraintTightened' : 'constraintLoosened';
    at.report(comparison, kind, `${name} of ${before.length} became ${name} of ${after.length}`);
    return;
  }
  const { pairs, lost, won } = pair(comparison, before, after);
  for (const [index, [old, next]] of pairs.entries()) {
    comparison.compare(old, next, at.below(`${name}/${index}`));
  }
  for (const branch of lost) {
    const kind = together ? 'constraintLoosened' : 'branchRemoved';
    at.report(comparison, kind, `the form ${show(branch)} is gone`);
  }
  for (const branch of won) {
    const kind = together ? 'constraintTightened' : 'branchAdded';
    at.report(comparison, kind, `the form ${show(branch)} is new`);
  }
}

interface Pairing {
  readonly pairs: (readonly [JsonSchema, JsonSchema])[];
  readonly lost: readonly JsonSchema[];
  readonly won: readonly JsonSchema[];
}

function pair(
  comparison: SchemaComparison,
  before: readonly JsonSchema[],
  after: readonly JsonSchema[],
): Pairing {
  const pairs: (readonly [JsonSchema, JsonSchema])[] = [];
  let lost = [...before];
  const won = [...after];
  const take = (same: (old: JsonSchema, next: JsonSchema) => boolean): void => {
    lost = lost.filter((old) => {
      const index = won.findIndex((next) => same(old, next));
      if (index === -1) return true;
      pairs.push([old, won[index]!]);
      won.splice(index, 1);
      return false;
    });
  };
  take(jsonEqual);
  take((old, next) => {
    const tag = identity(old, comparison.before);
    return tag !== undefined && tag === identity(next, comparison.after);
  });
  return { pairs, lost, won };
}

/** What a branch is recognised by: the constants of its members, else its type. */
function identity(schema: JsonSchema, definitions: Definitions): string | undefined {
  const resolved = resolveSchema(schema, definitions);
  if (typeof resolved === 'boolean') return String(resolved);
  if (Object.hasOwn(resolved, 'const')) return `const ${JSON.stringify(resolved.const)}`;
  const tags: string[] = [];
  if (isSchemaObject(resolved.properties)) {
    for (const [name, member] of Object.entries(resolved.properties)) {
      if (isSchemaObject(member) && Object.hasOwn(member, 'const')) {
        tags.push(`${name}=${JSON.stringify(member.const)}`);
      }
    }
  }
  if (tags.length > 0) return tags.sort().join(' ');
  return resolved.type === undefined ? undefined : `type ${JSON.stringify(resolved.type)}`;
}

function branches(schema: JsonSchemaObject): JsonSchema[] {
  return [...list(schema.anyOf), ...list(schema.oneOf)];
}

function list(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}
