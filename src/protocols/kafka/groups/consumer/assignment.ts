/** Partitions by topic id; each list in order, none empty. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

export const NOTHING: Assignment = new Map();

export function assignmentOf(
  entries: Iterable<readonly [topicId: string, partitions: Iterable<number>]>,
): Assignment {
  const assignment = new Map<string, readonly number[]>();
  for (const [topicId, partitions] of entries) {
    const list = [...new Set(partitions)].sort((a, b) => a - b);
    if (list.length > 0) assignment.set(topicId, list);
  }
  return assignment;
}

export function partitionCount(assignment: Assignment): number {
  let count = 0;
  for (const partitions of assignment.values()) count += partitions.length;
  return count;
}

/** What both have. */
export function common(a: Assignment, b: Assignment): Assignment {
  return select(a, b, (inB) => inB);
}

/** What `a` has and `b` has not. */
export function without(a: Assignment, b: Assignment): Assignment {
  return select(a, b, (inB) => !inB);
}

function select(a: Assignment, b: Assignment, keep: (inB: boolean) => boolean): Assignment {
  const selected = new Map<string, readonly number[]>();
  for (const [topicId, partitions] of a) {
    const others = new Set(b.get(topicId));
    const list = partitions.filter((partition) => keep(others.has(partition)));
    if (list.length > 0) selected.set(topicId, list);
  }
  return selected;
}

export function union(a: Assignment, b: Assignment): Assignment {
  if (b.size === 0) return a;
  const topics = new Set([...a.keys(), ...b.keys()]);
  return assignmentOf(
    [...topics].map((topicId) => [topicId, [...(a.get(topicId) ?? []), ...(b.get(topicId) ?? [])]]),
  );
}

export function overlaps(a: Assignment, b: Assignment): boolean {
  return common(a, b).size > 0;
}

export function sameAssignment(a: Assignment, b: Assignment): boolean {
  return a === b || (partitionCount(a) === partitionCount(b) && without(a, b).size === 0);
}
