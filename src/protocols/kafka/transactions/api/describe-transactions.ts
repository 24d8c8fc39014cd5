import type { RequestContext } from '../../context.ts';
import { type Coordinator, withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { mayRead } from '../../groups/stream-topics.ts';
import { array, bigint64, int16, int32, int64, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';

const request = message(0, { transactionalIds: array(string) });

const response = message(0, {
  throttleTimeMs: int32,
  transactionStates: array({
    errorCode: int16,
    transactionalId: string,
    transactionState: string,
    transactionTimeoutMs: int32,
    transactionStartTimeMs: int64.or(-1),
    producerId: bigint64.or(-1n),
    producerEpoch: int16.or(-1),
    topics: array({ topic: string, partitions: array(int32) }),
  }),
});

/** DescribeTransactions (65). */
export const describeTransactions = handler({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  request,
  response,
  handle: ({ transactionalIds }, context) =>
    withCoordinator(context.broker, (coordinator) => ({
      transactionStates: transactionalIds.map((id) => describe(coordinator, id, context)),
    })),
  failed: (error, { transactionalIds }) => ({
    transactionStates: transactionalIds.map((transactionalId) => ({
      transactionalId,
      errorCode: coordinatorError(error),
    })),
  }),
});

function describe({ transactions, topics }: Coordinator, id: string, context: RequestContext) {
  const transaction = transactions.get(id);
  if (transaction === undefined) {
    return { transactionalId: id, errorCode: ERROR.TRANSACTIONAL_ID_NOT_FOUND };
  }
  const { broker, client } = context;
  const named = [...transaction.partitions].map(([streamId, partitions]) => ({
    topic: topics.byId(streamId)?.name ?? '',
    partitions: [...partitions],
  }));
  return {
    errorCode: ERROR.NONE,
    transactionalId: id,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.state === 'Ongoing' ? transaction.startMs : -1,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: named.filter(({ topic }) => mayRead(broker.streams, topic, client.origin)),
  };
}
