import type { Static } from 'typebox';
import { Fault } from '../../model/fault.ts';
import type { StreamSettings } from '../engine.ts';
import { Type } from '../option-type.ts';
import { filterLevels } from '../subjects/names.ts';
import { covers } from './filters.ts';
import { KeySubject } from './key-subject.ts';

const DAY_MS = 86_400_000;
const FOREVER_MS = 3_153_600_000_000;
const MEBIBYTE = 1_048_576;
const LIMIT = { minimum: -1, maximum: Number.MAX_SAFE_INTEGER } as const;

const sync = { always: 'always', interval: 'interval', never: 'never' } as const;
const SYNC = Object.values(sync);

/** The section `storage`: what holds for every stream that says nothing else. */
export const StorageOptions = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description:
        'Keep streams on disk. false: all messages are kept in memory only, and there are no streams.',
    }),
    sync: Type.Enum([...SYNC], {
      default: 'always',
      description:
        'When a message counts as accepted. always: it is on disk (fdatasync, shared by all that wait). interval: it is in the page cache and synced within syncIntervalMs. never: it is in the page cache. A crash of the process loses nothing in any of them; a power cut loses what was not synced.',
    }),
    syncIntervalMs: Type.Integer({
      minimum: 1,
      maximum: 3_600_000,
      default: 100,
      description: 'How long streams with sync: interval may wait, in milliseconds.',
    }),
    partitions: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 1,
      description: 'Partitions of a new stream.',
    }),
    retention: Type.Object(
      {
        ageMs: Type.Integer({
          minimum: -1,
          maximum: FOREVER_MS,
          default: 7 * DAY_MS,
          description: 'Delete records older than this, in milliseconds; -1: never.',
        }),
        bytes: Type.Integer({
          ...LIMIT,
          default: -1,
          description: 'Keep about so many bytes in each partition; -1: no limit.',
        }),
        records: Type.Integer({
          ...LIMIT,
          default: -1,
          description: 'Keep about so many records in each partition; -1: no limit.',
        }),
      },
      {
        additionalProperties: false,
        description: 'How long a new stream keeps records. Whole segments are deleted.',
      },
    ),
    events: Type.Boolean({
      default: true,
      description:
        'A stream for each event of a contract, <service>.<event>, unless the contract or `streams` says otherwise.',
    }),
    checkRecords: Type.Boolean({
      default: true,
      description:
        'Check records that clients append by themselves to the stream of an event against its contract, as messages from elsewhere are.',
    }),
    manageScope: Type.String({
      default: 'streams.manage',
      description:
        'Scope needed to create, change and remove streams, beside those of the events in them; empty: none.',
    }),
  },
  { additionalProperties: false, description: 'Streams on disk, in <data>/log.' },
);
export type StorageOptions = Static<typeof StorageOptions>;

const limit = (description: string) => Type.Optional(Type.Integer({ ...LIMIT, description }));

/** One entry of the section `streams`. */
export const StreamOptions = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description:
        'false, for an event of a contract: its messages are kept in memory only. What its stream holds already stays there.',
    }),
    subjects: Type.Optional(
      Type.Array(Type.String({ minLength: 1, description: 'A filter.' }), {
        description:
          'Filters of the subjects whose messages the stream keeps (sensors.>); left out: the subject that is its name. No two streams capture the same subject.',
      }),
    ),
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'How key and subject determine each other: sensors.{key}. Clients that know streams and keys only publish to these subjects by it.',
      }),
    ),
    partitions: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: 'Order is kept within a partition, and a key stays in one. May grow.',
      }),
    ),
    retention: Type.Optional(
      Type.Object(
        {
          ageMs: limit('As storage.retention.ageMs.'),
          bytes: limit('As storage.retention.bytes.'),
          records: limit('As storage.retention.records.'),
        },
        { additionalProperties: false, description: 'How long records are kept.' },
      ),
    ),
    compact: Type.Optional(
      Type.Boolean({
        description: 'Keep the last record of each key. Without `retention` beside it, for ever.',
      }),
    ),
    tombstoneMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: FOREVER_MS,
        description: 'How long the mark of a deleted key stays in a compacted stream.',
      }),
    ),
    sync: Type.Optional(Type.Enum([...SYNC], { description: 'As storage.sync.' })),
    segmentBytes: Type.Optional(
      Type.Integer({
        minimum: 16_384,
        maximum: 2_147_483_647,
        description: 'Size of a file of the stream; retention deletes whole ones.',
      }),
    ),
    segmentMs: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: FOREVER_MS,
        description: 'Longest time that a file of the stream takes records.',
      }),
    ),
    maxBatchBytes: Type.Optional(
      Type.Integer({
        minimum: 1024,
        maximum: 1_073_741_824,
        description: 'The largest batch of records that is taken.',
      }),
    ),
    time: Type.Optional(
      Type.Enum(['created', 'appended'], {
        description: "Whether records have their maker's time or that of their arrival.",
      }),
    ),
  },
  { additionalProperties: false, description: 'A stream.' },
);
export type StreamOptions = Static<typeof StreamOptions>;

/** The settings of a stream of which nothing is said. */
export function defaultSettings(storage: StorageOptions, name: string): StreamSettings {
  const { partitions, retention } = storage;
  return {
    subjects: [name],
    partitions,
    keySubject: undefined,
    retentionMs: retention.ageMs,
    retentionBytes: retention.bytes,
    retentionRecords: retention.records,
    compact: false,
    expire: true,
    tombstoneMs: DAY_MS,
    sync: storage.sync,
    segmentBytes: 128 * MEBIBYTE,
    segmentMs: 7 * DAY_MS,
    maxBatchBytes: 8 * MEBIBYTE,
    time: 'created',
    extra: {},
  };
}

/** What an entry of `streams` says; what it leaves out is not there. */
export function settingsOf(options: StreamOptions): Partial<StreamSettings> {
  const { subjects, subject, partitions, retention, compact, tombstoneMs, sync } = options;
  const { segmentBytes, segmentMs, maxBatchBytes, time } = options;
  const expire = compact === undefined ? undefined : !compact || retention !== undefined;
  return definedOnly({
    subjects,
    keySubject: subject,
    partitions,
    retentionMs: retention?.ageMs,
    retentionBytes: retention?.bytes,
    retentionRecords: retention?.records,
    compact,
    expire,
    tombstoneMs,
    sync,
    segmentBytes,
    segmentMs,
    maxBatchBytes,
    time,
  });
}

function definedOnly<T extends object>(value: T): Partial<StreamSettings> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

const NAME = /^[A-Za-z0-9._-]{1,249}$/;
const MAX_SUBJECTS = 100;

/** @throws Fault INVALID_ARGUMENT for a name that not every client could use */
export function checkName(name: string): void {
  if (NAME.test(name) && name !== '.' && name !== '..') return;
  throw new Fault(
    'INVALID_ARGUMENT',
    `The stream name ${JSON.stringify(name.slice(0, 80))} is not possible; expected 1 to 249 letters, digits, dots, hyphens and underscores.`,
  );
}

/** Settings as they are stored.
 * @throws Fault INVALID_ARGUMENT for subjects, a key's subject or numbers that are not possible */
export function checkSettings(name: string, settings: StreamSettings): StreamSettings {
  if (settings.subjects.length > MAX_SUBJECTS) {
    throw refused(
      name,
      `has ${settings.subjects.length} subjects; at most ${MAX_SUBJECTS} are taken`,
    );
  }
  const filters = settings.subjects.map(filterLevels);
  if (settings.keySubject !== undefined) {
    const { filter } = new KeySubject(settings.keySubject);
    if (!filters.some((one) => covers(one, filter))) {
      throw refused(
        name,
        `relates keys to the subject ${settings.keySubject}, which its subjects (${settings.subjects.join(', ')}) do not include`,
      );
    }
  }
  if (!(Number.isInteger(settings.partitions) && settings.partitions >= 1)) {
    throw refused(name, `has ${settings.partitions} partitions; expected at least 1`);
  }
  return { ...settings, subjects: filters.map((levels) => levels.join('.')) };
}

function refused(name: string, what: string): Fault {
  return new Fault('INVALID_ARGUMENT', `Stream ${name} ${what}.`);
}
