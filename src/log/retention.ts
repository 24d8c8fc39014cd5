import type { StreamSettings } from '../hub/engine.ts';
import type { Segment } from './segment.ts';

/** Segments of a stream with limits are a part of them, so that whole segments can go in time. */
const PARTS = 4;
const LEAST_BYTES = 16 * 1024;
const LEAST_RECORDS = 64;
const LEAST_MS = 1000;

/** When a new segment begins. */
export interface SegmentLimits {
  readonly bytes: number;
  readonly records: number;
  readonly ageMs: number;
}

/** Positions in a segment are 32-bit. */
const MAX_BYTES = 2 ** 31;

export function segmentLimits(settings: StreamSettings): SegmentLimits {
  const part = (limit: number, least: number): number =>
    settings.expire && limit >= 0 ? Math.max(least, Math.floor(limit / PARTS)) : MAX_BYTES;
  return {
    bytes: Math.min(settings.segmentBytes, part(settings.retentionBytes, LEAST_BYTES)),
    records: part(settings.retentionRecords, LEAST_RECORDS),
    ageMs:
      settings.expire && settings.retentionMs >= 0
        ? Math.min(settings.segmentMs, Math.max(LEAST_MS, settings.retentionMs / PARTS))
        : settings.segmentMs,
  };
}

/** When the last of a segment's records is from; their makers may not have said. */
export function lastTimeMs(segment: Segment): number {
  return segment.maxTimeMs >= 0 ? segment.maxTimeMs : segment.lastAppendMs;
}

/**
 * How many of the first segments have to go.
 * @param stableOffset records of open transactions, behind it, stay
 */
export function expired(
  segments: readonly Segment[],
  settings: StreamSettings,
  stableOffset: number,
  nowMs: number,
): number {
  if (!settings.expire) return 0;
  const { retentionMs, retentionBytes, retentionRecords } = settings;
  let bytes = 0;
  for (const segment of segments) bytes += segment.size;
  const end = segments.at(-1)?.next ?? 0;
  let count = 0;
  for (const segment of segments) {
    bytes -= segment.size;
    const old = retentionMs >= 0 && lastTimeMs(segment) < nowMs - retentionMs;
    const large = retentionBytes >= 0 && bytes >= retentionBytes;
    const many = retentionRecords >= 0 && end - segment.next >= retentionRecords;
    if (segment.next > stableOffset || !(old || large || many)) break;
    count++;
  }
  return count;
}
