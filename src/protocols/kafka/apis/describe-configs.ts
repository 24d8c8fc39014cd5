import type { Stream } from '../../../hub/engine.ts';
import { brokerConfigs } from '../configs/broker-configs.ts';
import { CONFIG_SOURCE, type ConfigType, RESOURCE } from '../configs/config-value.ts';
import { FIXED_CONFIGS, KEPT_CONFIGS, TOPIC_CONFIGS } from '../configs/topic-configs.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { messageOf } from '../faults.ts';
import { seeTopic } from '../topics.ts';
import { array, bool, int8, int16, int32, string } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';

/**
 * DescribeConfigs (32): settings of topics and of the broker; all of them where no names are given.
 *
 *     request  => [resourceType resourceName [name]] includeSynonyms includeDocumentation(3)
 *     response => throttleTimeMs [errorCode errorMessage resourceType resourceName
 *                 [name value readOnly configSource isSensitive [name value source]
 *                  configType(3) documentation(3)]]
 */
const request = message(4, {
  resources: array({
    resourceType: int8,
    resourceName: string,
    configurationKeys: array(string).nullable(),
  }),
  includeSynonyms: bool,
  includeDocumentation: bool.from(3),
});

const response = message(4, {
  throttleTimeMs: int32,
  results: array({
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    resourceType: int8,
    resourceName: string,
    configs: array({
      name: string,
      value: string.nullable(),
      readOnly: bool,
      configSource: int8.or(-1),
      isSensitive: bool,
      synonyms: array({ name: string, value: string.nullable(), source: int8 }),
      configType: int8.from(3),
      documentation: string.from(3).nullable().or(null),
    }),
  }),
});

type Resource = Of<typeof request>['resources'][number];

interface Shown {
  readonly name: string;
  readonly value: string | null;
  readonly type: ConfigType;
  readonly source: number;
  readonly readOnly: boolean;
  readonly documentation?: string;
}

interface Described {
  readonly errorCode: KafkaError;
  readonly errorMessage?: string;
  readonly shown: readonly Shown[];
}

export const describeConfigs = handler({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  request,
  response,
  handle: ({ resources, includeSynonyms, includeDocumentation }, context) => ({
    results: resources.map((resource) => {
      const { resourceType, resourceName, configurationKeys: keys } = resource;
      const { shown, ...outcome } = describe(resource, context);
      const wanted = shown.filter(({ name }) => keys === null || keys.includes(name));
      return {
        ...outcome,
        resourceType,
        resourceName,
        configs: wanted.map(({ name, value, type, source, readOnly, documentation }) => ({
          name,
          value,
          readOnly,
          configSource: source,
          synonyms: includeSynonyms && value !== null ? [{ name, value, source }] : [],
          configType: type,
          documentation: includeDocumentation ? (documentation ?? null) : null,
        })),
      };
    }),
  }),
});

function describe({ resourceType, resourceName }: Resource, context: RequestContext): Described {
  const { broker, client } = context;
  if (resourceType === RESOURCE.topic) {
    const { value, error, thrown } = seeTopic(context, { name: resourceName });
    if (value !== undefined) return { errorCode: ERROR.NONE, shown: topicConfigs(value, context) };
    return { errorCode: error, errorMessage: messageOf(thrown), shown: [] };
  }
  if (resourceType !== RESOURCE.broker) {
    return refused(
      `Resource type ${resourceType} has no settings here; topics (2) and brokers (4) do.`,
    );
  }
  if (resourceName === '') return { errorCode: ERROR.NONE, shown: [] };
  if (resourceName !== String(broker.nodeId)) {
    return refused(
      `There is no broker ${resourceName.slice(0, 40)}; the only one is ${broker.nodeId}.`,
    );
  }
  const shown = brokerConfigs(broker, client).map((one) => ({
    ...one,
    source: CONFIG_SOURCE.broker,
    readOnly: true,
  }));
  return { errorCode: ERROR.NONE, shown };
}

function refused(errorMessage: string): Described {
  return { errorCode: ERROR.INVALID_REQUEST, errorMessage, shown: [] };
}

export function topicConfigs({ name, settings }: Stream, { broker }: RequestContext): Shown[] {
  const defaults = broker.streams.defaults(name);
  const acting = [...TOPIC_CONFIGS.values()].map((config): Shown => {
    const value = config.read(settings);
    const source = value === config.read(defaults) ? CONFIG_SOURCE.default : CONFIG_SOURCE.topic;
    const { type, documentation } = config;
    return { name: config.name, value, type, source, readOnly: false, documentation };
  });
  const kept = [...KEPT_CONFIGS].map(([kept, { type, value }]): Shown => {
    const set = settings.extra[kept];
    const source = set === undefined ? CONFIG_SOURCE.default : CONFIG_SOURCE.topic;
    const documentation = 'Kept as it is set; it has no effect here.';
    return { name: kept, value: set ?? value, type, source, readOnly: false, documentation };
  });
  const fixed = [...FIXED_CONFIGS].map(([fixed, { type, value, reason }]): Shown => {
    const documentation = `It has no other value: ${reason}.`;
    return {
      name: fixed,
      value,
      type,
      source: CONFIG_SOURCE.default,
      readOnly: true,
      documentation,
    };
  });
  return [...acting, ...kept, ...fixed].sort((a, b) => (a.name < b.name ? -1 : 1));
}
