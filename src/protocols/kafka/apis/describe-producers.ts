import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { findTopic, partitionOf } from '../topics.ts';
import { array, bigint64, int16, int32, int64, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * DescribeProducers (61): what is known of the idempotent and transactional producers of partitions.
 *
 *     request  => [name [partitionIndex]]
 *     response => throttleTimeMs [name [partitionIndex errorCode errorMessage [producerId
 *                 producerEpoch lastSequence lastTimestamp coordinatorEpoch currentTxnStartOffset]]]
 */
const request = message(0, {
  topics: array({ name: string, partitionIndexes: array(int32) }),
});

const response = message(0, {
  throttleTimeMs: int32,
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      errorMessage: string.nullable().or(null),
      activeProducers: array({
        producerId: bigint64,
        producerEpoch: int32,
        lastSequence: int32.or(-1),
        lastTimestamp: int64.or(-1),
        coordinatorEpoch: int32,
        currentTxnStartOffset: int64.or(-1),
      }),
    }),
  }),
});

export const describeProducers = handler({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  request,
  response,
  handle: ({ topics }, context) => ({
    topics: topics.map(({ name, partitionIndexes }) => {
      const topic = findTopic(context, { name }, 'read');
      return {
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const { value, error } = partitionOf(topic, partitionIndex);
          const errorMessage = error === ERROR.NONE ? null : 'There is no such partition here.';
          const activeProducers = value?.producers().map((one) => ({
            producerId: one.producerId,
            producerEpoch: one.producerEpoch,
            lastSequence: one.lastSequence,
            lastTimestamp: one.lastTimeMs,
            coordinatorEpoch: one.coordinatorEpoch,
            currentTxnStartOffset: one.transactionStart ?? -1,
          }));
          return { partitionIndex, errorCode: error, errorMessage, activeProducers };
        }),
      };
    }),
  }),
});
