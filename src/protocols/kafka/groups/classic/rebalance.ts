import { isPromise, type MaybePromise } from '../../../../model/maybe-promise.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import type { Clock } from '../../time/clock.ts';
import type { Timer } from '../../time/timer-wheel.ts';
import type { GroupSettings } from '../settings.ts';
import type { ClassicMember } from './member.ts';
import { type JoinResult, NO_GENERATION, type SyncRequest } from './requests.ts';
import type { Roster } from './roster.ts';

/** As Kafka names them to its clients. */
export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** A new member whose JoinGroup is not answered after so long is given up: it cannot send
 * heartbeats, so nothing else tells that it is gone. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;
const MAX_GENERATION = 2_147_483_647;

/**
 * From one generation of a classic group to the next: gather everybody (JoinGroup), hand the
 * leader's assignment out (SyncGroup).
 *
 *     Empty -> PreparingRebalance -> CompletingRebalance -> Stable
 *                 ^ | all joined, or time is up      |         |
 *                 | +-> Empty, if nobody came        |         |
 *                 +----------------------------------+---------+ a member comes, changes, leaves
 */
export class Rebalance {
  state: ClassicState = 'Empty';
  /** Milliseconds since 1970: when the last member left. */
  emptySinceMs: number;
  generation = 0;
  protocol: string | undefined;
  readonly #clock: Clock;
  readonly #roster: Roster;
  readonly #settings: GroupSettings;
  readonly #save: () => MaybePromise<void>;
  readonly #onMemberExpired: (member: ClassicMember) => void;
  /** Until those who did not join are left behind. */
  readonly #joinTimer: Timer;
  /** Until those who did not sync are left behind. */
  readonly #syncTimer: Timer;
  /** Members of this generation that have not asked for their assignment. */
  readonly #unsynced = new Set<ClassicMember>();
  /** Of a group's first rebalance, which waits for more members to come. */
  #initialMs: { leftMs: number; someoneCame: boolean } | undefined;
  /** Whose assignment is on its way to the disk. */
  #saving: number | undefined;

  constructor(
    clock: Clock,
    roster: Roster,
    settings: GroupSettings,
    save: () => MaybePromise<void>,
    onMemberExpired: (member: ClassicMember) => void,
  ) {
    this.#clock = clock;
    this.#roster = roster;
    this.#settings = settings;
    this.#save = save;
    this.#onMemberExpired = onMemberExpired;
    this.emptySinceMs = clock.wallMs;
    this.#joinTimer = clock.timer(() => this.#joinTimeUp());
    this.#syncTimer = clock.timer(() => this.#syncTimeUp());
  }

  /** A timer that ends the member's session. */
  sessionTimer(member: () => ClassicMember): Timer {
    return this.#clock.timer(() => this.#onMemberExpired(member()));
  }

  /** The member's JoinGroup waits for the next generation. */
  await(member: ClassicMember, reply: (result: JoinResult) => void): void {
    member.joining?.(refusedJoin(ERROR.REBALANCE_IN_PROGRESS, member.id));
    member.joining = reply;
    if (member.isNew) member.session.start(NEW_MEMBER_JOIN_TIMEOUT_MS);
    else member.session.stop();
  }

  /** Someone came, left or changed: everybody is asked to join again. */
  prepare(): void {
    if (this.state === 'PreparingRebalance') {
      this.completeIfAllJoined();
      return;
    }
    if (this.state === 'CompletingRebalance') this.#failSyncs(ERROR.REBALANCE_IN_PROGRESS);
    this.#endSync();
    const delayMs = this.#settings.groupInitialDelayMs;
    const timeoutMs = this.#roster.maxRebalanceTimeoutMs;
    if (this.state === 'Empty' && delayMs > 0) {
      const firstMs = Math.min(delayMs, timeoutMs);
      this.#initialMs = { leftMs: timeoutMs - firstMs, someoneCame: false };
      this.#joinTimer.start(firstMs);
    } else {
      this.#joinTimer.start(timeoutMs);
    }
    this.state = 'PreparingRebalance';
    this.completeIfAllJoined();
  }

  /** While a group's first rebalance waits, each newcomer puts its end off. */
  someoneCame(): void {
    if (this.#initialMs !== undefined) this.#initialMs.someoneCame = true;
  }

  completeIfAllJoined(): void {
    if (this.state !== 'PreparingRebalance' || this.#initialMs !== undefined) return;
    if (this.#roster.allJoined) this.#complete();
  }

  #joinTimeUp(): void {
    const initial = this.#initialMs;
    if (initial?.someoneCame === true && initial.leftMs > 0) {
      const delayMs = Math.min(this.#settings.groupInitialDelayMs, initial.leftMs);
      this.#initialMs = { leftMs: initial.leftMs - delayMs, someoneCame: false };
      this.#joinTimer.start(delayMs);
      return;
    }
    this.#complete();
  }

  #complete(): void {
    this.#initialMs = undefined;
    this.#joinTimer.stop();
    const roster = this.#roster;
    for (const member of [...roster.members.values()]) {
      if (member.joining === undefined && member.instanceId === undefined) roster.remove(member);
    }
    if (roster.size > 0 && !roster.electJoinedLeader()) {
      // Only static members are left, and all are away: they have until their sessions end.
      this.#joinTimer.start(roster.maxRebalanceTimeoutMs);
      return;
    }
    this.generation = this.generation === MAX_GENERATION ? 1 : this.generation + 1;
    if (roster.size === 0) {
      this.#becomeEmpty();
      return;
    }
    this.protocol = roster.elected();
    this.state = 'CompletingRebalance';
    this.#syncTimer.start(roster.maxRebalanceTimeoutMs);
    for (const member of roster.members.values()) {
      this.#unsynced.add(member);
      member.isNew = false;
      member.session.start(member.sessionTimeoutMs);
      const reply = member.joining;
      member.joining = undefined;
      reply?.(this.joined(member));
    }
  }

  #becomeEmpty(): void {
    this.state = 'Empty';
    this.protocol = undefined;
    this.emptySinceMs = this.#clock.wallMs;
    // What is not saved comes back as a generation whose members never answer again.
    ignoreFailure(this.#save());
  }

  /** What a member of this generation is told. */
  joined(member: ClassicMember, leader = this.#roster.leader ?? ''): JoinResult {
    const { members, protocolType } = this.#roster;
    return {
      error: ERROR.NONE,
      memberId: member.id,
      generation: this.generation,
      protocolType,
      protocol: this.protocol,
      leader,
      members:
        leader !== member.id
          ? []
          : [...members.values()].map((each) => ({
              memberId: each.id,
              instanceId: each.instanceId,
              metadata: each.metadataFor(this.protocol),
            })),
    };
  }

  /** A member asks for its assignment while that is being made. */
  sync(
    member: ClassicMember,
    request: SyncRequest,
    reply: NonNullable<ClassicMember['syncing']>,
  ): void {
    member.syncing?.({ error: ERROR.REBALANCE_IN_PROGRESS });
    member.syncing = reply;
    member.session.stop();
    this.#unsynced.delete(member);
    if (member.id === this.#roster.leader && this.#saving !== this.generation)
      this.#assign(request);
  }

  #assign(request: SyncRequest): void {
    const byMember = new Map(
      request.assignments.map(({ memberId, assignment }) => [memberId, assignment]),
    );
    for (const member of this.#roster.members.values()) {
      member.assignment = byMember.get(member.id) ?? Buffer.alloc(0);
      this.#roster.recount(member);
    }
    const generation = this.generation;
    this.#saving = generation;
    const overtaken = (): boolean => {
      if (this.#saving === generation) this.#saving = undefined;
      return this.state !== 'CompletingRebalance' || this.generation !== generation;
    };
    const done = (): void => {
      if (overtaken()) return;
      this.state = 'Stable';
      for (const member of this.#roster.members.values()) this.#handOut(member);
      this.#endSyncIfAllCame();
    };
    const failed = (): void => {
      if (overtaken()) return;
      // Nobody may work with an assignment that a restart would not know of.
      this.#failSyncs(ERROR.COORDINATOR_NOT_AVAILABLE);
      this.prepare();
    };
    const saved = this.#save();
    if (isPromise(saved)) saved.then(done, failed);
    else done();
  }

  #handOut(member: ClassicMember): void {
    const reply = member.syncing;
    if (reply === undefined) return;
    member.syncing = undefined;
    this.synced(member, reply);
  }

  /** A member of a stable group gets its assignment (again). */
  synced(member: ClassicMember, reply: NonNullable<ClassicMember['syncing']>): void {
    this.#unsynced.delete(member);
    member.session.start(member.sessionTimeoutMs);
    reply({
      error: ERROR.NONE,
      protocolType: this.#roster.protocolType,
      protocol: this.protocol,
      assignment: member.assignment,
    });
    if (this.state === 'Stable') this.#endSyncIfAllCame();
  }

  #endSyncIfAllCame(): void {
    if (this.#unsynced.size === 0) this.#syncTimer.stop();
  }

  #endSync(): void {
    this.#unsynced.clear();
    this.#syncTimer.stop();
  }

  #syncTimeUp(): void {
    const late = [...this.#unsynced].filter((member) => this.#roster.members.has(member.id));
    this.#unsynced.clear();
    for (const member of late) this.#roster.remove(member);
    this.prepare();
  }

  #failSyncs(error: KafkaError): void {
    for (const member of this.#roster.members.values()) {
      member.assignment = Buffer.alloc(0);
      this.#roster.recount(member);
      const reply = member.syncing;
      if (reply === undefined) continue;
      member.syncing = undefined;
      member.session.start(member.sessionTimeoutMs);
      reply({ error });
    }
  }

  /** Takes a member out; what of it waits here is answered with `error`. */
  remove(member: ClassicMember, error: KafkaError): void {
    this.#unsynced.delete(member);
    this.#roster.remove(member);
    member.joining?.(refusedJoin(error, member.id));
    member.syncing?.({ error });
    member.joining = undefined;
    member.syncing = undefined;
  }

  /** As it was saved: everybody is in its session again. */
  restore(generation: number, protocol: string | undefined, emptySinceMs: number): void {
    this.generation = generation;
    this.protocol = protocol;
    this.emptySinceMs = emptySinceMs;
    if (this.#roster.size === 0) return;
    this.state = 'Stable';
    for (const member of this.#roster.members.values()) {
      member.session.start(member.sessionTimeoutMs);
    }
  }

  /** After a member or a pending one is gone. */
  afterLeaving(): void {
    if (this.state === 'PreparingRebalance') this.completeIfAllJoined();
    else if (this.state !== 'Empty') this.prepare();
  }

  /** The group goes; nothing of it fires any more. */
  stop(): void {
    this.#joinTimer.stop();
    this.#endSync();
  }
}

export function refusedJoin(error: KafkaError, memberId: string): JoinResult {
  return { error, memberId, generation: NO_GENERATION };
}

function ignoreFailure(saved: MaybePromise<void>): void {
  if (isPromise(saved)) saved.catch(() => {});
}
