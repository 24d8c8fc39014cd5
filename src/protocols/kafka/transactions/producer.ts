import { ERROR } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import { NO_EPOCH, type Transaction } from './transaction.ts';

/** Who a producer says that it is. */
export interface Producer {
  readonly producerId: bigint;
  readonly epoch: number;
}

export function refuseWhileEnding({ id, decided }: Transaction): void {
  if (decided === undefined) return;
  throw new KafkaFailure(
    ERROR.CONCURRENT_TRANSACTIONS,
    `The last transaction of "${id}" is still being ended; try again.`,
  );
}

export function checkOwner(transaction: Transaction, { producerId, epoch }: Producer): void {
  const { id, producerEpoch } = transaction;
  if (transaction.producerId !== producerId) {
    throw new KafkaFailure(
      ERROR.INVALID_PRODUCER_ID_MAPPING,
      `Transactional id "${id}" belongs to another producer id.`,
    );
  }
  if (producerEpoch !== epoch) {
    throw new KafkaFailure(
      ERROR.PRODUCER_FENCED,
      `A newer producer has transactional id "${id}" (epoch ${producerEpoch}, not ${epoch}).`,
    );
  }
}

export function checkExpected(transaction: Transaction, expected: Producer | undefined): void {
  if (expected === undefined || transaction.producerEpoch === NO_EPOCH) return;
  if (isCurrent(transaction, expected) || isRepeated(transaction, expected)) return;
  throw new KafkaFailure(
    ERROR.PRODUCER_FENCED,
    `A newer producer has transactional id "${transaction.id}".`,
  );
}

function isCurrent({ producerId, producerEpoch }: Transaction, expected: Producer): boolean {
  return expected.producerId === producerId && expected.epoch === producerEpoch;
}

/** The producer was given its new epoch and has not heard of it. */
export function isRepeated(transaction: Transaction, expected: Producer | undefined): boolean {
  if (expected === undefined || expected.epoch === NO_EPOCH) return false;
  const { producerId, lastProducerId, lastEpoch } = transaction;
  return (
    expected.epoch === lastEpoch &&
    !isCurrent(transaction, expected) &&
    (expected.producerId === producerId || expected.producerId === lastProducerId)
  );
}
