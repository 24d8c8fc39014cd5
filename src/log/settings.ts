import type { StreamSettings } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';

/** Settings of a stream for which nobody has said anything. */
export const STREAM_DEFAULTS: StreamSettings = {
  subjects: [],
  partitions: 1,
  keySubject: undefined,
  retentionMs: 7 * 24 * 3_600_000,
  retentionBytes: -1,
  retentionRecords: -1,
  compact: false,
  expire: true,
  tombstoneMs: 24 * 3_600_000,
  sync: 'always',
  segmentBytes: 128 * 1024 * 1024,
  segmentMs: 7 * 24 * 3_600_000,
  maxBatchBytes: 1024 * 1024,
  time: 'created',
  extra: {},
};

/** Of a table's one partition. */
export const TABLE_SETTINGS: StreamSettings = {
  ...STREAM_DEFAULTS,
  compact: true,
  expire: false,
  tombstoneMs: 0,
  segmentBytes: 4 * 1024 * 1024,
  maxBatchBytes: 16 * 1024 * 1024,
};

/** The largest values, where there is one besides that of a safe integer. */
const MOST = { segmentBytes: 2 ** 31, maxBatchBytes: 256 * 1024 * 1024 } as const;
const LEAST = {
  partitions: 1,
  retentionMs: -1,
  retentionBytes: -1,
  retentionRecords: -1,
  tombstoneMs: 0,
  segmentBytes: 1024,
  segmentMs: 1,
  maxBatchBytes: 128,
} as const;

/** @throws Fault INVALID_ARGUMENT */
export function checkSettings(settings: StreamSettings): void {
  for (const name of Object.keys(LEAST) as (keyof typeof LEAST)[]) {
    const value = settings[name];
    const most = name in MOST ? MOST[name as keyof typeof MOST] : Number.MAX_SAFE_INTEGER;
    if (Number.isSafeInteger(value) && value >= LEAST[name] && value <= most) continue;
    throw invalid(`${name} is ${value}, expected a whole number from ${LEAST[name]} to ${most}`);
  }
  if (!['always', 'interval', 'never'].includes(settings.sync)) {
    throw invalid(`sync is ${settings.sync}, expected always, interval or never`);
  }
  if (!['created', 'appended'].includes(settings.time)) {
    throw invalid(`time is ${settings.time}, expected created or appended`);
  }
}

function invalid(what: string): Fault {
  return new Fault('INVALID_ARGUMENT', `A setting of the stream cannot be: ${what}.`);
}
