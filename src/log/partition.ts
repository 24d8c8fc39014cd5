import { BATCH, batchBytes, nextOffsetOf } from '../formats/records/batch.ts';
import { buildMarker } from '../formats/records/marker.ts';
import { setAppendTime, setBaseOffset, setLeaderEpoch } from '../formats/records/stamp.ts';
import {
  type AbortedTransaction,
  type Appended,
  AppendFault,
  type Partition,
  type PartitionListener,
  type ProducerState,
  type Stream,
  type StreamRecord,
  type TransactionMarker,
} from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import {
  checkBatchesOf,
  checkRecordsOf,
  lost,
  outOfRange,
  seenBefore,
  unreadable,
} from './append-check.ts';
import { Committer } from './committer.ts';
import type { Environment } from './environment.ts';
import { isMissing } from './files.ts';
import { abortedBetween, epochEnd } from './history.ts';
import { PartitionReader } from './partition-reader.ts';
import { PendingBatches, PendingPack } from './pending.ts';
import type { Producer, Producers, SeenBatch } from './producers.ts';
import { hasProducer } from './replay.ts';
import type { SegmentList } from './segment-list.ts';
import { writeStart } from './start-file.ts';
import { TailCache } from './tail-cache.ts';
import { offsetAtTime, type TimedOffset } from './time-search.ts';
import type { Transactions } from './transactions.ts';
import { Watchers } from './watchers.ts';

/** What opening a partition's folder found. */
export interface PartitionState {
  readonly segments: SegmentList;
  readonly producers: Producers;
  readonly transactions: Transactions;
  readonly startOffset: number;
  readonly epoch: number;
}

/** Records are packed into batches of about so many bytes at most. */
const PACK_BYTES = 1024 * 1024;
const FIRST_PACK_BYTES = 4096;

export class LogPartition implements Partition {
  readonly stream: Stream;
  readonly index: number;
  readonly epoch: number;
  startOffset: number;
  endOffset: number;
  stableOffset: number;
  readonly segments: SegmentList;
  readonly producerStates: Producers;
  readonly transactions: Transactions;
  readonly #environment: Environment;
  readonly #committer: Committer;
  readonly #reader: PartitionReader;
  readonly #tail: TailCache;
  readonly #watchers: Watchers;
  /** One past the last record that was taken, committed or not. */
  #nextOffset: number;
  #packBytes = FIRST_PACK_BYTES;
  #pendingBytes = 0;
  /** Why nothing works any more. */
  #gone: Fault | undefined;

  constructor(stream: Stream, index: number, environment: Environment, state: PartitionState) {
    this.stream = stream;
    this.index = index;
    this.epoch = state.epoch;
    this.#environment = environment;
    this.segments = state.segments;
    this.producerStates = state.producers;
    this.transactions = state.transactions;
    this.endOffset = state.segments.active?.next ?? state.startOffset;
    this.startOffset = state.startOffset;
    this.stableOffset = Math.max(
      state.startOffset,
      state.transactions.stableOffset(this.endOffset),
    );
    this.#nextOffset = this.endOffset;
    this.#committer = new Committer(this, environment, state.segments);
    this.#watchers = new Watchers(environment.logger);
    this.#reader = new PartitionReader(environment, state.segments);
    this.#tail = new TailCache(environment.tails, environment.maxTailBytes);
  }

  get bytes(): number {
    return this.segments.bytes;
  }

  append(batches: Buffer): MaybePromise<Appended> {
    this.#checkOpen();
    checkBatchesOf(this.stream, batches);
    const seen = seenBefore(this.producerStates, batches);
    if (seen !== undefined) return this.#answerSeen(seen);
    this.#reserve(batches.length);
    const base = this.#nextOffset;
    const appendTimeMs = this.#appendTimeMs();
    for (let at = 0; at < batches.length; at += batchBytes(batches, at)) {
      setBaseOffset(batches, this.#nextOffset, at);
      setLeaderEpoch(batches, this.epoch, at);
      if (appendTimeMs !== undefined) setAppendTime(batches, appendTimeMs, at);
      this.#nextOffset = nextOffsetOf(batches, at);
    }
    const pending = new PendingBatches(batches, base, this.#nextOffset);
    for (let at = 0; at < batches.length; at += batchBytes(batches, at)) {
      if (hasProducer(batches, at)) pending.undo.push(this.producerStates.take(batches, at));
    }
    const answer = pending.wait({
      baseOffset: base,
      appendTimeMs: appendTimeMs ?? -1,
      startOffset: this.startOffset,
      duplicate: false,
    });
    this.#committer.add(pending);
    return answer;
  }

  write(records: readonly StreamRecord[]): MaybePromise<number> {
    this.#checkOpen();
    if (records.length === 0) return this.#nextOffset;
    const bytes = checkRecordsOf(this.stream, records);
    this.#reserve(bytes);
    const last = this.#committer.last;
    const room = Math.min(PACK_BYTES, this.stream.settings.maxBatchBytes);
    const pack =
      last instanceof PendingPack && last.bytes + bytes <= room ? last : this.#newPack(bytes);
    const before = pack.bytes;
    const base = pack.next;
    pack.add(records);
    this.#nextOffset = pack.next;
    // What was reserved is at least what it takes; the rest goes back.
    this.#release(bytes - (pack.bytes - before));
    const answer = pack.wait(base);
    if (pack !== last) this.#committer.add(pack);
    return answer;
  }

  writeMarker(marker: TransactionMarker): MaybePromise<number> {
    this.#checkOpen();
    this.producerStates.checkMarker(marker);
    const timeMs = Date.now();
    const batch = buildMarker(marker, timeMs);
    this.#reserve(batch.length);
    const base = this.#nextOffset++;
    setBaseOffset(batch, base);
    setLeaderEpoch(batch, this.epoch);
    const pending = new PendingBatches(batch, base, this.#nextOffset);
    pending.undo.push(this.producerStates.takeMarker(marker, timeMs));
    const answer = pending.wait(base);
    this.#committer.add(pending);
    return answer;
  }

  read(from: number, maxBytes: number, before = this.endOffset): MaybePromise<readonly Buffer[]> {
    if (this.#gone !== undefined) throw this.#gone;
    if (from < this.startOffset || from > this.endOffset) throw outOfRange(this, from);
    const end = Math.min(before, this.endOffset);
    return this.#tail.read(from, maxBytes, end) ?? this.#readDisk(from, maxBytes, end);
  }

  offsetAtTime(timeMs: number): Promise<TimedOffset | undefined> {
    return this.#reading(() =>
      offsetAtTime(this.#environment, this.segments, timeMs, this.startOffset, this.endOffset),
    );
  }

  async latestTime(): Promise<TimedOffset | undefined> {
    let latest = -1;
    for (const segment of this.segments.all) {
      if (segment.next > this.startOffset) latest = Math.max(latest, segment.maxTimeMs);
    }
    return latest < 0 ? undefined : this.offsetAtTime(latest);
  }

  epochEnd(epoch: number): { epoch: number; endOffset: number } {
    return epochEnd(this, epoch);
  }

  async trim(offset: number): Promise<number> {
    if (this.#gone !== undefined) throw this.#gone;
    if (offset > this.endOffset) throw outOfRange(this, offset);
    if (offset <= this.startOffset) return this.startOffset;
    try {
      await writeStart(this.#environment.files, this.segments.folder, offset);
    } catch (error) {
      throw this.#environment.health.failed(error);
    }
    this.#starts(offset);
    await this.dropFirst(this.segments.all.filter(({ next }) => next <= offset).length);
    return this.startOffset;
  }

  /** What lies before has been compacted since the opening. */
  compactedTo = 0;

  compacted(to: number): void {
    this.compactedTo = to;
    // What is in memory still has what is gone from the disk.
    this.#tail.clear();
  }

  get ended(): boolean {
    return this.#gone !== undefined;
  }

  /** Begins a new segment, so that all there is can be deleted or compacted. */
  roll(): Promise<void> {
    return this.#committer.roll();
  }

  /** Deletes the first segments. */
  async dropFirst(count: number): Promise<void> {
    const { segments } = this;
    const past = segments.all.slice(0, count).filter((segment) => segment !== segments.active);
    if (past.length === 0) return;
    this.#starts(past.at(-1)!.next);
    await segments.drop(past);
  }

  #starts(offset: number): void {
    this.startOffset = Math.max(this.startOffset, offset);
    this.stableOffset = Math.max(this.stableOffset, this.startOffset);
  }

  abortedTransactions(from: number, to: number): readonly AbortedTransaction[] {
    return abortedBetween(this.segments.all, from, to);
  }

  producers(): readonly ProducerState[] {
    return this.producerStates.states();
  }

  watch(listener: PartitionListener): () => void {
    if (this.#gone !== undefined) throw this.#gone;
    if (listener.reading !== false) this.#tail.wanted();
    return this.#watchers.add(listener);
  }

  /** Of the committer. */
  committed(pending: readonly PendingBatches[], buffers: readonly Buffer[]): void {
    const segment = this.segments.active!;
    const nowMs = Date.now();
    for (let index = 0; index < buffers.length; index++) {
      const buffer = buffers[index]!;
      for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
        segment.add(buffer, at, nowMs);
        const aborted = this.transactions.apply(buffer, at);
        if (aborted !== undefined) segment.aborted.push(aborted);
      }
      this.#release(buffer.length);
      if (pending[index] instanceof PendingPack) this.#packBytes = packSize(buffer.length);
    }
    this.#tail.add(buffers, this.endOffset, segment.next, this.#watchers.reading);
    this.endOffset = segment.next;
    this.stableOffset = Math.max(this.startOffset, this.transactions.stableOffset(this.endOffset));
    for (const one of pending) one.committed();
    this.#watchers.committed(this);
  }

  /** Of the committer. */
  failed(pending: readonly PendingBatches[], fault: AppendFault): void {
    for (const one of pending.toReversed()) {
      for (const undo of one.undo.toReversed()) this.producerStates.undo(undo);
    }
    this.#release(this.#pendingBytes);
    this.#nextOffset = this.endOffset;
    for (const one of pending) one.failed(fault);
  }

  /** Of the committer, when a segment begins. */
  rolled(base: number, waiting: readonly PendingBatches[]): void {
    this.onRoll(base, this.producerStates.before(waiting.flatMap(({ undo }) => undo)));
  }

  /** Keeps what is known of producers at the beginning of a segment. */
  onRoll: (base: number, producers: readonly Producer[]) => void = () => undefined;

  /** Brings what is only in the page cache to the disk. */
  async sync(): Promise<void> {
    const active = this.segments.active;
    if (active === undefined) return;
    try {
      await this.segments.sync(active);
    } catch (error) {
      this.#committer.suspect();
      throw this.#environment.health.failed(error, this.#committer);
    }
  }

  /** Commits what waits and takes nothing more. */
  async end(reason: Fault): Promise<void> {
    this.#gone = reason;
    await this.#committer.drain();
    this.#environment.tails.forget(this.#tail);
    this.#watchers.ended(this);
  }

  /** Brings the file in line with what was committed, after a failure; throws when it cannot. */
  mend(): Promise<void> {
    return this.#committer.repair();
  }

  /** The folder is gone: closes the files. */
  removed(): void {
    this.#committer.abandon();
    for (const segment of this.segments.all) this.segments.forget(segment);
  }

  #readDisk(from: number, maxBytes: number, end: number): Promise<readonly Buffer[]> {
    return this.#reading(async () => {
      if (from < this.startOffset) throw outOfRange(this, from);
      const { batches, next } = await this.#reader.read(from, maxBytes, end);
      if (next >= end) this.#tail.wanted();
      return batches;
    });
  }

  /** Again, when a segment went away meanwhile. @throws Fault */
  async #reading<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const { all } = this.segments;
      try {
        return await work();
      } catch (error) {
        if (this.#gone !== undefined) throw this.#gone;
        if (error instanceof Fault) throw error;
        if (!isMissing(error) || this.segments.all === all) throw unreadable(this, error);
      }
    }
  }

  async #answerSeen(seen: SeenBatch): Promise<Appended> {
    // It may still wait for its commit.
    if (seen.baseOffset >= this.endOffset) await this.#committer.drain();
    if (seen.baseOffset >= this.endOffset) throw this.#environment.health.refusing ?? lost();
    const { baseOffset } = seen;
    return { baseOffset, appendTimeMs: -1, startOffset: this.startOffset, duplicate: true };
  }

  #newPack(bytes: number): PendingPack {
    const start = Math.max(this.#packBytes, bytes + BATCH.records);
    const pack = new PendingPack(this.#nextOffset, this.epoch, this.#appendTimeMs(), start);
    this.#reserveMore(pack.bytes);
    return pack;
  }

  #appendTimeMs(): number | undefined {
    return this.stream.settings.time === 'appended' ? Date.now() : undefined;
  }

  /** @throws AppendFault when nothing is taken at this time */
  #checkOpen(): void {
    if (this.#gone !== undefined) throw new AppendFault('storage', this.#gone.message);
    const { refusing } = this.#environment.health;
    if (refusing !== undefined) throw refusing;
  }

  /** @throws AppendFault when too much waits */
  #reserve(bytes: number): void {
    const { pending, retryMs } = this.#environment;
    if (pending.used > 0 && pending.used + bytes > pending.max) {
      throw new AppendFault(
        'storage',
        `More than ${pending.max} bytes wait for the disk; send again later, and less at a time.`,
        { retryAfterMs: retryMs },
      );
    }
    this.#reserveMore(bytes);
  }

  #reserveMore(bytes: number): void {
    this.#pendingBytes += bytes;
    this.#environment.pending.used += bytes;
  }

  #release(bytes: number): void {
    this.#pendingBytes -= bytes;
    this.#environment.pending.used -= bytes;
  }
}

/** To begin the next pack with, so that it seldom grows. */
function packSize(bytes: number): number {
  return Math.min(PACK_BYTES, Math.max(FIRST_PACK_BYTES, bytes + (bytes >>> 3)));
}
