import { ERROR, type KafkaError } from '../../errors.ts';
import type { GroupContext } from '../classic/group.ts';
import type { MemberIdentity } from '../classic/requests.ts';
import { type Assignment, NOTHING, sameAssignment, union } from './assignment.ts';
import { ASSIGNORS } from './assignors.ts';
import { AWAY_EPOCH, ConsumerMember } from './member.ts';
import { Ownership } from './ownership.ts';
import { reconcile, sameProgress } from './reconcile.ts';
import type { HeartbeatRequest, HeartbeatResult } from './requests.ts';
import { subscribe } from './subscription.ts';
import type { Topics } from './topics.ts';

export type ConsumerState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

const LEAVE = -1;
const [DEFAULT_ASSIGNOR] = ASSIGNORS.keys() as Iterable<string> as [string];

/**
 * A group whose members are assigned their partitions by the coordinator (KIP-848). Everything
 * happens in heartbeats: a change of members, subscriptions or topics raises the group's epoch; the
 * next heartbeat makes the target of that epoch; each member is led there in its own heartbeats,
 * and no partition is given to anybody before the one who had it has let go.
 */
export class ConsumerGroup {
  readonly kind = 'consumer';
  readonly id: string;
  readonly members = new Map<string, ConsumerMember>();
  epoch = 0;
  /** Of the targets. */
  assignmentEpoch = 0;
  assignor = DEFAULT_ASSIGNOR;
  /** Milliseconds since 1970: when the last member left. */
  emptySinceMs: number;
  /** The topics and partitions that the epoch takes into account. */
  topicsSeen = '';
  /** What is to be saved: members by id (gone ones too), and the group itself. */
  readonly changedMembers = new Set<string>();
  changed = false;
  readonly #context: GroupContext;
  readonly #topics: Topics;
  readonly #byInstance = new Map<string, ConsumerMember>();
  readonly #ownership = new Ownership();
  readonly #onExpired: () => void;
  #topicsVersion = -1;

  /** @param onExpired a member was removed by time, outside of any request */
  constructor(id: string, context: GroupContext, topics: Topics, onExpired: () => void) {
    this.id = id;
    this.#context = context;
    this.#topics = topics;
    this.#onExpired = onExpired;
    this.emptySinceMs = context.clock.wallMs;
  }

  get state(): ConsumerState {
    if (this.members.size === 0) return 'Empty';
    if (this.epoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.members.values()) {
      if (member.epoch === AWAY_EPOCH) continue;
      if (member.state !== 'stable' || member.epoch !== this.assignmentEpoch) return 'Reconciling';
    }
    return 'Stable';
  }

  get unused(): boolean {
    return this.members.size === 0;
  }

  static(instanceId: string): ConsumerMember | undefined {
    return this.#byInstance.get(instanceId);
  }

  heartbeat(request: HeartbeatRequest): HeartbeatResult {
    if (request.epoch === LEAVE || request.epoch === AWAY_EPOCH) return this.#leave(request);
    const found = request.epoch === 0 ? this.#joining(request) : this.#known(request);
    if (!(found instanceof ConsumerMember)) return found;
    const member = found;
    const before = member.assigned;
    const subscriptionChanged = subscribe(member, request, this.#topics);
    if (subscriptionChanged) this.changedMembers.add(member.id);
    this.#follow(subscriptionChanged);
    if (this.epoch > this.assignmentEpoch) this.#assign();
    this.#reconcile(member, request.owned);
    this.#recount(member);
    member.session.start(this.#context.settings.consumerSessionTimeoutMs);
    const whole =
      request.rebalanceTimeoutMs !== -1 &&
      (request.topicNames ?? request.topicRegex) !== undefined &&
      request.owned !== undefined;
    const told = request.epoch === 0 || whole || !sameAssignment(before, member.assigned);
    return {
      error: ERROR.NONE,
      memberId: member.id,
      epoch: member.epoch,
      assignment: told ? member.assigned : undefined,
    };
  }

  #joining(request: HeartbeatRequest): ConsumerMember | HeartbeatResult {
    const { memberId, instanceId } = request;
    const holder = instanceId === undefined ? undefined : this.#byInstance.get(instanceId);
    if (holder !== undefined && holder.id !== memberId) {
      if (holder.epoch !== AWAY_EPOCH) {
        return refused(
          ERROR.UNRELEASED_INSTANCE_ID,
          `Static member ${holder.id} with instance id ${instanceId} is still in the group.`,
        );
      }
      return this.#replace(holder, memberId);
    }
    const member = this.members.get(memberId);
    if (member !== undefined) {
      if (member.epoch === AWAY_EPOCH) {
        member.epoch = 0;
        member.previousEpoch = 0;
        return member;
      }
      return this.#epochError(member, request) ?? member;
    }
    const { settings, budget } = this.#context;
    if (this.members.size >= settings.maxGroupMembers || !budget.fits(request.bytes)) {
      return refused(ERROR.GROUP_MAX_SIZE_REACHED, 'The group has as many members as it may have.');
    }
    return this.#add(new ConsumerMember(memberId, instanceId, this.#timers(memberId)));
  }

  #known(request: HeartbeatRequest): ConsumerMember | HeartbeatResult {
    const { memberId, instanceId } = request;
    const holder = instanceId === undefined ? undefined : this.#byInstance.get(instanceId);
    if (instanceId !== undefined && holder === undefined) return unknownMember(memberId);
    if (holder !== undefined && holder.id !== memberId) {
      return refused(ERROR.FENCED_INSTANCE_ID, `Instance id ${instanceId} has another member now.`);
    }
    const member = this.members.get(memberId);
    if (member === undefined) return unknownMember(memberId);
    if (!this.#context.budget.fits(request.bytes - member.countedBytes)) {
      return refused(ERROR.GROUP_MAX_SIZE_REACHED, 'The groups hold as much as they may hold.');
    }
    return this.#epochError(member, request) ?? member;
  }

  /** The answer with the new epoch may have been lost: then the member comes with the epoch before,
   * and with nothing that it was not assigned. */
  #epochError(member: ConsumerMember, request: HeartbeatRequest): HeartbeatResult | undefined {
    if (request.epoch === member.epoch) return undefined;
    const repeated =
      request.epoch === member.previousEpoch &&
      request.owned !== undefined &&
      sameAssignment(union(member.assigned, request.owned), member.assigned);
    if (repeated) return undefined;
    return refused(
      ERROR.FENCED_MEMBER_EPOCH,
      `Member ${member.id} has epoch ${member.epoch}, not ${request.epoch}; it must give up its partitions and join again.`,
    );
  }

  #timers(id: string) {
    const gone = (): void => {
      const member = this.members.get(id);
      if (member === undefined) return;
      this.#remove(member);
      this.#onExpired();
    };
    return {
      session: this.#context.clock.timer(gone),
      revocation: this.#context.clock.timer(gone),
    };
  }

  #add(member: ConsumerMember): ConsumerMember {
    this.members.set(member.id, member);
    if (member.instanceId !== undefined) this.#byInstance.set(member.instanceId, member);
    this.changedMembers.add(member.id);
    return member;
  }

  /** A static member comes back under a new id, to what it had. */
  #replace(old: ConsumerMember, id: string): ConsumerMember {
    const member = new ConsumerMember(id, old.instanceId, this.#timers(id));
    const { rackId, rebalanceTimeoutMs, topicNames, topicRegex, matched, matchedVersion } = old;
    const { assignor, state, assigned, revoking, target } = old;
    Object.assign(member, { rackId, rebalanceTimeoutMs, topicNames, topicRegex, matched });
    Object.assign(member, { matchedVersion, assignor, state, assigned, revoking, target });
    member.previousEpoch = 0;
    this.#forget(old);
    this.members.set(id, member);
    this.#byInstance.set(member.instanceId!, member);
    this.#ownership.hold(member);
    return member;
  }

  #leave(request: HeartbeatRequest): HeartbeatResult {
    const { memberId, instanceId, epoch } = request;
    const member = this.members.get(memberId);
    if (instanceId !== undefined) {
      const holder = this.#byInstance.get(instanceId);
      if (holder === undefined) return unknownMember(memberId);
      if (holder !== member) {
        return refused(ERROR.FENCED_INSTANCE_ID, `Instance id ${instanceId} has another member.`);
      }
    }
    if (member === undefined) return unknownMember(memberId);
    if (epoch === AWAY_EPOCH) {
      // Its partitions wait for it as long as its session lasts.
      member.epoch = AWAY_EPOCH;
      member.revocation.stop();
      this.changedMembers.add(memberId);
    } else {
      this.#remove(member);
    }
    return { error: ERROR.NONE, memberId, epoch, assignment: undefined };
  }

  /** Takes a member out, whatever it had. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) this.#remove(member);
  }

  #remove(member: ConsumerMember): void {
    this.#forget(member);
    this.#raise();
    if (this.members.size === 0) this.emptySinceMs = this.#context.clock.wallMs;
  }

  #forget(member: ConsumerMember): void {
    member.stopTimers();
    this.#ownership.release(member);
    this.members.delete(member.id);
    if (member.instanceId !== undefined) this.#byInstance.delete(member.instanceId);
    this.#context.budget.add(-member.countedBytes);
    member.countedBytes = 0;
    this.changedMembers.add(member.id);
  }

  #raise(): void {
    this.epoch += 1;
    this.changed = true;
  }

  /** Raises the epoch when the members want other topics, or the topics themselves have changed. */
  #follow(subscriptionChanged: boolean): void {
    // Members have an epoch above 0, which is what they join with, even when they want no topic yet.
    const changed = subscriptionChanged || this.epoch === 0;
    if (!changed && this.#topicsVersion === this.#topics.version) return;
    this.#topicsVersion = this.#topics.version;
    const wanted = new Set([...this.members.values()].flatMap(({ topics }) => topics));
    const seen = [...wanted].map((name) => {
      const topic = this.#topics.find(name);
      return topic === undefined ? '' : `${topic.id}:${topic.partitions}`;
    });
    const text = seen.sort().join(' ');
    if (!changed && text === this.topicsSeen) return;
    this.topicsSeen = text;
    this.#raise();
  }

  #assign(): void {
    this.assignor = this.#preferredAssignor();
    const ids = new Map<string, number>();
    const members = [...this.members.values()].map(({ id, instanceId, topics, target }) => {
      const found = topics
        .map((name) => this.#topics.find(name))
        .filter((topic) => topic !== undefined);
      for (const topic of found) ids.set(topic.id, topic.partitions);
      return { id, instanceId, target, topics: new Set(found.map((topic) => topic.id)) };
    });
    const topics = [...ids].map(([id, partitions]) => ({ id, partitions }));
    const targets = ASSIGNORS.get(this.assignor)!(members, topics);
    for (const member of this.members.values()) {
      const target = targets.get(member.id) ?? NOTHING;
      if (sameAssignment(member.target, target)) continue;
      member.target = target;
      this.changedMembers.add(member.id);
      this.#recount(member);
    }
    this.assignmentEpoch = this.epoch;
    this.changed = true;
  }

  /** The one that most members ask for. */
  #preferredAssignor(): string {
    const votes = new Map<string, number>();
    for (const { assignor } of this.members.values()) {
      if (assignor !== undefined) votes.set(assignor, (votes.get(assignor) ?? 0) + 1);
    }
    let preferred = DEFAULT_ASSIGNOR;
    for (const [name, count] of votes) {
      if (count > (votes.get(preferred) ?? 0)) preferred = name;
    }
    return preferred;
  }

  #reconcile(member: ConsumerMember, owned: Assignment | undefined): void {
    const goal = {
      epoch: this.assignmentEpoch,
      target: member.target,
      heldByOthers: (partitions: Assignment) => this.#ownership.heldByOthers(member, partitions),
    };
    const next = reconcile(member, goal, owned);
    if (sameProgress(member, next)) return;
    if (next.epoch !== member.epoch) {
      member.previousEpoch = member.epoch;
      member.epoch = next.epoch;
    }
    this.#ownership.release(member);
    member.state = next.state;
    member.assigned = next.assigned;
    member.revoking = next.revoking;
    this.#ownership.hold(member);
    this.changedMembers.add(member.id);
    if (next.state === 'unrevoked') member.revocation.start(member.rebalanceTimeoutMs);
    else member.revocation.stop();
  }

  #recount(member: ConsumerMember): void {
    const { bytes } = member;
    this.#context.budget.add(bytes - member.countedBytes);
    member.countedBytes = bytes;
  }

  /** Whether offsets may be committed under this identity. */
  commitError(identity: MemberIdentity, transactional: boolean): KafkaError {
    const { memberId, instanceId, generation } = identity;
    if (generation < 0 && this.members.size === 0) return ERROR.NONE;
    const nobody = generation === -1 && memberId === '' && instanceId === undefined;
    if (transactional && nobody) return ERROR.NONE;
    const error = this.memberError(memberId, generation);
    // Clients of TxnOffsetCommit know only the classic protocol's errors.
    if (transactional && error === ERROR.STALE_MEMBER_EPOCH) return ERROR.ILLEGAL_GENERATION;
    return error;
  }

  /** Whether there is this member, in this epoch. */
  memberError(memberId: string, epoch: number): KafkaError {
    const member = this.members.get(memberId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    return member.epoch === epoch ? ERROR.NONE : ERROR.STALE_MEMBER_EPOCH;
  }

  /** A member of a group that is being restored. */
  restoreMember(id: string, instanceId: string | undefined, saved: Partial<ConsumerMember>): void {
    const member = new ConsumerMember(id, instanceId, this.#timers(id));
    Object.assign(member, saved);
    this.members.set(id, member);
    if (instanceId !== undefined) this.#byInstance.set(instanceId, member);
    this.#ownership.hold(member);
    this.#recount(member);
    member.session.start(this.#context.settings.consumerSessionTimeoutMs);
    if (member.state === 'unrevoked') member.revocation.start(member.rebalanceTimeoutMs);
  }

  stop(): void {
    for (const member of [...this.members.values()]) this.#forget(member);
  }
}

export function refused(error: KafkaError, message: string): HeartbeatResult {
  return { error, message, memberId: undefined, epoch: 0, assignment: undefined };
}

function unknownMember(memberId: string): HeartbeatResult {
  return refused(ERROR.UNKNOWN_MEMBER_ID, `Member ${memberId} is not in the group.`);
}
