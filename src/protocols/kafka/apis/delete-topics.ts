import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { messageOf, topicErrorOf } from '../faults.ts';
import { findTopic, type TopicRef } from '../topics.ts';
import { array, int16, int32, string, uuid } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * DeleteTopics (20): by name, or from version 6 on by name or id.
 *
 *     request  => [name topicId](6) [topicName](1-5) timeoutMs
 *     response => throttleTimeMs [name topicId(6) errorCode errorMessage(5)]
 */
const request = message(4, {
  topics: array({ name: string.nullable().or(null), topicId: uuid }).from(6),
  topicNames: array(string).until(5),
  timeoutMs: int32,
});

const response = message(4, {
  throttleTimeMs: int32,
  responses: array({
    name: string.nullable(6).or(null),
    topicId: uuid.from(6),
    errorCode: int16,
    errorMessage: string.from(5).nullable().or(null),
  }),
});

export const deleteTopics = handler({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  request,
  response,
  async handle({ topics, topicNames }, context) {
    const asked: readonly TopicRef[] =
      context.version >= 6 ? topics : topicNames.map((name) => ({ name }));
    return { responses: await Promise.all(asked.map((topic) => remove(topic, context))) };
  },
});

async function remove(topic: TopicRef, context: RequestContext) {
  const { value: stream, error, thrown } = findTopic(context, topic, 'manage');
  if (stream === undefined) return { ...topic, errorCode: error, errorMessage: messageOf(thrown) };
  const named = { name: stream.name, topicId: stream.id };
  try {
    await context.broker.streams.remove(stream.name, context.client.origin);
    return { ...named, errorCode: ERROR.NONE };
  } catch (failure) {
    return { ...named, errorCode: topicErrorOf(failure), errorMessage: messageOf(failure) };
  }
}
