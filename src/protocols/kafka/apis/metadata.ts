import type { Stream } from '../../../hub/engine.ts';
import { Fault } from '../../../model/fault.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { errorOf } from '../faults.ts';
import { clusterOperations, NOT_ASKED, topicOperations } from '../operations.ts';
import { isTopicName, seeTopic } from '../topics.ts';
import { array, bool, int16, int32, string, uuid } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';
import { ZERO_UUID } from '../wire/reader.ts';
import { newTopicSettings } from './topic-creation.ts';

/**
 * Metadata (3): where the brokers are, and the partitions of topics.
 *
 *     request  => [topicId(10) name] allowAutoTopicCreation(4)
 *                 includeClusterAuthorizedOperations(8-10) includeTopicAuthorizedOperations(8)
 *     response => throttleTimeMs(3) [nodeId host port rack(1)] clusterId(2) controllerId(1)
 *                 [errorCode name topicId(10) isInternal(1) [partition] topicAuthorizedOperations(8)]
 *                 clusterAuthorizedOperations(8-10) errorCode(13)
 *
 * All topics are asked for with null, in version 0 with none.
 */
const request = message(9, {
  topics: array({ topicId: uuid.from(10), name: string.nullable(10) }).nullable(1),
  allowAutoTopicCreation: bool.from(4).or(true),
  includeClusterAuthorizedOperations: bool.from(8).until(10),
  includeTopicAuthorizedOperations: bool.from(8),
});

const response = message(9, {
  throttleTimeMs: int32.from(3),
  brokers: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.from(1).nullable().or(null),
  }),
  clusterId: string.from(2).nullable().or(null),
  controllerId: int32.from(1).or(-1),
  topics: array({
    errorCode: int16,
    name: string.nullable(12),
    topicId: uuid.from(10),
    isInternal: bool.from(1),
    partitions: array({
      errorCode: int16,
      partitionIndex: int32,
      leaderId: int32,
      leaderEpoch: int32.from(7).or(-1),
      replicaNodes: array(int32),
      isrNodes: array(int32),
      offlineReplicas: array(int32).from(5),
    }),
    topicAuthorizedOperations: int32.from(8).or(NOT_ASKED),
  }),
  clusterAuthorizedOperations: int32.from(8).until(10).or(NOT_ASKED),
  errorCode: int16.from(13),
});

type Request = Of<typeof request>;
type Topic = NonNullable<Request['topics']>[number];

export const metadata = handler({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  request,
  response,
  async handle(asked, context) {
    const { broker, client, version } = context;
    const all = asked.topics === null || (version === 0 && asked.topics.length === 0);
    const topics = all
      ? broker.streams.list(client.origin).map((stream) => describe(stream, asked, context))
      : await Promise.all(asked.topics!.map((topic) => answerTopic(topic, asked, context)));
    const { host, port } = client.advertised;
    return {
      brokers: [{ nodeId: broker.nodeId, host, port }],
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      topics,
      clusterAuthorizedOperations: asked.includeClusterAuthorizedOperations
        ? clusterOperations(context)
        : NOT_ASKED,
    };
  },
});

async function answerTopic(topic: Topic, asked: Request, context: RequestContext) {
  const { name, topicId } = topic;
  const found = seeTopic(context, topic);
  if (found.value !== undefined) return describe(found.value, asked, context);
  const missing = found.error === ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  if (!missing || name === null) return { errorCode: found.error, ...nameOf(topic) };
  if (!isTopicName(name)) return { errorCode: ERROR.INVALID_TOPIC_EXCEPTION, name, topicId };
  if (!asked.allowAutoTopicCreation || !context.broker.options.autoCreateTopics) {
    return { errorCode: found.error, name, topicId };
  }
  try {
    return describe(await create(name, context), asked, context);
  } catch (thrown) {
    return { errorCode: creationError(thrown), name, topicId };
  }
}

/** Before version 12 a name cannot be null. */
function nameOf({ name, topicId }: Topic) {
  return { name: topicId === ZERO_UUID ? name : (name ?? ''), topicId };
}

async function create(name: string, context: RequestContext): Promise<Stream> {
  const { broker, client } = context;
  try {
    return await broker.streams.create(name, newTopicSettings(name, broker), client.origin);
  } catch (thrown) {
    // Another client was quicker.
    if (Fault.from(thrown).code !== 'ALREADY_EXISTS') throw thrown;
    const found = seeTopic(context, { name });
    if (found.value === undefined) throw thrown;
    return found.value;
  }
}

function creationError(thrown: unknown): KafkaError {
  const error = errorOf(thrown);
  switch (error) {
    case ERROR.INVALID_REQUEST:
      return ERROR.INVALID_TOPIC_EXCEPTION;
    case ERROR.SASL_AUTHENTICATION_FAILED:
      return ERROR.TOPIC_AUTHORIZATION_FAILED;
    // Being created by somebody else at this moment.
    case ERROR.TOPIC_ALREADY_EXISTS:
      return ERROR.LEADER_NOT_AVAILABLE;
    default:
      return error;
  }
}

function describe(stream: Stream, asked: Request, context: RequestContext) {
  const node = context.broker.nodeId;
  return {
    errorCode: ERROR.NONE,
    name: stream.name,
    topicId: stream.id,
    partitions: stream.partitions.map(({ index, epoch }) => ({
      errorCode: ERROR.NONE,
      partitionIndex: index,
      leaderId: node,
      leaderEpoch: epoch,
      replicaNodes: [node],
      isrNodes: [node],
    })),
    topicAuthorizedOperations: asked.includeTopicAuthorizedOperations
      ? topicOperations(context, stream)
      : NOT_ASKED,
  };
}
