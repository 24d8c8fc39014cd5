import {
  BATCH,
  baseOffsetOf,
  batchBytes,
  isControl,
  isTransactional,
  nextOffsetOf,
} from '../formats/records/batch.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { Environment } from './environment.ts';
import { abortedBetween } from './history.ts';
import { KeyMap } from './key-map.ts';
import type { LogPartition } from './partition.ts';
import { readBatches, withSegment } from './reading.ts';
import { segmentLimits } from './retention.ts';
import { Rewriter } from './rewriter.ts';
import type { Segment } from './segment.ts';

const READ_BYTES = 1024 * 1024;
/** Keys of one pass; a pass with more of them goes on where it stopped, the next time. */
const MAX_KEYS = 200_000;
/** Part of the log that must be new before it is worth the work. */
const DIRTY_PART = 0.5;

/**
 * Keeps the last record of each key in the segments that are not written to any more: a first pass
 * over those that are new notes where each key stands last, a second one writes all anew without
 * the records that have a later one, without tombstones past their time, and without records of
 * aborted transactions.
 */
export async function compact(
  environment: Environment,
  partition: LogPartition,
  nowMs: number,
): Promise<void> {
  const { segments, stream } = partition;
  const closed = segments.all.filter(
    (segment) => segment !== segments.active && segment.next <= partition.stableOffset,
  );
  if (closed.some(({ damaged }) => damaged) || !worthIt(closed, partition.compactedTo)) return;
  const pass = new Pass(environment, partition, nowMs);
  for (const segment of closed) {
    if (segment.next <= partition.compactedTo) continue;
    if (!(await pass.note(segment))) break;
  }
  for (const group of grouped(closed, segmentLimits(stream.settings).bytes)) {
    if (partition.ended) return;
    await pass.rewrite(group);
  }
  partition.compacted(pass.notedTo);
}

function worthIt(closed: readonly Segment[], compactedTo: number): boolean {
  let all = 0;
  let dirty = 0;
  for (const segment of closed) {
    all += segment.size;
    if (segment.next > compactedTo) dirty += segment.size;
  }
  return dirty > 0 && dirty >= all * DIRTY_PART;
}

/** Segments that one file has room for. */
function grouped(closed: readonly Segment[], bytes: number): Segment[][] {
  const groups: Segment[][] = [];
  let size = 0;
  for (const segment of closed) {
    const group = groups.at(-1);
    const span = group === undefined ? 0 : segment.next - group[0]!.base;
    if (group === undefined || size + segment.size > bytes || span >= 2 ** 31) {
      groups.push([segment]);
      size = segment.size;
    } else {
      group.push(segment);
      size += segment.size;
    }
  }
  return groups;
}

class Pass {
  readonly #environment: Environment;
  readonly #partition: LogPartition;
  readonly #nowMs: number;
  readonly #keys = new KeyMap(MAX_KEYS);
  readonly #reader = new RecordReader();
  /** Records from here on are not in the map, and stay. */
  notedTo = 0;

  constructor(environment: Environment, partition: LogPartition, nowMs: number) {
    this.#environment = environment;
    this.#partition = partition;
    this.#nowMs = nowMs;
    this.notedTo = partition.compactedTo;
  }

  /** Notes the keys of a segment; false when no more can be noted. */
  async note(segment: Segment): Promise<boolean> {
    for await (const buffer of this.#read(segment)) {
      for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
        if (nextOffsetOf(buffer, at) <= this.notedTo) continue;
        if (this.#keys.full) return false;
        this.notedTo = nextOffsetOf(buffer, at);
        if (isControl(buffer, at) || this.#isAborted(buffer, at)) continue;
        this.#reader.open(buffer, at);
        while (this.#reader.next()) {
          const key = this.#reader.key;
          if (key !== null) this.#keys.set(key, this.#reader.offset);
        }
      }
    }
    this.notedTo = segment.next;
    return true;
  }

  /** Writes segments anew, as one. */
  async rewrite(group: readonly Segment[]): Promise<void> {
    const { segments } = this.#partition;
    const rewriter = await Rewriter.open(this.#environment, segments, group);
    try {
      for (const segment of group) {
        for await (const buffer of this.#read(segment)) {
          for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
            if (this.#keepsNothing(buffer, at, segment)) continue;
            await rewriter.add(buffer, at, segment, this.#keeps(segment, buffer, at));
          }
        }
      }
      await rewriter.finish();
    } catch (error) {
      await rewriter.abandon();
      throw error;
    }
  }

  async *#read(segment: Segment): AsyncIterable<Buffer> {
    let place = segment.start;
    while (place.position < segment.size) {
      const from = place;
      const read = await withSegment(this.#environment, this.#partition.segments, segment, (file) =>
        readBatches(file, segment, from, from.offset, READ_BYTES, segment.next),
      );
      if (read.batches.length === 0) return;
      yield* read.batches;
      place = read.next;
    }
  }

  /** Of records that nobody sees, or a marker whose records are gone since long. */
  #keepsNothing(buffer: Buffer, at: number, segment: Segment): boolean {
    if (baseOffsetOf(buffer, at) >= this.notedTo) return false;
    if (isControl(buffer, at)) return this.#isPast(segment.lastAppendMs);
    return this.#isAborted(buffer, at);
  }

  #keeps(segment: Segment, buffer: Buffer, at: number): (reader: RecordReader) => boolean {
    if (isControl(buffer, at)) return () => true;
    return (reader) => {
      const key = reader.key;
      if (reader.offset >= this.notedTo || key === null) return true;
      const last = this.#keys.get(key);
      if (last !== undefined && last > reader.offset) return false;
      if (reader.hasValue) return true;
      // Its maker's time, where that is believable.
      const timeMs = Math.max(reader.timeMs, segment.firstAppendMs);
      return !this.#isPast(Math.min(timeMs, segment.lastAppendMs));
    };
  }

  #isPast(timeMs: number): boolean {
    return timeMs <= this.#nowMs - this.#partition.stream.settings.tombstoneMs;
  }

  #isAborted(buffer: Buffer, at: number): boolean {
    if (!isTransactional(buffer, at)) return false;
    const base = baseOffsetOf(buffer, at);
    const producerId = buffer.readBigInt64BE(at + BATCH.producerId);
    return abortedBetween(this.#partition.segments.all, base, base + 1).some(
      (one) => one.producerId === producerId,
    );
  }
}
