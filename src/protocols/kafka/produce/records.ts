import {
  BATCH,
  BATCH_HEADER_BYTES,
  batchBytes,
  compressionOf,
  isControl,
} from '../../../formats/records/batch.ts';
import { ERROR, type KafkaError } from '../errors.ts';

export interface RefusedRecords {
  readonly error: KafkaError;
  readonly reason: string;
}

/** zstd may be sent from this version on (KIP-110). */
const ZSTD_VERSION = 7;

/**
 * What Kafka's protocol asks of the records of a Produce request, before the log looks at them:
 * one batch of the second format for each partition, and no control batch. Undefined for records
 * that may go on.
 */
export function refusedRecords(
  records: Buffer | null,
  version: number,
): RefusedRecords | undefined {
  if (records === null || records.length < BATCH_HEADER_BYTES) {
    const magic = records?.[BATCH.magic];
    return magic === 0 || magic === 1 ? oldFormat(magic) : invalid('There is no record batch.');
  }
  const magic = records[BATCH.magic]!;
  if (magic !== 2) return oldFormat(magic);
  if (batchBytes(records, 0) < records.length) {
    return invalid('There is more than one record batch for the partition.');
  }
  const compression = compressionOf(records);
  if (compression === undefined || (compression === 'zstd' && version < ZSTD_VERSION)) {
    return {
      error: ERROR.UNSUPPORTED_COMPRESSION_TYPE,
      reason:
        compression === undefined
          ? 'The compression of the batch is not known.'
          : `zstd needs version ${ZSTD_VERSION} of Produce; this is version ${version}.`,
    };
  }
  if (isControl(records)) return invalid('Only the broker writes control batches.');
  return undefined;
}

function oldFormat(magic: number): RefusedRecords {
  return invalid(`Records come in format 2 (magic); format ${magic} is not taken.`);
}

function invalid(reason: string): RefusedRecords {
  return { error: ERROR.INVALID_RECORD, reason };
}
