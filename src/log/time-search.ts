import { BATCH, batchBytes, readInt64 } from '../formats/records/batch.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { Environment } from './environment.ts';
import { readBatches, withSegment } from './reading.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { Place } from './sparse-index.ts';

export interface TimedOffset {
  readonly offset: number;
  readonly timeMs: number;
}

const READ_BYTES = 256 * 1024;

/** The first record at or after `from` and below `end` whose time is at least `timeMs`. */
export async function offsetAtTime(
  environment: Environment,
  segments: SegmentList,
  timeMs: number,
  from: number,
  end: number,
): Promise<TimedOffset | undefined> {
  for (const segment of segments.all) {
    if (segment.next <= from || segment.maxTimeMs < timeMs) continue;
    if (segment.base >= end) return undefined;
    const found = await searchSegment(environment, segments, segment, timeMs, from, end);
    if (found !== undefined) return found;
  }
  return undefined;
}

function searchSegment(
  environment: Environment,
  segments: SegmentList,
  segment: Segment,
  timeMs: number,
  from: number,
  end: number,
): Promise<TimedOffset | undefined> {
  return withSegment(environment, segments, segment, async (file, index) => {
    const [byTime, byOffset] = [index?.placeOfTime(timeMs), index?.placeOf(from)];
    let place = later(byTime ?? segment.start, byOffset ?? segment.start);
    for (;;) {
      const read = await readBatches(
        file,
        segment,
        place,
        Math.max(place.offset, from),
        READ_BYTES,
        end,
      );
      if (read.batches.length === 0) return undefined;
      for (const buffer of read.batches) {
        const found = searchBuffer(buffer, timeMs, from);
        if (found !== undefined) return found;
      }
      place = read.next;
    }
  });
}

function later(one: Place, other: Place): Place {
  return one.position > other.position ? one : other;
}

function searchBuffer(buffer: Buffer, timeMs: number, from: number): TimedOffset | undefined {
  for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
    if (readInt64(buffer, at + BATCH.maxTime) < timeMs) continue;
    const reader = new RecordReader();
    reader.open(buffer, at);
    while (reader.next()) {
      if (reader.timeMs >= timeMs && reader.offset >= from) {
        return { offset: reader.offset, timeMs: reader.timeMs };
      }
    }
  }
  return undefined;
}
