import { BATCH, baseOffsetOf, isControl, isTransactional } from '../formats/records/batch.ts';
import { readMarker } from '../formats/records/marker.ts';
import type { Aborted } from './segment.ts';

/** Open transactions of the committed records. */
export class Transactions {
  /** First offset by producer id; the lowest first, as they were opened. */
  readonly #open = new Map<bigint, number>();

  /** Where the first open transaction begins, or `end`. */
  stableOffset(end: number): number {
    for (const first of this.#open.values()) return first;
    return end;
  }

  open(): [producerId: bigint, firstOffset: number][] {
    return [...this.#open];
  }

  restore(open: Iterable<readonly [producerId: bigint, firstOffset: number]>): void {
    for (const [producerId, firstOffset] of open) this.#open.set(producerId, firstOffset);
  }

  /** Takes the transactional batch at `at`; answers the transaction that it aborts. */
  apply(batch: Buffer, at: number): Aborted | undefined {
    if (!isTransactional(batch, at)) return undefined;
    const producerId = batch.readBigInt64BE(at + BATCH.producerId);
    const offset = baseOffsetOf(batch, at);
    if (!isControl(batch, at)) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, offset);
      return undefined;
    }
    const firstOffset = this.#open.get(producerId);
    if (firstOffset === undefined) return undefined;
    const marker = readMarker(batch, at);
    if (marker === undefined) return undefined;
    this.#open.delete(producerId);
    if (marker.commit) return undefined;
    const stableOffset = this.stableOffset(offset + 1);
    return { producerId, firstOffset, lastOffset: offset, stableOffset };
  }
}
