import { BATCH, isControl } from '../formats/records/batch.ts';
import { readMarker } from '../formats/records/marker.ts';
import type { Producers } from './producers.ts';
import type { Aborted } from './segment.ts';
import type { Transactions } from './transactions.ts';

/** Takes a stored batch again as it was taken at first; answers the transaction that it aborts. */
export function replay(
  batch: Buffer,
  at: number,
  producers: Producers,
  transactions: Transactions,
): Aborted | undefined {
  if (!hasProducer(batch, at)) return undefined;
  if (!isControl(batch, at)) {
    producers.take(batch, at);
  } else {
    const marker = readMarker(batch, at);
    if (marker !== undefined)
      producers.takeMarker(marker, Number(batch.readBigInt64BE(at + BATCH.maxTime)));
  }
  return transactions.apply(batch, at);
}

/** Is the batch of an idempotent or transactional producer? */
export function hasProducer(batch: Buffer, at: number): boolean {
  return batch.readInt32BE(at + BATCH.producerId) >= 0;
}
