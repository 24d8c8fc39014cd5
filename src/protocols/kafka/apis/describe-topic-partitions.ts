import type { Stream } from '../../../hub/engine.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { NOT_ASKED, topicOperations } from '../operations.ts';
import { seeTopic } from '../topics.ts';
import { array, bool, int16, int32, string, struct, uuid } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

const cursor = struct({ topicName: string, partitionIndex: int32 }).nullable().or(null);

/**
 * DescribeTopicPartitions (75): partitions of topics (all, where none is named) in order of their
 * names, a page at a time.
 *
 *     request  => [name] responsePartitionLimit cursor?
 *     response => throttleTimeMs [errorCode name topicId isInternal [partition]
 *                 topicAuthorizedOperations] nextCursor?
 *     cursor   => topicName partitionIndex
 */
const request = message(0, {
  topics: array({ name: string }),
  responsePartitionLimit: int32.or(2000),
  cursor,
});

const response = message(0, {
  throttleTimeMs: int32,
  topics: array({
    errorCode: int16,
    name: string.nullable(),
    topicId: uuid,
    isInternal: bool,
    partitions: array({
      errorCode: int16,
      partitionIndex: int32,
      leaderId: int32,
      leaderEpoch: int32.or(-1),
      replicaNodes: array(int32),
      isrNodes: array(int32),
      // May be null, but the Java client's admin does not take that.
      eligibleLeaderReplicas: array(int32),
      lastKnownElr: array(int32),
      offlineReplicas: array(int32),
    }),
    topicAuthorizedOperations: int32.or(NOT_ASKED),
  }),
  nextCursor: cursor,
});

const MAX_PARTITIONS = 2_000;

type Draft = Parameters<(typeof response)['write']>[2];
type TopicDraft = NonNullable<Draft['topics']>[number];

export const describeTopicPartitions = handler({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  request,
  response,
  handle(asked, context): Draft {
    const { broker, client } = context;
    const from = asked.cursor;
    const names =
      asked.topics.length > 0
        ? [...new Set(asked.topics.map(({ name }) => name))].sort()
        : broker.streams.list(client.origin).map(({ name }) => name);
    let left = Math.min(Math.max(asked.responsePartitionLimit, 1), MAX_PARTITIONS);
    const topics: TopicDraft[] = [];
    for (const name of names) {
      if (from !== null && name < from.topicName) continue;
      if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
      const { value: stream, error } = seeTopic(context, { name });
      if (stream === undefined) {
        topics.push({ errorCode: error, name });
        continue;
      }
      const first = from?.topicName === name ? Math.max(0, from.partitionIndex) : 0;
      const page = describe(stream, first, left, context);
      topics.push(page);
      left -= page.partitions.length;
      const next = first + page.partitions.length;
      if (next < stream.partitions.length) {
        return { topics, nextCursor: { topicName: name, partitionIndex: next } };
      }
    }
    return { topics };
  },
});

function describe(stream: Stream, first: number, count: number, context: RequestContext) {
  const node = context.broker.nodeId;
  return {
    errorCode: ERROR.NONE,
    name: stream.name,
    topicId: stream.id,
    partitions: stream.partitions.slice(first, first + count).map(({ index, epoch }) => ({
      partitionIndex: index,
      leaderId: node,
      leaderEpoch: epoch,
      replicaNodes: [node],
      isrNodes: [node],
    })),
    topicAuthorizedOperations: topicOperations(context, stream),
  } satisfies TopicDraft;
}
