import type {
  DirectiveNode,
  FieldNode,
  FragmentDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import type { Variables } from './arguments.ts';

/** The fields of one response key, merged (section 6.3.2 CollectFields). */
export interface CollectedField {
  readonly key: string;
  readonly nodes: readonly FieldNode[];
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Variables that decide whether something is selected at all, in the order in which they occur. */
export function conditionVariables(sets: Iterable<SelectionSetNode>): string[] {
  const found = new Set<string>();
  const visit = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      for (const directive of selection.directives ?? []) {
        const value = conditionOf(directive);
        if (value?.kind === 'Variable') found.add(value.name.value);
      }
      if (selection.kind !== 'FragmentSpread' && selection.selectionSet !== undefined) {
        visit(selection.selectionSet);
      }
    }
  };
  for (const set of sets) visit(set);
  return [...found];
}

function conditionOf(directive: DirectiveNode) {
  const name = directive.name.value;
  if (name !== 'skip' && name !== 'include') return undefined;
  return directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
}

/** Collects fields for values of one object type, for given values of the condition variables. */
export class FieldCollector {
  readonly #fragments: Fragments;
  readonly #conditions: Variables;

  constructor(fragments: Fragments, conditions: Variables) {
    this.#fragments = fragments;
    this.#conditions = conditions;
  }

  /** @param applies whether a fragment's type condition holds for the type */
  collect(
    sets: readonly SelectionSetNode[],
    applies: (typeName: string) => boolean,
  ): CollectedField[] {
    const found = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    const visit = (set: SelectionSetNode): void => {
      for (const selection of set.selections) {
        if (!this.#isSelected(selection)) continue;
        if (selection.kind === 'Field') {
          const key = selection.alias?.value ?? selection.name.value;
          const nodes = found.get(key);
          if (nodes === undefined) found.set(key, [selection]);
          else nodes.push(selection);
        } else if (selection.kind === 'InlineFragment') {
          const condition = selection.typeCondition?.name.value;
          if (condition === undefined || applies(condition)) visit(selection.selectionSet);
        } else {
          const name = selection.name.value;
          const fragment = this.#fragments.get(name);
          if (fragment === undefined || visited.has(name)) continue;
          visited.add(name);
          if (applies(fragment.typeCondition.name.value)) visit(fragment.selectionSet);
        }
      }
    };
    for (const set of sets) visit(set);
    return [...found].map(([key, nodes]) => ({ key, nodes }));
  }

  #isSelected(selection: SelectionNode): boolean {
    for (const directive of selection.directives ?? []) {
      const value = conditionOf(directive);
      if (value === undefined) continue;
      const holds =
        value.kind === 'Variable'
          ? this.#conditions[value.name.value] === true
          : value.kind === 'BooleanValue' && value.value;
      if (holds === (directive.name.value === 'skip')) return false;
    }
    return true;
  }
}

export function selectionSets(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.map((node) => node.selectionSet).filter((set) => set !== undefined);
}
