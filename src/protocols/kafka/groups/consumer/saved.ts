import { type Assignment, assignmentOf } from './assignment.ts';
import type { ConsumerGroup } from './group.ts';
import type { ConsumerMember, MemberState } from './member.ts';

/** What is stored of a group of the new protocol, and of each of its members: JSON. */
interface SavedGroup {
  readonly version: 1;
  readonly epoch: number;
  readonly assignmentEpoch: number;
  readonly assignor: string;
  readonly topicsSeen: string;
  readonly emptySinceMs: number;
}

type SavedAssignment = readonly (readonly [topicId: string, partitions: readonly number[]])[];

interface SavedMember {
  readonly version: 1;
  readonly instanceId?: string | undefined;
  readonly rackId?: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly topicNames: readonly string[];
  readonly topicRegex?: string | undefined;
  readonly matched: readonly string[];
  readonly assignor?: string | undefined;
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: SavedAssignment;
  readonly revoking: SavedAssignment;
  readonly target: SavedAssignment;
}

export function saveConsumerGroup(group: ConsumerGroup): Buffer {
  const { epoch, assignmentEpoch, assignor, topicsSeen, emptySinceMs } = group;
  const saved: SavedGroup = {
    version: 1,
    epoch,
    assignmentEpoch,
    assignor,
    topicsSeen,
    emptySinceMs,
  };
  return Buffer.from(JSON.stringify(saved));
}

/** @throws Error for bytes that this version did not write */
export function restoreConsumerGroup(group: ConsumerGroup, bytes: Buffer): void {
  const { version, ...saved } = JSON.parse(bytes.toString()) as SavedGroup;
  checkVersion(group, version);
  Object.assign(group, saved);
}

export function saveConsumerMember(member: ConsumerMember): Buffer {
  const saved: SavedMember = {
    version: 1,
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    topicNames: member.topicNames,
    topicRegex: member.topicRegex,
    matched: member.matched,
    assignor: member.assignor,
    epoch: member.epoch,
    previousEpoch: member.previousEpoch,
    state: member.state,
    assigned: entries(member.assigned),
    revoking: entries(member.revoking),
    target: entries(member.target),
  };
  return Buffer.from(JSON.stringify(saved));
}

/** @throws Error for bytes that this version did not write */
export function restoreConsumerMember(group: ConsumerGroup, id: string, bytes: Buffer): void {
  const { version, instanceId, ...saved } = JSON.parse(bytes.toString()) as SavedMember;
  checkVersion(group, version);
  group.restoreMember(id, instanceId, {
    ...saved,
    assigned: assignmentOf(saved.assigned),
    revoking: assignmentOf(saved.revoking),
    target: assignmentOf(saved.target),
  });
}

function entries(assignment: Assignment): SavedAssignment {
  return [...assignment];
}

function checkVersion(group: ConsumerGroup, version: number): void {
  if (version !== 1) throw new Error(`Group "${group.id}" was stored by another version.`);
}
