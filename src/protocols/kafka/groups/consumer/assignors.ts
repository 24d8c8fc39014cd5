import { type Assignment, assignmentOf, NOTHING } from './assignment.ts';

export interface AssignedMember {
  readonly id: string;
  readonly instanceId: string | undefined;
  /** Ids of the topics that it wants and that exist. */
  readonly topics: ReadonlySet<string>;
  /** Its target until now. */
  readonly target: Assignment;
}

export interface AssignedTopic {
  readonly id: string;
  readonly partitions: number;
}

/** Every partition of every topic that somebody wants goes to exactly one who wants it. */
export type Assignor = (
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
) => Map<string, Assignment>;

/** By the names that clients ask for; the first is the one of a group that asks for none. */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map<string, Assignor>([
  ['uniform', uniform],
  ['range', range],
]);

/** Each topic is cut into ranges, in the order of the members, static ones first: topics with as
 * many partitions are cut alike, so that equal keys of two topics come to one member. */
function range(
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
): Map<string, Assignment> {
  const inOrder = [...members].sort(byInstanceThenId);
  const shares = new Map<string, Map<string, number[]>>(members.map(({ id }) => [id, new Map()]));
  for (const { id: topicId, partitions } of topics) {
    const takers = inOrder.filter((member) => member.topics.has(topicId));
    let next = 0;
    for (const [index, { id }] of takers.entries()) {
      const left = takers.length - index;
      const count = Math.ceil((partitions - next) / left);
      shares.get(id)!.set(
        topicId,
        Array.from({ length: count }, () => next++),
      );
    }
  }
  return new Map([...shares].map(([id, share]) => [id, assignmentOf(share)]));
}

function byInstanceThenId(a: AssignedMember, b: AssignedMember): number {
  if ((a.instanceId === undefined) !== (b.instanceId === undefined)) {
    return a.instanceId === undefined ? 1 : -1;
  }
  const [left, right] = [a.instanceId ?? a.id, b.instanceId ?? b.id];
  return left < right ? -1 : left > right ? 1 : 0;
}

interface Load {
  readonly member: AssignedMember;
  count: number;
  readonly topics: Map<string, Set<number>>;
}

/** Members have equally many partitions, as far as their subscriptions let them, and keep what
 * they have as far as that lets them. */
function uniform(
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
): Map<string, Assignment> {
  const loads = members.map((member) => ({ member, count: 0, topics: new Map() }) as Load);
  const owners = new Map<string, (Load | undefined)[]>();
  for (const { id, partitions } of topics) owners.set(id, new Array(partitions).fill(undefined));
  for (const load of loads) keep(load, owners);
  const takersOf = new Map<string, readonly Load[]>();
  for (const { id } of topics) {
    takersOf.set(
      id,
      loads.filter(({ member }) => member.topics.has(id)),
    );
  }
  // Topics that few may read come first: the others can still even out what they cause.
  const inOrder = [...topics].sort(
    (a, b) => takersOf.get(a.id)!.length - takersOf.get(b.id)!.length,
  );
  for (const { id } of inOrder) {
    const takers = takersOf.get(id)!;
    for (const [partition, owner] of owners.get(id)!.entries()) {
      if (owner === undefined && takers.length > 0) give(id, partition, least(takers), owners);
    }
  }
  while (evenOut(inOrder, takersOf, owners));
  return new Map(
    loads.map(({ member, count, topics: share }) => [
      member.id,
      count === 0 ? NOTHING : assignmentOf(share),
    ]),
  );
}

function keep(load: Load, owners: Map<string, (Load | undefined)[]>): void {
  for (const [topicId, partitions] of load.member.target) {
    const taken = owners.get(topicId);
    if (taken === undefined || !load.member.topics.has(topicId)) continue;
    for (const partition of partitions) {
      if (partition < taken.length && taken[partition] === undefined) {
        give(topicId, partition, load, owners);
      }
    }
  }
}

function give(
  topicId: string,
  partition: number,
  to: Load,
  owners: Map<string, (Load | undefined)[]>,
): void {
  const list = owners.get(topicId)!;
  const from = list[partition];
  if (from !== undefined) {
    from.count -= 1;
    from.topics.get(topicId)!.delete(partition);
  }
  list[partition] = to;
  to.count += 1;
  let share = to.topics.get(topicId);
  if (share === undefined) to.topics.set(topicId, (share = new Set()));
  share.add(partition);
}

function least(loads: readonly Load[]): Load {
  let found = loads[0]!;
  for (const load of loads) if (load.count < found.count) found = load;
  return found;
}

/** One pass over all partitions; answers whether one was moved. Each move makes two members more
 * equal, so the passes end. */
function evenOut(
  topics: readonly AssignedTopic[],
  takersOf: ReadonlyMap<string, readonly Load[]>,
  owners: Map<string, (Load | undefined)[]>,
): boolean {
  let moved = false;
  for (const { id } of topics) {
    const takers = takersOf.get(id)!;
    let to = takers.length > 0 ? least(takers) : undefined;
    for (const [partition, owner] of owners.get(id)!.entries()) {
      if (owner === undefined || to === undefined || owner.count - to.count < 2) continue;
      give(id, partition, to, owners);
      to = least(takers);
      moved = true;
    }
  }
  return moved;
}
