import type { StreamSettings } from '../../../hub/engine.ts';
import { ConfigError } from '../configs/config-value.ts';
import { changedSettings } from '../configs/topic-configs.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import { messageOf, topicErrorOf } from '../faults.ts';
import { isTopicName } from '../topics.ts';
import { array, bool, int8, int16, int32, string, uuid } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';
import { topicConfigs } from './describe-configs.ts';
import { newTopicSettings } from './topic-creation.ts';

/**
 * CreateTopics (19).
 *
 *     request  => [name numPartitions replicationFactor [partitionIndex [brokerId]] [name value]]
 *                 timeoutMs validateOnly
 *     response => throttleTimeMs [name topicId(7) errorCode errorMessage topicConfigErrorCode(5, tag 0)
 *                 numPartitions(5) replicationFactor(5)
 *                 [name value readOnly configSource isSensitive](5)]
 */
const request = message(5, {
  topics: array({
    name: string,
    numPartitions: int32,
    replicationFactor: int16,
    assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
    configs: array({ name: string, value: string.nullable() }),
  }),
  timeoutMs: int32.or(60_000),
  validateOnly: bool,
});

const response = message(5, {
  throttleTimeMs: int32,
  topics: array({
    name: string,
    topicId: uuid.from(7),
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    topicConfigErrorCode: int16.from(5).tag(0),
    numPartitions: int32.from(5).or(-1),
    replicationFactor: int16.from(5).or(-1),
    configs: array({
      name: string,
      value: string.nullable(),
      readOnly: bool,
      configSource: int8.or(-1),
      isSensitive: bool,
    })
      .from(5)
      .nullable(),
  }),
});

type Topic = Of<typeof request>['topics'][number];

export const createTopics = handler({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  request,
  response,
  async handle({ topics, validateOnly }, context) {
    const counts = new Map<string, number>();
    for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1);
    const answers = [...counts].map(async ([name, count]) => {
      try {
        if (count > 1)
          throw new KafkaFailure(ERROR.INVALID_REQUEST, `Topic ${name} is there twice.`);
        const topic = topics.find((one) => one.name === name)!;
        return await create(topic, validateOnly, context);
      } catch (thrown) {
        return { name, configs: null, ...refusal(thrown) };
      }
    });
    return { topics: await Promise.all(answers) };
  },
});

async function create(topic: Topic, validateOnly: boolean, context: RequestContext) {
  const { broker, client } = context;
  const { name } = topic;
  const settings = settingsOf(topic, context);
  if (validateOnly) {
    const { partitions } = broker.streams.prepare(name, settings, client.origin);
    return { name, numPartitions: partitions, replicationFactor: 1, configs: [] };
  }
  const stream = await broker.streams.create(name, settings, client.origin);
  return {
    name,
    topicId: stream.id,
    numPartitions: stream.partitions.length,
    replicationFactor: 1,
    configs: topicConfigs(stream, context).map(({ name, value, readOnly, source }) => ({
      name,
      value,
      readOnly,
      configSource: source,
    })),
  };
}

/** @throws KafkaFailure, ConfigError */
function settingsOf(topic: Topic, { broker }: RequestContext): Partial<StreamSettings> {
  const { name, replicationFactor, configs } = topic;
  if (!isTopicName(name)) {
    throw new KafkaFailure(
      ERROR.INVALID_TOPIC_EXCEPTION,
      `Topic name ${JSON.stringify(name.slice(0, 260))} is illegal: expected 1 to 249 letters, digits, '.', '_' and '-', and not "." or "..".`,
    );
  }
  const partitions = partitionsOf(topic, broker.nodeId, broker.options.defaultPartitions);
  if (replicationFactor !== -1 && replicationFactor !== 1) {
    throw new KafkaFailure(
      ERROR.INVALID_REPLICATION_FACTOR,
      `Replication factor ${replicationFactor} is not possible: there is one broker. Expected 1, or -1 for the default.`,
    );
  }
  const changes = configs.map(({ name, value }) => [name, value] as const);
  const base = newTopicSettings(name, broker, partitions);
  return { ...base, ...changedSettings(changes, { extra: {} }, broker.streams.defaults(name)) };
}

function partitionsOf(topic: Topic, nodeId: number, fallback: number): number {
  const { numPartitions, replicationFactor, assignments } = topic;
  if (assignments.length === 0) {
    if (numPartitions === -1) return fallback;
    if (numPartitions >= 1) return numPartitions;
    throw new KafkaFailure(
      ERROR.INVALID_PARTITIONS,
      `A topic has at least 1 partition, not ${numPartitions}; -1 is the default.`,
    );
  }
  if (numPartitions !== -1 || replicationFactor !== -1) {
    throw new KafkaFailure(
      ERROR.INVALID_REQUEST,
      'With replicas assigned by hand, numPartitions and replicationFactor must be -1.',
    );
  }
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  const dense = assignments.every((_, index) => indexes.has(index));
  const here = assignments.every(({ brokerIds: [first, ...more] }) => first === nodeId && !more[0]);
  if (!dense || indexes.size !== assignments.length || !here) {
    throw new KafkaFailure(
      ERROR.INVALID_REPLICA_ASSIGNMENT,
      `Partitions are numbered from 0 without gaps, and each has broker ${nodeId} as its one replica.`,
    );
  }
  return assignments.length;
}

function refusal(thrown: unknown): { errorCode: KafkaError; errorMessage: string } {
  if (thrown instanceof KafkaFailure)
    return { errorCode: thrown.wireError, errorMessage: thrown.message };
  if (thrown instanceof ConfigError) {
    return { errorCode: ERROR.INVALID_CONFIG, errorMessage: thrown.message };
  }
  const error = topicErrorOf(thrown);
  const errorCode = error === ERROR.THROTTLING_QUOTA_EXCEEDED ? ERROR.POLICY_VIOLATION : error;
  return { errorCode, errorMessage: messageOf(thrown) };
}
