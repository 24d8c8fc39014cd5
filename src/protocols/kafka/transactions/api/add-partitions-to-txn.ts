import type { RequestContext } from '../../context.ts';
import { type Coordinator, withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { errorOf, topicErrorOf } from '../../faults.ts';
import { array, bigint64, bool, int16, int32, string } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import { producerError } from './producer-error.ts';

const topics = array({ name: string, partitions: array(int32) });

const request = message(3, {
  transactions: array({
    transactionalId: string,
    producerId: bigint64,
    producerEpoch: int16,
    verifyOnly: bool,
    topics,
  }).from(4),
  transactionalId: string.until(3),
  producerId: bigint64.until(3),
  producerEpoch: int16.until(3),
  topics: topics.until(3),
});

const topicResults = array({
  name: string,
  resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
});

const response = message(3, {
  throttleTimeMs: int32,
  errorCode: int16.from(4),
  resultsByTransaction: array({ transactionalId: string, topicResults }).from(4),
  resultsByTopic: topicResults.until(3),
});

type Asked = Of<typeof request>;
type AskedTransaction = Asked['transactions'][number];

/** AddPartitionsToTxn (24): a producer is about to write to partitions in its transaction; from
 * version 4 on, several transactions at once. */
export const addPartitionsToTxn = handler({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, async (coordinator) => {
      if (context.version <= 3) {
        const one = { ...asked, verifyOnly: false };
        return { resultsByTopic: await add(coordinator, one, context) };
      }
      const results = asked.transactions.map(async (one) => ({
        transactionalId: one.transactionalId,
        topicResults: await add(coordinator, one, context),
      }));
      return { resultsByTransaction: await Promise.all(results) };
    }),
  failed: (error, asked) => ({
    errorCode: coordinatorError(error),
    resultsByTopic: draft(asked.topics, () => coordinatorError(error)),
  }),
});

async function add(
  { transactions }: Coordinator,
  asked: AskedTransaction,
  context: RequestContext,
) {
  const { transactionalId, producerId, producerEpoch } = asked;
  const found = asked.topics.map(({ name, partitions }) => streamOf(name, partitions, context));
  if (found.some((one) => typeof one === 'number')) {
    // All or nothing: what is right is not done either.
    return draft(asked.topics, (topic) => {
      const one = found[topic]!;
      return typeof one === 'number' ? one : ERROR.OPERATION_NOT_ATTEMPTED;
    });
  }
  const partitions = asked.topics.flatMap((topic, index) =>
    topic.partitions.map((partition) => ({ streamId: found[index] as string, partition })),
  );
  const producer = { producerId, epoch: producerEpoch };
  if (asked.verifyOnly) {
    const errors = partitions.map((one) => transactions.writeError(transactionalId, producer, one));
    return draft(asked.topics, () => errors.find((error) => error !== ERROR.NONE) ?? ERROR.NONE);
  }
  try {
    await transactions.add(transactionalId, producer, partitions);
    return draft(asked.topics, () => ERROR.NONE);
  } catch (thrown) {
    const error = producerError(coordinatorError(errorOf(thrown)), context.version >= 2);
    return draft(asked.topics, () => error);
  }
}

/** The id of a stream that has these partitions and may be written to. */
function streamOf(
  name: string,
  partitions: readonly number[],
  { broker, client }: RequestContext,
): string | KafkaError {
  try {
    const stream = broker.streams.get(name, 'write', client.origin);
    const all = partitions.every((index) => stream.partitions[index] !== undefined);
    return all ? stream.id : ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  } catch (thrown) {
    return topicErrorOf(thrown);
  }
}

function draft(asked: Asked['topics'], errorFor: (topic: number) => KafkaError) {
  return asked.map(({ name, partitions }, topic) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorFor(topic),
    })),
  }));
}
