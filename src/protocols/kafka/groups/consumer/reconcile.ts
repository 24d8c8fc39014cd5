import {
  type Assignment,
  common,
  NOTHING,
  overlaps,
  sameAssignment,
  union,
  without,
} from './assignment.ts';
import type { MemberState } from './member.ts';

/** What reconciling reads and answers anew. */
export interface Progress {
  readonly state: MemberState;
  readonly epoch: number;
  readonly assigned: Assignment;
  readonly revoking: Assignment;
}

export interface Goal {
  readonly epoch: number;
  readonly target: Assignment;
  /** Of partitions, those that another member still has. */
  heldByOthers(partitions: Assignment): Assignment;
}

/**
 * The next step of a member to its target (KIP-848, "Reconciliation of the group"): first it gives
 * up what it is not to keep, and only when it no longer reports that as its own does it move to the
 * new epoch; then it gets what is free, and waits for the rest.
 * @param owned what the member says that it has; undefined when it says nothing
 */
export function reconcile(member: Progress, goal: Goal, owned: Assignment | undefined): Progress {
  if (member.state === 'stable' && member.epoch === goal.epoch) return member;
  if (member.state === 'unrevoked' && mayOwn(member.revoking, owned)) return member;
  const assigned = common(member.assigned, goal.target);
  const revoking = without(member.assigned, assigned);
  if (mayOwn(revoking, owned)) {
    return { state: 'unrevoked', epoch: member.epoch, assigned, revoking };
  }
  const missing = without(goal.target, assigned);
  const held = goal.heldByOthers(missing);
  return {
    state: held.size > 0 ? 'unreleased' : 'stable',
    epoch: goal.epoch,
    assigned: union(assigned, without(missing, held)),
    revoking: NOTHING,
  };
}

function mayOwn(partitions: Assignment, owned: Assignment | undefined): boolean {
  return partitions.size > 0 && (owned === undefined || overlaps(partitions, owned));
}

export function sameProgress(a: Progress, b: Progress): boolean {
  return (
    a === b ||
    (a.state === b.state &&
      a.epoch === b.epoch &&
      sameAssignment(a.assigned, b.assigned) &&
      sameAssignment(a.revoking, b.revoking))
  );
}
