import {
  BATCH,
  baseOffsetOf,
  batchBytes,
  nextOffsetOf,
  readInt64,
} from '../formats/records/batch.ts';
import type { AbortedTransaction } from '../hub/engine.ts';
import { isSparse } from './segment-names.ts';
import { type Place, SparseIndex } from './sparse-index.ts';

/** Bytes of the log for each entry of its index: what a search reads too much, at most. */
const INDEX_INTERVAL = 32 * 1024;

/** An aborted transaction, as the segment with its marker remembers it. */
export interface Aborted extends AbortedTransaction {
  /** The partition's stable offset after the marker. */
  readonly stableOffset: number;
}

/** What is known of a segment without reading it. */
export interface SegmentFacts {
  readonly base: number;
  /** One past the last offset that it covers. */
  next: number;
  /** Bytes that are committed; the file may have more, which do not count. */
  size: number;
  /** Latest time of its records, in milliseconds; -1 for none. */
  maxTimeMs: number;
  /** Base offset of the first batch with that time. */
  maxTimeOffset: number;
  /** When the last batch came. */
  lastAppendMs: number;
  /** When the first batch came. */
  firstAppendMs: number;
  /** Epochs whose first records are here: epoch and first offset. */
  readonly epochs: [epoch: number, offset: number][];
  /** Whose markers are here. */
  readonly aborted: Aborted[];
}

/** A file of record batches, one after the other, and what is known of it. */
export class Segment implements SegmentFacts {
  /** Its file name without the ending. */
  readonly name: string;
  readonly base: number;
  next: number;
  size = 0;
  maxTimeMs = -1;
  maxTimeOffset = -1;
  lastAppendMs = 0;
  firstAppendMs = 0;
  readonly epochs: [epoch: number, offset: number][];
  readonly aborted: Aborted[];
  /** Bytes that are known to be on disk. */
  synced = 0;
  /** Bytes of the file that are there, filled with zeros where nothing was written yet. */
  allocated = 0;
  /** Held while the segment is written to; others are read when they are needed. */
  index: SparseIndex | undefined;
  /** Records between its last readable one and `next` are damaged, and lost. */
  damaged = false;
  /** Offsets of records that a compaction took are missing in it. */
  readonly sparse: boolean;
  /** The file is gone, or about to be. */
  removed = false;

  constructor(base: number, name: string, facts?: SegmentFacts) {
    this.name = name;
    this.sparse = isSparse(name);
    this.base = base;
    this.next = facts?.next ?? base;
    this.epochs = facts?.epochs ?? [];
    this.aborted = facts?.aborted ?? [];
    if (facts === undefined) return;
    this.size = facts.size;
    this.synced = facts.size;
    this.maxTimeMs = facts.maxTimeMs;
    this.maxTimeOffset = facts.maxTimeOffset;
    this.lastAppendMs = facts.lastAppendMs;
    this.firstAppendMs = facts.firstAppendMs;
  }

  /** Takes the batch at `at` of a buffer as the segment's next. */
  add(buffer: Buffer, at: number, nowMs: number): void {
    const base = baseOffsetOf(buffer, at);
    const epoch = buffer.readInt32BE(at + BATCH.epoch);
    const index = (this.index ??= new SparseIndex(this.base));
    if (this.size >= index.lastPosition + INDEX_INTERVAL)
      index.add(base, this.size, this.maxTimeMs);
    if (this.epochs.length === 0 || epoch > this.epochs.at(-1)![0]) this.epochs.push([epoch, base]);
    if (this.size === 0) this.firstAppendMs = nowMs;
    const time = readInt64(buffer, at + BATCH.maxTime);
    if (time > this.maxTimeMs) {
      this.maxTimeMs = time;
      this.maxTimeOffset = base;
    }
    this.lastAppendMs = nowMs;
    this.next = nextOffsetOf(buffer, at);
    this.size += batchBytes(buffer, at);
  }

  /** Where its first batch begins. */
  get start(): Place {
    return { offset: this.base, position: 0 };
  }

  facts(): SegmentFacts {
    const { base, next, size, maxTimeMs, maxTimeOffset, lastAppendMs, firstAppendMs } = this;
    const { epochs, aborted } = this;
    return {
      base,
      next,
      size,
      maxTimeMs,
      maxTimeOffset,
      lastAppendMs,
      firstAppendMs,
      epochs,
      aborted,
    };
  }
}
