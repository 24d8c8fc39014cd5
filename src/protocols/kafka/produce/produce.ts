import type { Appended, Partition } from '../../../hub/engine.ts';
import { Fault } from '../../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import type { RequestContext } from '../context.ts';
import { withCoordinator } from '../coordinator.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { messageOf, topicErrorOf } from '../faults.ts';
import { findTopic, partitionOf } from '../topics.ts';
import {
  insideTransaction,
  outsideTransactions,
  type TransactionCheck,
} from '../transactions/produce-check.ts';
import { WireError } from '../wire/wire-error.ts';
import { type ProduceRequest, type ProduceResponse, request, response } from './messages.ts';
import { batchOf, refusedRecords } from './records.ts';

type TopicAnswer = ProduceResponse['responses'][number];
type Answer = TopicAnswer['partitionResponses'][number];

/** Responses under way, and how many partitions have no answer yet. */
interface Appending {
  left: number;
  finish: (() => void) | undefined;
}

export const produce = handler({
  key: 0,
  name: 'Produce',
  versions: [0, 13],
  request,
  response,
  overlaps: true,
  handle(asked, context): MaybePromise<ProduceResponse | undefined> {
    if (asked.acks < -1 || asked.acks > 1) {
      return refuseAll(asked, ERROR.INVALID_REQUIRED_ACKS, 'acks must be 0, 1 or -1 (all).');
    }
    if (asked.transactionalId === null) return appendAll(asked, context, outsideTransactions);
    const id = asked.transactionalId;
    return withCoordinator(context.broker, ({ transactions }) =>
      appendAll(asked, context, insideTransaction(transactions, id, context.version)),
    );
  },
});

function appendAll(
  asked: ProduceRequest,
  context: RequestContext,
  check: TransactionCheck,
): MaybePromise<ProduceResponse | undefined> {
  const appending: Appending = { left: 0, finish: undefined };
  const responses = asked.topicData.map(({ name, topicId, partitionData }) => {
    const topic = findTopic(context, { name, topicId }, 'write');
    const partitionResponses: Answer[] = new Array(partitionData.length);
    partitionData.forEach(({ index, records }, place) => {
      const { value, error } = partitionOf(topic, index);
      if (value === undefined) {
        const reason = topic.thrown === undefined ? NO_PARTITION : messageOf(topic.thrown);
        partitionResponses[place] = failed(index, error, reason);
      } else append(value, records, partitionResponses, place, appending, context, check);
    });
    return { name, topicId, partitionResponses };
  });
  const done = (): ProduceResponse | undefined => {
    if (asked.acks !== 0) return { responses };
    return closeOnFailure(responses);
  };
  if (appending.left === 0) return done();
  return new Promise((resolve, reject) => {
    appending.finish = () => {
      try {
        resolve(done());
      } catch (error) {
        reject(error);
      }
    };
  });
}

const NO_PARTITION = 'The topic has no such partition.';

function failed(index: number, errorCode: KafkaError, errorMessage: string): Answer {
  return {
    index,
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    errorMessage,
  };
}

function succeeded(index: number, appended: Appended): Answer {
  return {
    index,
    errorCode: ERROR.NONE,
    baseOffset: appended.baseOffset,
    logAppendTimeMs: appended.appendTimeMs,
    logStartOffset: appended.startOffset,
    errorMessage: null,
  };
}

function append(
  partition: Partition,
  records: Buffer | null,
  answers: Answer[],
  place: number,
  appending: Appending,
  { broker, version }: RequestContext,
  check: TransactionCheck,
): void {
  const { index, stream } = partition;
  const fail = (thrown: unknown): void => {
    if (!(thrown instanceof Fault)) {
      broker.hub.logger.error({ err: thrown, stream: stream.name, index }, 'an append failed');
    }
    answers[place] = failed(index, topicErrorOf(thrown), messageOf(thrown));
  };
  const batch = batchOf(records, version);
  if ('error' in batch) {
    answers[place] = failed(index, batch.error, batch.reason);
    return;
  }
  const refused = refusedRecords(batch, version) ?? check(batch, partition);
  if (refused !== undefined) {
    answers[place] = failed(index, refused.error, refused.reason);
    return;
  }
  let appended: MaybePromise<Appended>;
  try {
    broker.streams.recordCheck(stream)?.(batch);
    appended = partition.append(batch);
  } catch (thrown) {
    fail(thrown);
    return;
  }
  if (!isPromise(appended)) {
    answers[place] = succeeded(index, appended);
    return;
  }
  appending.left++;
  const settled = (): void => {
    if (--appending.left === 0) appending.finish?.();
  };
  appended.then(
    (value) => {
      answers[place] = succeeded(index, value);
      settled();
    },
    (thrown) => {
      fail(thrown);
      settled();
    },
  );
}

function refuseAll(
  { topicData }: ProduceRequest,
  error: KafkaError,
  reason: string,
): ProduceResponse {
  return {
    responses: topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => failed(index, error, reason)),
    })),
  };
}

/** Who wants no answer learns of a failure as with Kafka: the connection is closed, so that it asks
 * for the metadata anew. */
function closeOnFailure(responses: readonly TopicAnswer[]): undefined {
  for (const { partitionResponses } of responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      if (errorCode === ERROR.NONE) continue;
      throw new WireError(
        `a Produce with acks=0 failed in partition ${index} with error ${errorCode}: ${errorMessage}`,
      );
    }
  }
  return undefined;
}
