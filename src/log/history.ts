import type { AbortedTransaction } from '../hub/engine.ts';
import type { Segment } from './segment.ts';

/** Where the records of an epoch end, and the largest epoch that is not above the one asked for
 * (as Kafka's OffsetForLeaderEpoch answers it). */
export function epochEnd(
  log: {
    readonly segments: { readonly all: readonly Segment[] };
    readonly endOffset: number;
    readonly epoch: number;
  },
  epoch: number,
): { epoch: number; endOffset: number } {
  let found = -1;
  for (const segment of log.segments.all) {
    for (const [number, offset] of segment.epochs) {
      if (number > epoch) return { epoch: found, endOffset: offset };
      found = number;
    }
  }
  return { epoch: epoch >= log.epoch ? log.epoch : found, endOffset: log.endOffset };
}

/** Aborted transactions with records in [from, to); the first that ended first. */
export function abortedBetween(
  segments: readonly Segment[],
  from: number,
  to: number,
): AbortedTransaction[] {
  const found: AbortedTransaction[] = [];
  for (const segment of segments) {
    // A marker lies behind its records.
    if (segment.next <= from) continue;
    for (const one of segment.aborted) {
      if (one.lastOffset >= from && one.firstOffset < to) {
        found.push({
          producerId: one.producerId,
          firstOffset: one.firstOffset,
          lastOffset: one.lastOffset,
        });
      }
      // What ends after this one began after `to`.
      if (one.stableOffset >= to) return found;
    }
  }
  return found;
}
