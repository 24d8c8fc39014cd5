import type { Table } from '../../../hub/engine.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import { ERROR } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import { ClassicGroup, type GroupContext } from './classic/group.ts';
import { restoreClassic, saveClassic } from './classic/saved.ts';
import { ConsumerGroup } from './consumer/group.ts';
import {
  restoreConsumerGroup,
  restoreConsumerMember,
  saveConsumerGroup,
  saveConsumerMember,
} from './consumer/saved.ts';
import type { Topics } from './consumer/topics.ts';
import { expired } from './offsets/expiry.ts';
import type { OffsetStore } from './offsets/store.ts';

export type Group = ClassicGroup | ConsumerGroup;

/**
 * All groups of the hub: found by id, made, stored, restored and removed here.
 *
 * In the table: `classic/<group>`; `consumer/<group>` with `consumer/<group>/<member>`.
 */
export class Groups {
  readonly offsets: OffsetStore;
  readonly context: GroupContext;
  readonly #table: Table;
  readonly #topics: Topics;
  readonly #groups = new Map<string, Group>();

  constructor(context: GroupContext, table: Table, offsets: OffsetStore, topics: Topics) {
    this.context = context;
    this.offsets = offsets;
    this.#table = table;
    this.#topics = topics;
    this.#restore();
  }

  #restore(): void {
    const members: [group: string, member: string, value: Buffer][] = [];
    for (const [key, value] of this.#table.entries()) {
      const [kind, id, member] = key.split('/').map(decodeURIComponent);
      if (kind === 'classic') restoreClassic(this.#put(this.#newClassic(id!)), value);
      else if (member === undefined) restoreConsumerGroup(this.#put(this.#newConsumer(id!)), value);
      else members.push([id!, member, value]);
    }
    for (const [id, member, value] of members) {
      const group = this.#groups.get(id);
      if (group?.kind === 'consumer') restoreConsumerMember(group, member, value);
    }
    for (const id of this.offsets.groups()) this.#groups.get(id) ?? this.#put(this.#newClassic(id));
  }

  #newClassic(id: string): ClassicGroup {
    return new ClassicGroup(id, this.context, (group) =>
      this.#table.set([[keyOf(group), saveClassic(group)]]),
    );
  }

  #newConsumer(id: string): ConsumerGroup {
    const group: ConsumerGroup = new ConsumerGroup(id, this.context, this.#topics, () => {
      // A member that is stored and gone is taken for away, until its session ends again.
      const saved = this.save(group);
      if (isPromise(saved)) saved.catch(() => {});
    });
    return group;
  }

  #put<G extends Group>(group: G): G {
    this.#groups.set(group.id, group);
    return group;
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id);
  }

  all(): IterableIterator<Group> {
    return this.#groups.values();
  }

  /** For a member that joins, or for an offset: a group that is there, or a new one.
   * @throws KafkaFailure where no more groups may be made */
  getOrMake(id: string): Group {
    const group = this.#groups.get(id);
    if (group !== undefined) return group;
    this.#makeRoom();
    return this.#put(this.#newClassic(id));
  }

  /** The group as one of the new protocol: made, or turned into one while it has no members.
   * @throws KafkaFailure for a group with members of the classic protocol */
  consumerGroup(id: string): ConsumerGroup {
    const group = this.#groups.get(id);
    if (group?.kind === 'consumer') return group;
    if (group === undefined) this.#makeRoom();
    else if (!group.unused) {
      throw new KafkaFailure(
        ERROR.GROUP_ID_NOT_FOUND,
        `Group ${id} has members of the classic protocol.`,
      );
    }
    group?.stop();
    return this.#put(this.#newConsumer(id));
  }

  /** The group as one of the classic protocol: made, or turned into one while it has no members.
   * Undefined for a group that has members of the new protocol. */
  classicGroup(id: string): ClassicGroup | undefined {
    const group = this.getOrMake(id);
    if (group.kind === 'classic') return group;
    if (!group.unused) return undefined;
    group.stop();
    const saved = this.#table.set(this.#removal(group));
    if (isPromise(saved)) saved.catch(() => {});
    return this.#put(this.#newClassic(id));
  }

  #makeRoom(): void {
    const { maxGroups } = this.context.settings;
    if (this.#groups.size < maxGroups) return;
    for (const group of this.#groups.values()) this.#forgetUseless(group);
    if (this.#groups.size < maxGroups) return;
    throw new KafkaFailure(
      ERROR.GROUP_MAX_SIZE_REACHED,
      `There are ${maxGroups} groups, as many as there may be (protocols.kafka.maxGroups).`,
    );
  }

  #forgetUseless(group: Group): boolean {
    const { offsets } = this;
    const useless =
      group.unused && offsets.group(group.id) === undefined && !offsets.hasPending(group.id);
    if (useless) this.#groups.delete(group.id);
    return useless;
  }

  /** Makes durable what a heartbeat changed in a group of the new protocol. */
  save(group: ConsumerGroup): MaybePromise<void> {
    if (!group.changed && group.changedMembers.size === 0) return;
    const changes: [string, Buffer | undefined][] = [...group.changedMembers].map((id) => {
      const member = group.members.get(id);
      return [memberKey(group, id), member && saveConsumerMember(member)];
    });
    const classic = `classic/${encodeURIComponent(group.id)}`;
    if (this.#table.get(classic) !== undefined) changes.push([classic, undefined]);
    changes.push([keyOf(group), saveConsumerGroup(group)]);
    const unsaved = [...group.changedMembers];
    group.changed = false;
    group.changedMembers.clear();
    const saved = this.#table.set(changes);
    if (!isPromise(saved)) return;
    return saved.catch((error) => {
      group.changed = true;
      for (const id of unsaved) group.changedMembers.add(id);
      throw error;
    });
  }

  /** Removes a group without members, with its offsets. */
  async remove(group: Group): Promise<void> {
    await this.offsets.remove(group.id, [...(this.offsets.group(group.id)?.all() ?? [])]);
    await this.#table.set(this.#removal(group));
    if (this.#groups.get(group.id) !== group) return;
    group.stop();
    this.#groups.delete(group.id);
  }

  #removal(group: Group): [string, undefined][] {
    const key = keyOf(group);
    if (group.kind === 'classic')
      return this.#table.get(key) === undefined ? [] : [[key, undefined]];
    const keys = [...this.#table.entries()].map(([one]) => one);
    return keys
      .filter((one) => one === key || one.startsWith(`${key}/`))
      .map((one) => [one, undefined]);
  }

  /** Removes offsets whose time is over, and groups of which nothing is left. */
  async expire(): Promise<void> {
    for (const group of [...this.#groups.values()]) {
      const offsets = this.offsets.group(group.id);
      const old = offsets === undefined ? [] : expired(group, offsets, this.context);
      await this.offsets.remove(group.id, old);
      if (!this.#forgetUseless(group)) continue;
      group.stop();
      await this.#table.set(this.#removal(group));
    }
  }

  stop(): void {
    for (const group of this.#groups.values()) group.stop(ERROR.COORDINATOR_NOT_AVAILABLE);
  }
}

function keyOf(group: Group): string {
  return `${group.kind}/${encodeURIComponent(group.id)}`;
}

function memberKey(group: ConsumerGroup, id: string): string {
  return `${keyOf(group)}/${encodeURIComponent(id)}`;
}
