import { BATCH, isTransactional } from '../../../formats/records/batch.ts';
import type { Partition } from '../../../hub/engine.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import type { RefusedRecords } from '../produce/records.ts';
import { IMPLICIT } from './features.ts';
import type { Transactions } from './transactions.ts';

/** Undefined for a batch that may be written. */
export type TransactionCheck = (
  records: Buffer,
  partition: Partition,
) => RefusedRecords | undefined;

/** For a request without a transactional id. */
export const outsideTransactions: TransactionCheck = (records) =>
  isTransactional(records)
    ? {
        error: ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        reason: 'A batch of a transaction needs a transactional id in its request.',
      }
    : undefined;

/**
 * Whether the producer of a batch holds the transactional id of the request, and its transaction is
 * open and has the partition (KIP-890: nothing that comes late opens a transaction which nobody
 * would end). Clients of the second version of transactions add the partition in this way.
 */
export function insideTransaction(
  transactions: Transactions,
  id: string,
  version: number,
): TransactionCheck {
  return (records, { stream, index }) => {
    if (!isTransactional(records)) return undefined;
    const producer = {
      producerId: records.readBigInt64BE(BATCH.producerId),
      epoch: records.readInt16BE(BATCH.producerEpoch),
    };
    const place = { streamId: stream.id, partition: index };
    const error: KafkaError =
      version < IMPLICIT.produce
        ? transactions.writeError(id, producer, place)
        : transactions.addWritten(id, producer, place);
    if (error === ERROR.NONE) return undefined;
    return { error, reason: `The transaction of "${id}" does not take this batch.` };
  };
}
