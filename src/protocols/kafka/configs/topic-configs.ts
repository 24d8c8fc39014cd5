import type { StreamSettings, SyncMode } from '../../../hub/engine.ts';
import {
  CONFIG_TYPE,
  ConfigError,
  type ConfigType,
  integer,
  oneOf,
  wordList,
} from './config-value.ts';

type Changes = { -readonly [name in keyof StreamSettings]?: StreamSettings[name] };

/** A topic's setting that acts: what it is in a stream's settings. */
export interface TopicConfig {
  readonly name: string;
  readonly type: ConfigType;
  readonly documentation: string;
  /** Null where nothing is set. */
  read(settings: StreamSettings): string | null;
  /** What the value means. @throws ConfigError */
  write(value: string): Changes;
  /** Back to what it is without being set. */
  reset(defaults: StreamSettings): Changes;
}

const INT32_MAX = 2_147_483_647;
const INT64_MAX = Number.MAX_SAFE_INTEGER;

type NumberSetting = {
  [N in keyof StreamSettings]: StreamSettings[N] extends number ? N : never;
}[keyof StreamSettings];

function number(
  name: string,
  setting: NumberSetting,
  [min, max]: readonly [number, number],
  documentation: string,
): TopicConfig {
  return {
    name,
    type: max > INT32_MAX ? CONFIG_TYPE.long : CONFIG_TYPE.int,
    documentation,
    read: (settings) => String(settings[setting]),
    write: (value) => ({ [setting]: integer(name, value, min, max) }),
    reset: (defaults) => ({ [setting]: defaults[setting] }),
  };
}

const cleanupPolicy: TopicConfig = {
  name: 'cleanup.policy',
  type: CONFIG_TYPE.list,
  documentation:
    'delete: whole segments past retention.ms and retention.bytes are deleted; compact: the last record of each key is kept.',
  read: ({ compact, expire }) =>
    [...(compact ? ['compact'] : []), ...(expire ? ['delete'] : [])].join(','),
  write(value) {
    const words = wordList(value);
    for (const word of words) oneOf('cleanup.policy', word, ['delete', 'compact']);
    return { compact: words.includes('compact'), expire: words.includes('delete') };
  },
  reset: ({ compact, expire }) => ({ compact, expire }),
};

const timestampType: TopicConfig = {
  name: 'message.timestamp.type',
  type: CONFIG_TYPE.string,
  documentation: "CreateTime: records keep their maker's time. LogAppendTime: that of the append.",
  read: ({ time }) => (time === 'appended' ? 'LogAppendTime' : 'CreateTime'),
  write(value) {
    oneOf('message.timestamp.type', value, ['CreateTime', 'LogAppendTime']);
    return { time: value === 'LogAppendTime' ? 'appended' : 'created' };
  },
  reset: ({ time }) => ({ time }),
};

const sync: TopicConfig = {
  name: 'polywire.sync',
  type: CONFIG_TYPE.string,
  documentation:
    'When an append is acknowledged: always, on disk; interval and never, in the page cache.',
  read: (settings) => settings.sync,
  write: (value) => ({
    sync: oneOf('polywire.sync', value, ['always', 'interval', 'never']) as SyncMode,
  }),
  reset: (defaults) => ({ sync: defaults.sync }),
};

const subjects: TopicConfig = {
  name: 'polywire.subjects',
  type: CONFIG_TYPE.list,
  documentation:
    'Filters of the subjects whose messages, from any protocol, go into this topic: sensors.>',
  read: (settings) => settings.subjects.join(','),
  write: (value) => ({ subjects: wordList(value) }),
  reset: (defaults) => ({ subjects: defaults.subjects }),
};

const subject: TopicConfig = {
  name: 'polywire.subject',
  type: CONFIG_TYPE.string,
  documentation: "How a record's key and its subject determine each other: sensors.{key}",
  read: ({ keySubject }) => keySubject ?? null,
  write: (value) => ({ keySubject: value === '' ? undefined : value }),
  reset: () => ({ keySubject: undefined }),
};

const LIST: readonly TopicConfig[] = [
  cleanupPolicy,
  number('retention.ms', 'retentionMs', [-1, INT64_MAX], 'Age at which records go; -1: never.'),
  number(
    'retention.bytes',
    'retentionBytes',
    [-1, INT64_MAX],
    'About how many bytes each partition keeps; -1: no limit.',
  ),
  number(
    'polywire.retention.records',
    'retentionRecords',
    [-1, INT64_MAX],
    'About how many records each partition keeps; -1: no limit.',
  ),
  number('segment.bytes', 'segmentBytes', [16_384, INT32_MAX], 'Size of a segment file.'),
  number('segment.ms', 'segmentMs', [1, INT64_MAX], 'Age at which a new segment begins.'),
  number('max.message.bytes', 'maxBatchBytes', [128, INT32_MAX], 'Largest batch that is taken.'),
  number(
    'delete.retention.ms',
    'tombstoneMs',
    [0, INT64_MAX],
    'How long tombstones of a compacted topic are kept.',
  ),
  timestampType,
  sync,
  subjects,
  subject,
];

export const TOPIC_CONFIGS: ReadonlyMap<string, TopicConfig> = new Map(
  LIST.map((one) => [one.name, one]),
);

/** Settings of Kafka that have no effect here; they are kept, and told as they were set. */
export const KEPT_CONFIGS: ReadonlyMap<string, { type: ConfigType; value: string }> = new Map(
  Object.entries({
    'min.insync.replicas': { type: CONFIG_TYPE.int, value: '1' },
    'unclean.leader.election.enable': { type: CONFIG_TYPE.boolean, value: 'false' },
    'flush.messages': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    'flush.ms': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    'index.interval.bytes': { type: CONFIG_TYPE.int, value: '4096' },
    'segment.index.bytes': { type: CONFIG_TYPE.int, value: '10485760' },
    'segment.jitter.ms': { type: CONFIG_TYPE.long, value: '0' },
    'file.delete.delay.ms': { type: CONFIG_TYPE.long, value: '60000' },
    'min.cleanable.dirty.ratio': { type: CONFIG_TYPE.double, value: '0.5' },
    'min.compaction.lag.ms': { type: CONFIG_TYPE.long, value: '0' },
    'max.compaction.lag.ms': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    preallocate: { type: CONFIG_TYPE.boolean, value: 'false' },
    'message.timestamp.before.max.ms': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    'message.timestamp.after.max.ms': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    'message.timestamp.difference.max.ms': { type: CONFIG_TYPE.long, value: '9223372036854775807' },
    'message.downconversion.enable': { type: CONFIG_TYPE.boolean, value: 'false' },
    'leader.replication.throttled.replicas': { type: CONFIG_TYPE.list, value: '' },
    'follower.replication.throttled.replicas': { type: CONFIG_TYPE.list, value: '' },
  }),
);

/** What can have one value only. */
export const FIXED_CONFIGS: ReadonlyMap<
  string,
  { type: ConfigType; value: string; reason: string }
> = new Map(
  Object.entries({
    'compression.type': {
      type: CONFIG_TYPE.string,
      value: 'producer',
      reason: 'records are stored as their producers compressed them',
    },
    'remote.storage.enable': {
      type: CONFIG_TYPE.boolean,
      value: 'false',
      reason: 'there is no remote storage',
    },
  }),
);

/** A change of one setting; null resets it. */
export type ConfigChange = readonly [name: string, value: string | null];

/** What a stream's settings become. @throws ConfigError for unknown names and wrong values */
export function changedSettings(
  changes: Iterable<ConfigChange>,
  current: Pick<StreamSettings, 'extra'>,
  defaults: StreamSettings,
): Partial<StreamSettings> {
  const settings: Changes = {};
  const extra: Record<string, string> = { ...current.extra };
  for (const [name, value] of changes) {
    const config = TOPIC_CONFIGS.get(name);
    const fixed = FIXED_CONFIGS.get(name);
    if (config !== undefined) {
      Object.assign(settings, value === null ? config.reset(defaults) : config.write(value));
    } else if (fixed !== undefined) {
      if (value !== null && value !== fixed.value) {
        throw new ConfigError(`${name} can be ${fixed.value} only: ${fixed.reason}.`);
      }
    } else if (KEPT_CONFIGS.has(name)) {
      if (value === null) delete extra[name];
      else extra[name] = value;
    } else throw new ConfigError(`Unknown topic config name: ${name.slice(0, 100)}`);
  }
  return { ...settings, extra };
}
