import type { Contract } from '../../model/contract.ts';
import { buildModel } from './schema/build.ts';
import { namedType, type OutputType } from './schema/types.ts';

const MAX_FIELDS = 6;

/** A query that works when it is pasted: the first that needs no input, with its plain fields. */
export function exampleQuery(contracts: readonly Contract[]): string {
  for (const field of buildModel(contracts).roots.query.values()) {
    if ([...field.arguments.values()].some(({ required }) => required)) continue;
    if (field.deprecated === undefined) {
      return `{ ${field.name}${selectionText(namedType(field.type), 0)} }`;
    }
  }
  return '{ __typename }';
}

function selectionText(type: OutputType, depth: number): string {
  if (type.kind === 'union') return ' { __typename }';
  if (type.kind !== 'object') return '';
  const parts: string[] = [];
  for (const field of type.fields.values()) {
    const inner = namedType(field.type);
    const isLeaf = inner.kind === 'scalar' || inner.kind === 'enum';
    if (field.link !== undefined || (!isLeaf && depth > 0)) continue;
    if (parts.length < MAX_FIELDS) parts.push(field.name + selectionText(inner, depth + 1));
  }
  return ` { ${parts.length === 0 ? '__typename' : parts.join(' ')} }`;
}
