import type { Timer } from '../../time/timer-wheel.ts';
import { type Assignment, NOTHING, partitionCount } from './assignment.ts';

/**
 * How far a member is on the way to its target assignment (KIP-848): at it; to give partitions up
 * first; or waiting for partitions that others have to give up.
 */
export type MemberState = 'stable' | 'unrevoked' | 'unreleased';

/** The epoch of a static member that is away and will come back. */
export const AWAY_EPOCH = -2;

const MEMBER_BYTES = 1024;
const PARTITION_BYTES = 16;

/** A member of a group of the new protocol. */
export class ConsumerMember {
  readonly id: string;
  readonly instanceId: string | undefined;
  rackId: string | undefined;
  clientId = '';
  clientHost = '';
  rebalanceTimeoutMs = -1;
  /** Names that it subscribed to, in order. */
  topicNames: readonly string[] = [];
  topicRegex: string | undefined;
  /** Names that match `topicRegex` and that the member may read. */
  matched: readonly string[] = [];
  /** What `matched` was made from: changes with each change of a topic. */
  matchedVersion = -1;
  /** The assignor that it asks for. */
  assignor: string | undefined;

  epoch = 0;
  previousEpoch = -1;
  state: MemberState = 'stable';
  /** What it may read from. */
  assigned: Assignment = NOTHING;
  /** What it was told to give up. */
  revoking: Assignment = NOTHING;
  /** What it will have once all is reconciled. */
  target: Assignment = NOTHING;

  countedBytes = 0;
  readonly session: Timer;
  /** Runs while it has partitions to give up. */
  readonly revocation: Timer;

  constructor(
    id: string,
    instanceId: string | undefined,
    timers: { readonly session: Timer; readonly revocation: Timer },
  ) {
    this.id = id;
    this.instanceId = instanceId;
    this.session = timers.session;
    this.revocation = timers.revocation;
  }

  /** Every topic that it wants. */
  get topics(): readonly string[] {
    if (this.matched.length === 0) return this.topicNames;
    return [...new Set([...this.topicNames, ...this.matched])].sort();
  }

  get bytes(): number {
    const names = [...this.topicNames, ...this.matched];
    const partitions =
      partitionCount(this.assigned) + partitionCount(this.revoking) + partitionCount(this.target);
    return (
      MEMBER_BYTES +
      names.reduce((sum, name) => sum + name.length, this.topicRegex?.length ?? 0) +
      partitions * PARTITION_BYTES
    );
  }

  stopTimers(): void {
    this.session.stop();
    this.revocation.stop();
  }
}
