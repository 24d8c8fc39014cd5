import type { JsonSchema, JsonSchemaObject } from '../schema.ts';
import { isSchema, isSchemaObject, jsonEqual } from '../schema-tree.ts';
import { type Place, type SchemaComparison, show } from './schema-diff.ts';

interface ObjectShape {
  readonly members: ReadonlyMap<string, JsonSchema>;
  readonly required: ReadonlySet<string>;
  /** What other members may be: false in a closed object. */
  readonly others: JsonSchema;
  readonly patterns: JsonSchemaObject;
}

function shapeOf(schema: JsonSchemaObject): ObjectShape {
  const members = new Map<string, JsonSchema>();
  if (isSchemaObject(schema.properties)) {
    for (const [name, member] of Object.entries(schema.properties)) {
      if (isSchema(member)) members.set(name, member);
    }
  }
  return {
    members,
    required: new Set(Array.isArray(schema.required) ? schema.required.map(String) : []),
    others: isSchema(schema.additionalProperties) ? schema.additionalProperties : true,
    patterns: isSchemaObject(schema.patternProperties) ? schema.patternProperties : {},
  };
}

/** What a member must be: its own schema, or that of other members where it is only required, or
 * where all others have a schema; undefined where nothing is said about it. */
function memberOf(shape: ObjectShape, name: string): JsonSchema | undefined {
  const own = shape.members.get(name);
  if (own !== undefined) return own;
  return shape.required.has(name) || isSchemaObject(shape.others) ? shape.others : undefined;
}

/** Compares the members of two object schemas: added, removed, required, order, other members. */
export function compareMembers(
  comparison: SchemaComparison,
  before: JsonSchemaObject,
  after: JsonSchemaObject,
  at: Place,
): void {
  const old = shapeOf(before);
  const next = shapeOf(after);
  const names = [old.members, old.required, next.members, next.required];
  for (const name of new Set(names.flatMap((some) => [...some.keys()]))) {
    const [one, other] = [memberOf(old, name), memberOf(next, name)];
    if (one === undefined) reportAdded(comparison, name, old, next, at);
    else if (other === undefined) reportRemoved(comparison, name, old, next, at);
    else {
      const below = at.below(name);
      reportRequired(comparison, name, old.required.has(name), next.required.has(name), below);
      comparison.compare(one, other, below);
    }
  }
  compareOrder(comparison, old, next, at);
  compareOthers(comparison, old, next, at);
}

function reportRequired(
  comparison: SchemaComparison,
  name: string,
  before: boolean,
  after: boolean,
  at: Place,
): void {
  if (before && !after) at.report(comparison, 'memberMadeOptional', `${name} may be left out`);
  if (!before && after) at.report(comparison, 'memberMadeRequired', `${name} is required`);
}

function reportRemoved(
  comparison: SchemaComparison,
  name: string,
  old: ObjectShape,
  next: ObjectShape,
  at: Place,
): void {
  const closed = next.others === false;
  const kind = old.required.has(name)
    ? closed
      ? 'memberRemovedFromClosedObject'
      : 'memberRemoved'
    : closed
      ? 'optionalMemberRemovedFromClosedObject'
      : 'optionalMemberRemoved';
  const optional = old.required.has(name) ? 'required' : 'optional';
  at.report(comparison, kind, `the ${optional} member ${name} is gone`);
}

function reportAdded(
  comparison: SchemaComparison,
  name: string,
  old: ObjectShape,
  next: ObjectShape,
  at: Place,
): void {
  const required = next.required.has(name);
  const words = `the ${required ? 'required' : 'optional'} member ${name} is new`;
  if (old.others === false && at.direction === 'output') {
    at.report(comparison, 'memberAddedToClosedObject', words);
    return;
  }
  at.report(comparison, required ? 'requiredMemberAdded' : 'optionalMemberAdded', words);
}

/** Positions matter to forms that number or line up members: any that moved is told once. */
function compareOrder(
  comparison: SchemaComparison,
  old: ObjectShape,
  next: ObjectShape,
  at: Place,
): void {
  const positions = [...next.members.keys()];
  const moved = [...old.members.keys()].find((name, index) => {
    const position = positions.indexOf(name);
    return position !== -1 && position !== index;
  });
  if (moved === undefined) return;
  at.report(comparison, 'memberOrderChanged', `${moved} stands at another position`);
}

function compareOthers(
  comparison: SchemaComparison,
  old: ObjectShape,
  next: ObjectShape,
  at: Place,
): void {
  if (!jsonEqual(old.patterns, next.patterns)) {
    at.report(
      comparison,
      'constraintChanged',
      `patternProperties ${show(old.patterns)} became ${show(next.patterns)}`,
    );
  }
  if (old.others === false && next.others === false) return;
  if (next.others === false) {
    at.report(comparison, 'objectClosed', 'other members are refused');
  } else if (old.others === false) {
    at.report(comparison, 'objectOpened', 'other members are accepted');
  } else if (old.others !== true || next.others !== true) {
    comparison.compare(old.others, next.others, at.below('*'));
  }
}
