import {
  BATCH,
  BATCH_HEADER_BYTES,
  batchBytes,
  compressionOf,
  isControl,
} from '../../../formats/records/batch.ts';
import { RecordsFault } from '../../../formats/records/fault.ts';
import { convertLegacy, isLegacy } from '../../../formats/records/legacy.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { OF_APPEND } from '../faults.ts';

export interface RefusedRecords {
  readonly error: KafkaError;
  readonly reason: string;
}

/** Before this version records come as message sets of the formats before Kafka 0.11. */
const BATCH_VERSION = 3;
/** zstd may be sent from this version on (KIP-110). */
const ZSTD_VERSION = 7;

/**
 * The records of a Produce request as a record batch. Old producers are served because librdkafka
 * compresses nothing for a broker that does not name version 0 (KAFKA-18659).
 */
export function batchOf(records: Buffer | null, version: number): Buffer | RefusedRecords {
  if (records === null) return invalid('There are no records.');
  if (version >= BATCH_VERSION) return records;
  if (!isLegacy(records)) {
    return invalid(`Version ${version} of Produce carries messages of formats 0 and 1 (magic).`);
  }
  try {
    return convertLegacy(records);
  } catch (thrown) {
    if (!(thrown instanceof RecordsFault)) throw thrown;
    return { error: OF_APPEND[thrown.reason], reason: thrown.message };
  }
}

/**
 * What Kafka's protocol asks of the records of a Produce request, before the log looks at them:
 * one batch of the second format for each partition, and no control batch. Undefined for records
 * that may go on.
 */
export function refusedRecords(records: Buffer, version: number): RefusedRecords | undefined {
  if (records.length < BATCH_HEADER_BYTES) {
    const magic = records[BATCH.magic];
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
