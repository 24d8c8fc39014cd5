import { BATCH } from './batch.ts';
import type { BatchRules } from './check.ts';
import { MAX_UNPACKED_BYTES } from './compression.ts';
import { RecordsFault } from './fault.ts';
import { RecordReader } from './record-reader.ts';

export interface RecordRules extends Pick<BatchRules, 'from'> {
  /** Every record must have a key, as in a compacted stream. */
  readonly keys?: boolean;
  /** Of the records of a compressed batch. */
  readonly maxUnpackedBytes?: number;
}

const reader = new RecordReader();

/**
 * Reads every record of a batch that `checkBatch` found good: for compressed batches (whose count
 * of records nobody has seen), compacted streams, or when it is asked for.
 */
export function checkRecords(
  batch: Buffer,
  at: number,
  rules: RecordRules,
): RecordsFault | undefined {
  const last = batch.readInt32BE(at + BATCH.lastOffsetDelta);
  let previous = -1;
  try {
    reader.open(batch, at, rules.maxUnpackedBytes ?? MAX_UNPACKED_BYTES);
    while (reader.next()) {
      reader.checkHeaders();
      const delta = reader.offsetDelta;
      const fits = rules.from === 'producer' ? delta === previous + 1 : delta > previous;
      if (!fits || delta > last) {
        const text = `a record has offset delta ${delta} after ${previous}, with ${last} as the last`;
        return refused(at, text);
      }
      if (rules.keys && !reader.hasKey) {
        return refused(at, `record ${delta} has no key, which a compacted stream needs`);
      }
      previous = delta;
    }
  } catch (error) {
    if (error instanceof RecordsFault) return error;
    throw error;
  } finally {
    reader.close();
  }
  return undefined;
}

function refused(at: number, what: string): RecordsFault {
  return new RecordsFault('invalid', at, `The record batch at byte ${at} is refused: ${what}.`);
}
