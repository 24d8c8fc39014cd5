import type { Table } from '../../../../hub/engine.ts';
import { isPromise, type MaybePromise } from '../../../../model/maybe-promise.ts';
import type { Budget } from '../budget.ts';
import { GroupOffsets } from './group-offsets.ts';
import {
  type CommittedOffset,
  decodeOffset,
  encodeOffset,
  OFFSET_BYTES,
  type OffsetPlace,
  offsetKey,
  type PartitionOffset,
  readOffsetKey,
} from './record.ts';

type Change = readonly [place: OffsetPlace, committed: CommittedOffset | undefined];

/**
 * The committed offsets of all groups, and those that wait for the end of a transaction. What is
 * read here is durable: a commit becomes visible when its write is.
 */
export class OffsetStore {
  readonly #table: Table;
  readonly #budget: Budget;
  readonly #groups = new Map<string, GroupOffsets>();
  /** By producer id, then group. */
  readonly #pending = new Map<bigint, Map<string, GroupOffsets>>();
  #sequence = 0;
  /** Offsets that are held, and those that are being written. */
  #count = 0;

  constructor(table: Table, budget: Budget) {
    this.#table = table;
    this.#budget = budget;
    for (const [key, value] of table.entries()) {
      const committed = decodeOffset(value);
      this.#sequence = Math.max(this.#sequence, committed.sequence);
      this.#apply(readOffsetKey(key), committed);
    }
  }

  get count(): number {
    return this.#count;
  }

  /** Ids of groups that have offsets. */
  groups(): IterableIterator<string> {
    return this.#groups.keys();
  }

  group(id: string): GroupOffsets | undefined {
    return this.#groups.get(id);
  }

  /** Orders a commit behind all before it. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  commit(group: string, offsets: readonly PartitionOffset[]): MaybePromise<void> {
    return this.#write(
      offsets.map(({ topic, partition, committed }) => [
        { producerId: undefined, group, topic, partition },
        committed,
      ]),
    );
  }

  /** Offsets that count when the producer's transaction is committed. */
  addPending(
    producerId: bigint,
    group: string,
    offsets: readonly PartitionOffset[],
  ): MaybePromise<void> {
    return this.#write(
      offsets.map(({ topic, partition, committed }) => [
        { producerId, group, topic, partition },
        committed,
      ]),
    );
  }

  /** Ends a producer's transaction: its offsets count, or are forgotten, all at once. May be
   * repeated. */
  endPending(producerId: bigint, commit: boolean): MaybePromise<void> {
    const changes: Change[] = [];
    for (const [group, offsets] of this.#pending.get(producerId) ?? []) {
      for (const { topic, partition, committed } of offsets.all()) {
        changes.push([{ producerId, group, topic, partition }, undefined]);
        const before = this.#groups.get(group)?.get(topic, partition);
        if (commit && (before === undefined || before.sequence < committed.sequence)) {
          changes.push([{ producerId: undefined, group, topic, partition }, committed]);
        }
      }
    }
    return this.#write(changes);
  }

  /** Groups in which a producer's transaction has offsets. */
  pendingGroups(producerId: bigint): string[] {
    return [...(this.#pending.get(producerId)?.keys() ?? [])];
  }

  /** Producers that have offsets in transactions which have not ended. */
  pendingProducers(): bigint[] {
    return [...this.#pending.keys()];
  }

  isPending(group: string, topic: string, partition: number): boolean {
    for (const groups of this.#pending.values()) {
      if (groups.get(group)?.get(topic, partition) !== undefined) return true;
    }
    return false;
  }

  hasPending(group: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(group)) return true;
    return false;
  }

  remove(
    group: string,
    offsets: Iterable<{ topic: string; partition: number }>,
  ): MaybePromise<void> {
    const changes: Change[] = [];
    for (const { topic, partition } of offsets) {
      changes.push([{ producerId: undefined, group, topic, partition }, undefined]);
    }
    return this.#write(changes);
  }

  /** A topic is gone: so are all offsets in it. */
  removeTopic(topic: string, streamNumber: number): MaybePromise<void> {
    return this.#removeWhere(
      (name, { streamNumber: own }) => name === topic && own === streamNumber,
    );
  }

  /** Offsets of topics that went while nobody was told. */
  removeOrphans(exists: (streamNumber: number) => boolean): MaybePromise<void> {
    return this.#removeWhere((_, { streamNumber }) => !exists(streamNumber));
  }

  #removeWhere(
    matches: (topic: string, committed: CommittedOffset) => boolean,
  ): MaybePromise<void> {
    const changes: Change[] = [];
    const collect = (producerId: bigint | undefined, groups: Map<string, GroupOffsets>): void => {
      for (const [group, offsets] of groups) {
        for (const { topic, partition, committed } of offsets.all()) {
          if (!matches(topic, committed)) continue;
          changes.push([{ producerId, group, topic, partition }, undefined]);
        }
      }
    };
    collect(undefined, this.#groups);
    for (const [producerId, groups] of this.#pending) collect(producerId, groups);
    return this.#write(changes);
  }

  #write(changes: readonly Change[]): MaybePromise<void> {
    if (changes.length === 0) return;
    const written = this.#table.set(
      changes.map(([place, committed]) => [
        offsetKey(place),
        committed === undefined ? undefined : encodeOffset(committed),
      ]),
    );
    const apply = (): void => {
      for (const [place, committed] of changes) this.#apply(place, committed);
    };
    if (isPromise(written)) return written.then(apply);
    apply();
  }

  #apply(place: OffsetPlace, committed: CommittedOffset | undefined): void {
    const { producerId, group, topic, partition } = place;
    const groups = producerId === undefined ? this.#groups : this.#pendingOf(producerId);
    let offsets = groups.get(group);
    if (offsets === undefined) groups.set(group, (offsets = new GroupOffsets()));
    const before = offsets.get(topic, partition);
    if (before !== undefined) this.#counted(before, -1);
    if (committed === undefined) offsets.delete(topic, partition);
    else offsets.set(topic, partition, committed);
    if (committed !== undefined) this.#counted(committed, 1);
    if (offsets.empty) groups.delete(group);
    if (producerId !== undefined && groups.size === 0) this.#pending.delete(producerId);
  }

  #pendingOf(producerId: bigint): Map<string, GroupOffsets> {
    let groups = this.#pending.get(producerId);
    if (groups === undefined) this.#pending.set(producerId, (groups = new Map()));
    return groups;
  }

  #counted({ metadata }: CommittedOffset, sign: 1 | -1): void {
    this.#count += sign;
    this.#budget.add(sign * (OFFSET_BYTES + metadata.length));
  }
}
