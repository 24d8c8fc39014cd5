import type { Stream } from '../../../hub/engine.ts';
import { CONFIG_TYPE, ConfigError, RESOURCE, wordList } from '../configs/config-value.ts';
import {
  type ConfigChange,
  changedSettings,
  KEPT_CONFIGS,
  TOPIC_CONFIGS,
} from '../configs/topic-configs.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { messageOf, topicErrorOf } from '../faults.ts';
import { findTopic } from '../topics.ts';
import { array, bool, int8, int16, int32, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * AlterConfigs (33): sets all settings of topics anew; what is not given goes back to its default.
 *
 *     request  => [resourceType resourceName [name value]] validateOnly
 *     response => throttleTimeMs [errorCode errorMessage resourceType resourceName]
 */
const request = message(2, {
  resources: array({
    resourceType: int8,
    resourceName: string,
    configs: array({ name: string, value: string.nullable() }),
  }),
  validateOnly: bool,
});

/**
 * IncrementalAlterConfigs (44): changes single settings.
 *
 *     request  => [resourceType resourceName [name configOperation value]] validateOnly
 *     response => as AlterConfigs
 */
const incrementalRequest = message(1, {
  resources: array({
    resourceType: int8,
    resourceName: string,
    configs: array({ name: string, configOperation: int8, value: string.nullable() }),
  }),
  validateOnly: bool,
});

const responseFields = {
  throttleTimeMs: int32,
  responses: array({
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    resourceType: int8,
    resourceName: string,
  }),
};

/** What AlterConfigs resets where it is not given. Clients that replace all settings they know do
 * not know the hub's own. */
const REPLACED = [...TOPIC_CONFIGS.keys(), ...KEPT_CONFIGS.keys()].filter(
  (name) => !name.startsWith('polywire.'),
);

const OPERATION = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export const alterConfigs = handler({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  request,
  response: message(2, responseFields),
  handle: async ({ resources, validateOnly }, context) => ({
    responses: await Promise.all(
      resources.map((resource) =>
        alter(resource, validateOnly, context, () => {
          const given = new Map(resource.configs.map(({ name, value }) => [name, value]));
          const unset = REPLACED.filter((name) => !given.has(name));
          return [...unset.map((name) => [name, null] as const), ...given];
        }),
      ),
    ),
  }),
});

export const incrementalAlterConfigs = handler({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  request: incrementalRequest,
  response: message(1, responseFields),
  handle: async ({ resources, validateOnly }, context) => ({
    responses: await Promise.all(
      resources.map((resource) =>
        alter(resource, validateOnly, context, (stream) =>
          resource.configs.map(({ name, configOperation, value }) =>
            changeOf(stream, name, configOperation, value),
          ),
        ),
      ),
    ),
  }),
});

async function alter(
  { resourceType, resourceName }: Resource,
  validateOnly: boolean,
  context: RequestContext,
  changesOf: (stream: Stream) => readonly ConfigChange[],
) {
  const answer = (errorCode: KafkaError, errorMessage: string | null) => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
  });
  if (resourceType !== RESOURCE.topic) {
    return answer(
      ERROR.INVALID_REQUEST,
      'Only settings of topics change here; those of the broker are written in the configuration of the hub.',
    );
  }
  const { value: stream, error, thrown } = findTopic(context, { name: resourceName }, 'manage');
  if (stream === undefined) return answer(error, messageOf(thrown));
  const { streams } = context.broker;
  try {
    const changes = changesOf(stream);
    const settings = changedSettings(changes, stream.settings, streams.defaults(stream.name));
    if (!validateOnly) await streams.change(stream.name, settings, context.client.origin);
    return answer(ERROR.NONE, null);
  } catch (failure) {
    if (failure instanceof ConfigError) return answer(ERROR.INVALID_CONFIG, failure.message);
    const code = topicErrorOf(failure);
    return answer(code === ERROR.INVALID_REQUEST ? ERROR.INVALID_CONFIG : code, messageOf(failure));
  }
}

/** @throws ConfigError */
function changeOf(
  { settings }: Stream,
  name: string,
  operation: number,
  value: string | null,
): ConfigChange {
  if (operation === OPERATION.remove) return [name, null];
  if (value === null) throw new ConfigError(`${name} needs a value`);
  if (operation === OPERATION.set) return [name, value];
  const config = TOPIC_CONFIGS.get(name);
  if (config?.type !== CONFIG_TYPE.list) {
    throw new ConfigError(`${name} is no list: it can be set and deleted, not appended to`);
  }
  const words = wordList(config.read(settings) ?? '');
  const given = wordList(value);
  if (operation === OPERATION.append) return [name, [...new Set([...words, ...given])].join(',')];
  if (operation === OPERATION.subtract) {
    return [name, words.filter((word) => !given.includes(word)).join(',')];
  }
  throw new ConfigError(`Operation ${operation} is not known`);
}
