import type { FieldNode, OperationDefinitionNode } from 'graphql';
import type { RootField, RootKind, SchemaModel } from '../schema/types.ts';
import { ROOT_NAMES } from '../schema/types.ts';
import { compileInput, type Variables } from './arguments.ts';
import { compileSelection, type Selection } from './projection.ts';
import { FieldCollector, type Fragments, selectionSets } from './selection.ts';

/** An operation of a document, compiled for given values of its `@skip` and `@include`. */
export interface Plan {
  readonly kind: RootKind;
  readonly fields: readonly PlannedField[];
}

export type PlannedField =
  | {
      readonly kind: 'call';
      readonly key: string;
      readonly field: RootField;
      readonly node: FieldNode;
      readonly input: (variables: Variables) => unknown;
      readonly selection: Selection;
    }
  /** The value is known: `__typename`. */
  | { readonly kind: 'constant'; readonly key: string; readonly value: unknown }
  /** `__schema` and `__type`: answered by graphql's own execution. */
  | { readonly kind: 'introspection'; readonly key: string; readonly nodes: readonly FieldNode[] };

/** @param operation of a document that is valid for the schema */
export function compilePlan(
  model: SchemaModel,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  conditions: Variables,
): Plan {
  const kind = operation.operation as RootKind;
  const collector = new FieldCollector(fragments, conditions);
  const rootName = ROOT_NAMES[kind];
  const collected = collector.collect([operation.selectionSet], (name) => name === rootName);
  const fields = collected.map(({ key, nodes }): PlannedField => {
    const node = nodes[0]!;
    const name = node.name.value;
    if (name === '__typename') return { kind: 'constant', key, value: rootName };
    if (name === '__schema' || name === '__type') return { kind: 'introspection', key, nodes };
    const field = model.roots[kind].get(name)!;
    if (field.target === '') return { kind: 'constant', key, value: null };
    return {
      kind: 'call',
      key,
      field,
      node,
      input: compileInput(field, node),
      selection: compileSelection(field.type, selectionSets(nodes), collector),
    };
  });
  return { kind, fields };
}
