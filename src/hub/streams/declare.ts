import type { Engine, Stream, StreamSettings } from '../engine.ts';
import type { KnownEvent, KnownEvents } from '../known-events.ts';
import type { Logger } from '../logger.ts';
import { filterLevels } from '../subjects/names.ts';
import {
  checkName,
  checkSettings,
  defaultSettings,
  type StorageOptions,
  type StreamOptions,
  settingsOf,
} from './settings.ts';
import { conflictFault } from './stream-service.ts';
import { type StreamTable, UNDIRECTED } from './stream-table.ts';

/** A stream of the configuration that cannot be. */
export class DeclarationError extends Error {
  readonly stream: string;

  constructor(stream: string, cause: Error) {
    super(cause.message, { cause });
    this.name = 'DeclarationError';
    this.stream = stream;
  }
}

export interface DeclareParts {
  readonly engine: Engine;
  readonly table: StreamTable;
  readonly events: KnownEvents;
  readonly storage: StorageOptions;
  /** The section `streams`. */
  readonly configured: Readonly<Record<string, StreamOptions>>;
  readonly logger: Logger;
}

/**
 * Makes the streams that the configuration and the contracts ask for, and changes those that are
 * there to what the configuration says; what it does not mention stays as it is.
 * @throws DeclarationError for a stream of the configuration that cannot be
 */
export async function declareStreams(parts: DeclareParts): Promise<void> {
  const names = Object.entries(parts.configured).filter(
    ([name]) => parts.events.get(name) === undefined && name !== UNDIRECTED,
  );
  for (const [name, options] of names) {
    await inConfiguration(name, () =>
      declare(parts, name, options.enabled ? settingsOf(options) : OFF),
    );
  }
  for (const event of parts.events.values()) await declareEvent(parts, event);
}

/** Captures nothing, and keeps what it has. */
const OFF: Partial<StreamSettings> = { subjects: [], keySubject: undefined };

/** The stream of an event, where it is to have one. */
async function declareEvent(parts: DeclareParts, event: KnownEvent): Promise<void> {
  const { configured, engine, storage, table, logger } = parts;
  const { name } = event;
  const options = configured[name];
  const wanted = options?.enabled ?? (storage.events && event.event.durable !== false);
  if (!wanted) {
    const there = engine.stream(name);
    if (there !== undefined && there.settings.subjects.length > 0) await there.change(OFF);
    return;
  }
  const given = options === undefined ? {} : settingsOf(options);
  const settings = { ...ofEvent(event), ...given };
  if (options !== undefined) {
    await inConfiguration(name, () => declare(parts, name, settings));
    return;
  }
  const filters = settings.subjects.map(filterLevels);
  const conflict = table.conflict(name, filters);
  if (conflict === undefined) await declare(parts, name, settings);
  else if (!table.get(conflict.stream)?.capturesAll(event.template.filter)) {
    logger.warn(
      { event: name, filter: conflict.filter, stream: conflict.stream, captures: conflict.theirs },
      'an event has no stream of its own: another stream captures some of its subjects',
    );
  }
}

/** What an event says of its stream. */
function ofEvent({ event, template }: KnownEvent): Pick<StreamSettings, 'subjects' | 'keySubject'> {
  const members = template.filter.filter((level) => level === '*');
  const key = event.key === undefined ? undefined : `{${event.key}}`;
  const levels = event.subject.split('.');
  const related = members.length === 1 && key !== undefined && levels.includes(key);
  return {
    subjects: [template.filter.join('.')],
    keySubject: related
      ? template.filter.map((level) => (level === '*' ? '{key}' : level)).join('.')
      : undefined,
  };
}

async function declare(
  { engine, table, storage, logger }: DeclareParts,
  name: string,
  given: Partial<StreamSettings>,
): Promise<void> {
  const there = engine.stream(name);
  if (there === undefined && given.subjects?.length === 0) return;
  checkName(name);
  const base = there?.settings ?? defaultSettings(storage, name);
  const settings = checkSettings(name, { ...base, ...given });
  const conflict = table.conflict(name, settings.subjects.map(filterLevels));
  if (conflict !== undefined) throw conflictFault(name, conflict);
  if (there === undefined) {
    await engine.create(name, settings);
    return;
  }
  const changes = differences(there, { ...given, ...subjectsOf(given, settings) });
  if (changes.partitions !== undefined && changes.partitions < there.settings.partitions) {
    logger.warn(
      { stream: name, configured: changes.partitions, partitions: there.settings.partitions },
      'a stream keeps its partitions: their number may only grow',
    );
    delete changes.partitions;
  }
  if (Object.keys(changes).length > 0) await there.change(changes);
}

function subjectsOf(
  given: Partial<StreamSettings>,
  { subjects }: StreamSettings,
): Partial<StreamSettings> {
  return given.subjects === undefined ? {} : { subjects };
}

type Changes = { -readonly [name in keyof StreamSettings]?: StreamSettings[name] };

function differences({ settings }: Stream, given: Partial<StreamSettings>): Changes {
  const entries = Object.entries(given) as [keyof StreamSettings, unknown][];
  return Object.fromEntries(
    entries.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(settings[name])),
  ) as Changes;
}

async function inConfiguration(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    throw new DeclarationError(name, thrown as Error);
  }
}
