import { isPromise, type MaybePromise } from '../../../../model/maybe-promise.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import type { Clock } from '../../time/clock.ts';
import type { Timer } from '../../time/timer-wheel.ts';
import type { Budget } from '../budget.ts';
import type { GroupSettings } from '../settings.ts';
import { ClassicMember, newMemberBytes } from './member.ts';
import { type ClassicState, Rebalance, refusedJoin } from './rebalance.ts';
import type {
  JoinReply,
  JoinRequest,
  LeavingMember,
  MemberIdentity,
  SyncReply,
  SyncRequest,
} from './requests.ts';
import { Roster } from './roster.ts';

/** What an id takes that was given out in advance, with its timer. */
const PENDING_BYTES = 512;

/** What a group needs of its surroundings. */
export interface GroupContext {
  readonly clock: Clock;
  readonly settings: GroupSettings;
  readonly budget: Budget;
  /** Unique text for the ids of members. */
  newId(): string;
}

/**
 * A group whose members divide the work among themselves, the coordinator only gathering them
 * (Kafka's classic rebalance protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup). Knows no
 * socket and no version; answers are given to callbacks, at once or when the group is complete.
 */
export class ClassicGroup {
  readonly kind = 'classic';
  readonly id: string;
  readonly roster: Roster;
  readonly #context: GroupContext;
  readonly #rebalance: Rebalance;
  readonly #save: () => MaybePromise<void>;
  readonly #pendingTimers = new Map<string, Timer>();

  /** @param save makes the group's members durable */
  constructor(
    id: string,
    context: GroupContext,
    save: (group: ClassicGroup) => MaybePromise<void>,
  ) {
    this.id = id;
    this.#context = context;
    this.roster = new Roster(context.budget);
    this.#save = () => save(this);
    this.#rebalance = new Rebalance(
      context.clock,
      this.roster,
      context.settings,
      this.#save,
      (member) => {
        this.#rebalance.remove(member, ERROR.UNKNOWN_MEMBER_ID);
        this.#rebalance.afterLeaving();
      },
    );
  }

  get state(): ClassicState {
    return this.#rebalance.state;
  }

  get generation(): number {
    return this.#rebalance.generation;
  }

  get protocol(): string | undefined {
    return this.#rebalance.protocol;
  }

  get emptySinceMs(): number {
    return this.#rebalance.emptySinceMs;
  }

  /** Nobody is a member or about to become one. */
  get unused(): boolean {
    return this.state === 'Empty' && this.roster.expected === 0;
  }

  join(request: JoinRequest, reply: JoinReply): void {
    const refuse = (error: KafkaError, memberId = request.memberId): void =>
      reply(refusedJoin(error, memberId));
    const { memberId } = request;
    const known = this.roster.members.get(memberId);
    if (known === undefined && memberId !== '' && !this.roster.pending.has(memberId)) {
      refuse(this.#identityError(request));
      return;
    }
    const member = memberId === '' ? this.roster.static(request.instanceId) : known;
    if (!this.roster.accepts(request.protocolType, request.protocols, member)) {
      refuse(ERROR.INCONSISTENT_GROUP_PROTOCOL);
    } else if (!this.#context.budget.fits(newMemberBytes(request) - (member?.countedBytes ?? 0))) {
      refuse(ERROR.GROUP_MAX_SIZE_REACHED);
    } else if (memberId === '') {
      this.#newcomer(request, member, reply);
    } else if (known === undefined) {
      // Ids are given out in advance to dynamic members only.
      if (request.instanceId === undefined) this.#add(memberId, request, reply);
      else refuse(ERROR.UNKNOWN_MEMBER_ID);
    } else {
      const error = this.#identityError(request);
      if (error === ERROR.NONE) this.#rejoin(known, request, reply);
      else refuse(error);
    }
  }

  #newcomer(request: JoinRequest, replaced: ClassicMember | undefined, reply: JoinReply): void {
    const name = request.instanceId ?? request.clientId;
    const id = `${name === '' ? 'member' : name}-${this.#context.newId()}`;
    if (replaced !== undefined) {
      this.#replace(replaced, id, request, reply);
    } else if (this.roster.expected >= this.#context.settings.maxGroupMembers) {
      reply(refusedJoin(ERROR.GROUP_MAX_SIZE_REACHED, ''));
    } else if (request.idFirst && request.instanceId === undefined) {
      this.roster.pending.add(id);
      this.#context.budget.add(PENDING_BYTES);
      const timer = this.#context.clock.timer(() => this.#dropPending(id));
      this.#pendingTimers.set(id, timer);
      timer.start(request.sessionTimeoutMs);
      reply(refusedJoin(ERROR.MEMBER_ID_REQUIRED, id));
    } else {
      this.#add(id, request, reply);
    }
  }

  #dropPending(id: string): void {
    this.#forgetPending(id);
    this.#rebalance.afterLeaving();
  }

  #forgetPending(id: string): void {
    if (!this.roster.pending.delete(id)) return;
    this.#context.budget.add(-PENDING_BYTES);
    this.#pendingTimers.get(id)?.stop();
    this.#pendingTimers.delete(id);
  }

  #add(id: string, request: JoinRequest, reply: JoinReply): void {
    this.#forgetPending(id);
    if (this.roster.size === 0) this.roster.protocolType = request.protocolType;
    const member: ClassicMember = this.#member(id, request);
    member.isNew = true;
    this.roster.add(member);
    this.#rebalance.someoneCame();
    this.#rebalance.await(member, reply);
    this.#rebalance.prepare();
  }

  #member(id: string, request: JoinRequest): ClassicMember {
    const member: ClassicMember = new ClassicMember(
      id,
      request,
      this.#rebalance.sessionTimer(() => member),
    );
    return member;
  }

  #rejoin(member: ClassicMember, request: JoinRequest, reply: JoinReply): void {
    const { state } = this.#rebalance;
    const unchanged = member.hasProtocols(request.protocols);
    const leads = this.roster.leader === member.id;
    // The leader of a stable group joins again to have it assigned anew; a member may have missed
    // the answer to its last join.
    const repeats =
      unchanged && (state === 'CompletingRebalance' || (state === 'Stable' && !leads));
    if (repeats) {
      this.#alive(member);
      reply(this.#rebalance.joined(member));
      return;
    }
    this.roster.update(member, request);
    this.#rebalance.await(member, reply);
    this.#rebalance.prepare();
  }

  /** A static member came back without its id (KIP-345): whoever had it before is fenced off. */
  #replace(member: ClassicMember, id: string, request: JoinRequest, reply: JoinReply): void {
    const { state } = this.#rebalance;
    const oldLeader = this.roster.leader;
    const elected = this.#rebalance.protocol;
    member.joining?.(refusedJoin(ERROR.FENCED_INSTANCE_ID, member.id));
    member.syncing?.({ error: ERROR.FENCED_INSTANCE_ID });
    member.joining = undefined;
    member.syncing = undefined;
    this.roster.rename(member, id);
    this.roster.update(member, request);
    if (state !== 'Stable' || this.roster.elected() !== elected) {
      // The leader may have been told the old id, for which it makes an assignment.
      this.#rebalance.await(member, reply);
      this.#rebalance.prepare();
      return;
    }
    member.session.start(member.sessionTimeoutMs);
    this.#answerReplaced(member, request, oldLeader, reply);
  }

  /** In a stable group the member keeps its assignment, and nobody else notices. */
  #answerReplaced(
    member: ClassicMember,
    request: JoinRequest,
    oldLeader: string | undefined,
    reply: JoinReply,
  ): void {
    const leads = this.roster.leader === member.id;
    const result = request.maySkipAssignment
      ? { ...this.#rebalance.joined(member), skipAssignment: leads }
      : // Told the leader's old id, the client does not think that it has to assign.
        this.#rebalance.joined(member, oldLeader);
    // A restart that has not heard of the new id fences it, and the client joins again.
    const saved = this.#save();
    const answer = (): void => reply(result);
    if (isPromise(saved)) saved.then(answer, answer);
    else answer();
  }

  sync(request: SyncRequest, reply: SyncReply): void {
    const error = this.#memberError(request);
    if (error !== ERROR.NONE) {
      reply({ error });
      return;
    }
    const member = this.roster.members.get(request.memberId)!;
    const { state } = this.#rebalance;
    if (state === 'PreparingRebalance') {
      reply({ error: ERROR.REBALANCE_IN_PROGRESS });
    } else if (
      (request.protocolType ?? this.roster.protocolType) !== this.roster.protocolType ||
      (request.protocol ?? this.protocol) !== this.protocol
    ) {
      reply({ error: ERROR.INCONSISTENT_GROUP_PROTOCOL });
    } else if (state === 'Stable') {
      this.#rebalance.synced(member, reply);
    } else if (!this.#context.budget.fits(assignmentBytes(request))) {
      reply({ error: ERROR.GROUP_MAX_SIZE_REACHED });
    } else {
      this.#rebalance.sync(member, request, reply);
    }
  }

  heartbeat(identity: MemberIdentity): KafkaError {
    const error = this.#memberError(identity);
    if (error !== ERROR.NONE) return error;
    this.#alive(this.roster.members.get(identity.memberId)!);
    return this.state === 'PreparingRebalance' ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  #alive(member: ClassicMember): void {
    if (member.joining !== undefined || member.syncing !== undefined) return;
    member.session.start(member.sessionTimeoutMs);
  }

  /** Answers an error for each. */
  leave(leaving: readonly LeavingMember[]): KafkaError[] {
    const errors = leaving.map((one) => this.#leaveOne(one));
    if (errors.includes(ERROR.NONE)) this.#rebalance.afterLeaving();
    return errors;
  }

  #leaveOne({ memberId, instanceId }: LeavingMember): KafkaError {
    if (this.roster.pending.has(memberId)) {
      if (instanceId !== undefined) return ERROR.UNKNOWN_MEMBER_ID;
      this.#forgetPending(memberId);
      return ERROR.NONE;
    }
    const unnamed = memberId === '' ? this.roster.static(instanceId) : undefined;
    const error = unnamed ? ERROR.NONE : this.#identityError({ memberId, instanceId });
    if (error !== ERROR.NONE) return error;
    this.#rebalance.remove(unnamed ?? this.roster.members.get(memberId)!, ERROR.UNKNOWN_MEMBER_ID);
    return ERROR.NONE;
  }

  /** Whether offsets may be committed under this identity; that of someone who is no member (an
   * administrator, a simple consumer) has no id and no generation. */
  commitError(identity: MemberIdentity, transactional: boolean): KafkaError {
    const { memberId, instanceId, generation } = identity;
    if (generation < 0 && this.state === 'Empty') return ERROR.NONE;
    if (generation < 0 && memberId === '' && instanceId === undefined) {
      return transactional ? ERROR.NONE : ERROR.UNKNOWN_MEMBER_ID;
    }
    const error = this.#memberError(identity);
    if (error !== ERROR.NONE) return error;
    if (!transactional && this.state === 'CompletingRebalance') return ERROR.REBALANCE_IN_PROGRESS;
    this.#alive(this.roster.members.get(memberId)!);
    return ERROR.NONE;
  }

  /** Whether this member exists, in this generation. */
  #memberError(identity: MemberIdentity): KafkaError {
    const error = this.#identityError(identity);
    if (error !== ERROR.NONE) return error;
    return identity.generation === this.generation ? ERROR.NONE : ERROR.ILLEGAL_GENERATION;
  }

  #identityError({ memberId, instanceId }: LeavingMember): KafkaError {
    const known = this.roster.members.get(memberId);
    if (instanceId === undefined) {
      return known === undefined ? ERROR.UNKNOWN_MEMBER_ID : ERROR.NONE;
    }
    const holder = this.roster.static(instanceId);
    if (holder === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    return holder === known ? ERROR.NONE : ERROR.FENCED_INSTANCE_ID;
  }

  /** As it was saved. */
  restore(
    members: readonly ClassicMember[],
    saved: {
      generation: number;
      protocolType: string | undefined;
      protocol: string | undefined;
      leader: string | undefined;
      emptySinceMs: number;
    },
  ): void {
    for (const member of members) this.roster.add(member);
    this.roster.protocolType = saved.protocolType;
    this.roster.leader = saved.leader;
    this.#rebalance.restore(saved.generation, saved.protocol, saved.emptySinceMs);
  }

  /** A member of a group that is being restored. */
  restoredMember(id: string, request: JoinRequest, assignment: Buffer): ClassicMember {
    const member = this.#member(id, request);
    member.assignment = assignment;
    return member;
  }

  /** The group goes: whoever waits here is told to look for it again. */
  stop(error: KafkaError = ERROR.COORDINATOR_NOT_AVAILABLE): void {
    for (const id of [...this.roster.pending]) this.#forgetPending(id);
    for (const member of [...this.roster.members.values()]) this.#rebalance.remove(member, error);
    this.#rebalance.stop();
  }
}

function assignmentBytes({ assignments }: SyncRequest): number {
  return assignments.reduce((sum, { assignment }) => sum + assignment.length, 0);
}
