import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { messageOf, topicErrorOf } from '../faults.ts';
import { findTopic } from '../topics.ts';
import { array, bool, int16, int32, string } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';

/**
 * CreatePartitions (37): topics get more partitions; `count` is how many they have then.
 *
 *     request  => [name count [[brokerId]]?] timeoutMs validateOnly
 *     response => throttleTimeMs [name errorCode errorMessage]
 */
const request = message(2, {
  topics: array({
    name: string,
    count: int32,
    assignments: array({ brokerIds: array(int32) }).nullable(),
  }),
  timeoutMs: int32,
  validateOnly: bool,
});

const response = message(2, {
  throttleTimeMs: int32,
  results: array({ name: string, errorCode: int16, errorMessage: string.nullable().or(null) }),
});

type Topic = Of<typeof request>['topics'][number];

export const createPartitions = handler({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  request,
  response,
  handle: async ({ topics, validateOnly }, context) => ({
    results: await Promise.all(topics.map((topic) => grow(topic, validateOnly, context))),
  }),
});

async function grow(topic: Topic, validateOnly: boolean, context: RequestContext) {
  const { name, count, assignments } = topic;
  const answer = (errorCode: KafkaError, errorMessage: string | null = null) => ({
    name,
    errorCode,
    errorMessage,
  });
  const { value: stream, error, thrown } = findTopic(context, { name }, 'manage');
  if (stream === undefined) return answer(error, messageOf(thrown));
  const now = stream.partitions.length;
  if (count <= now) {
    return answer(
      ERROR.INVALID_PARTITIONS,
      `The topic has ${now} partitions, which can only become more; ${count} were asked for.`,
    );
  }
  const { broker, client } = context;
  const assigned = assignments?.every(({ brokerIds: [first, ...more] }) => {
    return first === broker.nodeId && more.length === 0;
  });
  if (assigned === false || (assignments !== null && assignments.length !== count - now)) {
    return answer(
      ERROR.INVALID_REPLICA_ASSIGNMENT,
      `Each of the ${count - now} new partitions has broker ${broker.nodeId} as its one replica.`,
    );
  }
  try {
    if (!validateOnly) {
      await broker.streams.change(name, { partitions: count }, client.origin);
    }
    return answer(ERROR.NONE);
  } catch (failure) {
    const code = topicErrorOf(failure);
    return answer(
      code === ERROR.INVALID_REQUEST ? ERROR.INVALID_PARTITIONS : code,
      messageOf(failure),
    );
  }
}
