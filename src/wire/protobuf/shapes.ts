import type { JsonSchema, JsonSchemaObject } from '../../model/schema.ts';
import { isSchema, isSchemaObject } from '../../model/schema-tree.ts';
import { defaultJsonName } from './names.ts';
import { type Field, NULL_VALUE, scalar, type ValueType } from './types.ts';

/** What values of a schema are in protobuf. */
export interface Shape {
  readonly cardinality: Field['cardinality'];
  readonly type: ValueType;
  /** Null is a value too, and the type has none for it. */
  readonly nullable: boolean;
}

export type FieldPlan = Omit<Field, 'number'>;

export function one(type: ValueType, nullable = false): Shape {
  return { cardinality: 'one', type, nullable };
}

/** Strings whose format says what they are. */
const STRING_FORMATS: Readonly<Record<string, ValueType>> = {
  'date-time': { kind: 'wellKnown', name: 'Timestamp' },
  duration: { kind: 'wellKnown', name: 'Duration' },
  int64: scalar('int64', 'text'),
  uint64: scalar('uint64', 'text'),
};
export const INTEGER_FORMATS: Readonly<Record<string, ValueType>> = {
  int32: scalar('int32'),
  uint32: scalar('uint32'),
  uint64: scalar('uint64'),
};

export function stringType(schema: JsonSchemaObject): ValueType {
  if (schema.contentEncoding === 'base64') return scalar('bytes', 'base64');
  if (schema.contentEncoding === 'base64url') return scalar('bytes', 'base64url');
  return STRING_FORMATS[String(schema.format)] ?? scalar('string');
}

/** What members may have that are not named; undefined where there are none, or nobody said. */
export function moreMembers(schema: JsonSchemaObject): JsonSchema | undefined {
  if (isSchemaObject(schema.patternProperties)) {
    const patterns = Object.values(schema.patternProperties).filter(isSchema);
    return patterns.length === 1 && patterns[0] !== undefined ? patterns[0] : true;
  }
  const more = schema.additionalProperties;
  return isSchema(more) && more !== false ? more : undefined;
}

/** How a field with values of this shape is written and read. */
export function fieldPlan(
  { cardinality, type, nullable }: Shape,
  required: boolean,
): Pick<Field, 'cardinality' | 'type' | 'presence' | 'absent'> {
  if (cardinality !== 'one') {
    return { cardinality, type, presence: false, absent: required ? 'default' : 'omit' };
  }
  if (nullable) return { cardinality, type, presence: true, absent: required ? 'null' : 'omit' };
  if (type.kind === 'scalar' && required) {
    return { cardinality, type, presence: false, absent: 'default' };
  }
  if (type.kind !== 'enum' || !required) {
    return { cardinality, type, presence: true, absent: 'omit' };
  }
  // A constant need not be sent: there is nothing else that it could be.
  const isConstant = type.type.values.length === 2;
  return { cardinality, type, presence: false, absent: isConstant ? 'default' : 'omit' };
}

export function nullField(name: string, member: string): FieldPlan {
  return {
    name,
    json: defaultJsonName(name),
    cardinality: 'one',
    type: { kind: 'enum', type: NULL_VALUE },
    presence: true,
    absent: 'omit',
    nullOf: member,
    doc: `Set when ${JSON.stringify(member)} is null, which is not the same as absent.`,
  };
}

/** What the bytes of a field mean; another meaning needs another number. */
export function meaningOf({ type, cardinality }: FieldPlan): string {
  const own = type.kind === 'scalar' || type.kind === 'wellKnown' ? type.name : type.kind;
  return cardinality === 'one' ? own : `${cardinality} ${own}`;
}
