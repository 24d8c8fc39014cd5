import { type Contract, fullName } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { type Definitions, isSchema, isSchemaObject } from '../../model/schema-tree.ts';
import { isName, rootFieldName } from './names.ts';
import { type Shape, shapeOf } from './schema/shape.ts';

const MAX_FIELDS = 6;

/** A query that works when it is pasted: the first that needs no input, with its plain fields. From
 * the contract, not from the whole GraphQL schema: it is written at every start. */
export function exampleQuery(contracts: readonly Contract[]): string {
  for (const contract of contracts) {
    for (const service of contract.services) {
      for (const operation of service.operations) {
        const { kind, input, output, deprecated } = operation;
        if (kind !== 'query' || deprecated !== undefined || input.stream || output.stream) continue;
        const definitions = contract.$defs;
        if (hasRequired(input.schema, definitions)) continue;
        const name = rootFieldName(fullName(service, operation));
        return `{ ${name}${selectionText(output.schema, definitions, 0)} }`;
      }
    }
  }
  return '{ __typename }';
}

function hasRequired(schema: JsonSchema, definitions: Definitions): boolean {
  const { shape } = shapeOf(schema, definitions);
  if (shape.kind === 'nothing') return false;
  if (shape.kind !== 'object') return true;
  return Array.isArray(shape.schema.required) && shape.schema.required.length > 0;
}

function selectionText(schema: JsonSchema, definitions: Definitions, depth: number): string {
  const shape = itemShape(schema, definitions);
  if (shape.kind === 'union') return ' { __typename }';
  if (shape.kind !== 'object') return '';
  const { properties } = shape.schema;
  if (!isSchemaObject(properties)) return '';
  const parts: string[] = [];
  for (const [name, member] of Object.entries(properties)) {
    if (parts.length === MAX_FIELDS) break;
    if (!isName(name) || !isSchema(member)) continue;
    const { kind } = itemShape(member, definitions);
    if (LEAVES.has(kind)) parts.push(name);
    else if (kind === 'object' && depth === 0) {
      const inner = selectionText(member, definitions, 1);
      if (inner !== '') parts.push(name + inner);
    }
  }
  return ` { ${parts.length === 0 ? '__typename' : parts.join(' ')} }`;
}

const LEAVES: ReadonlySet<Shape['kind']> = new Set([
  'text',
  'integer',
  'number',
  'boolean',
  'enum',
]);

/** The shape, or that of what a list of lists holds in the end. */
function itemShape(schema: JsonSchema, definitions: Definitions): Shape {
  let { shape } = shapeOf(schema, definitions);
  while (shape.kind === 'list') shape = shapeOf(shape.item, definitions).shape;
  return shape;
}
