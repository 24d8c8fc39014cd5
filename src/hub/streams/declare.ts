import type { Engine, Stream, StreamSettings } from '../engine.ts';
import type { KnownEvent, KnownEvents } from '../known-events.ts';
import type { Logger } from '../logger.ts';
import { filterLevels } from '../subjects/names.ts';
import { covers } from './filters.ts';
import {
  checkName,
  checkSettings,
  defaultSettings,
  type StorageOptions,
  type StreamOptions,
  settingsOf,
} from './settings.ts';
import { conflictFault } from './stream-service.ts';
import { type Conflict, conflictOf, type StreamTable, UNDIRECTED } from './stream-table.ts';

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
 * there to what the configuration says; what it does not mention stays as it is. Nothing is made or
 * changed unless all of it is possible.
 * @throws DeclarationError for a stream of the configuration that cannot be
 */
export async function declareStreams(parts: DeclareParts): Promise<void> {
  const plans = new Map<string, Plan>();
  for (const [name, options] of Object.entries(parts.configured)) {
    if (name === UNDIRECTED) continue;
    const event = parts.events.get(name);
    const own = event === undefined ? {} : ofEvent(event);
    const given = options.enabled ? { ...own, ...settingsOf(options) } : OFF;
    inConfiguration(name, () => plans.set(name, plan(parts, name, given)));
  }
  for (const name of plans.keys()) {
    inConfiguration(name, () => {
      const conflict = conflictWith(parts, plans, name);
      if (conflict !== undefined) throw conflictFault(name, conflict);
    });
  }
  for (const event of parts.events.values()) planEvent(parts, plans, event);
  for (const [name, one] of plans) await carryOut(parts, name, one);
}

/** Captures nothing, and keeps what it has. */
const OFF: Partial<StreamSettings> = { subjects: [], keySubject: undefined };

/** A stream to be. */
interface Plan {
  /** What is said of it. */
  readonly given: Partial<StreamSettings>;
  /** What comes of it. */
  readonly settings: StreamSettings;
  readonly filters: readonly (readonly string[])[];
}

/** @throws Fault INVALID_ARGUMENT */
function plan(
  { engine, storage }: DeclareParts,
  name: string,
  given: Partial<StreamSettings>,
): Plan {
  checkName(name);
  const base = engine.stream(name)?.settings ?? defaultSettings(storage, name);
  const settings = checkSettings(name, { ...base, ...given });
  return { given, settings, filters: settings.subjects.map(filterLevels) };
}

/** What another stream captures already, or will. */
function conflictWith(
  { table }: DeclareParts,
  plans: ReadonlyMap<string, Plan>,
  name: string,
): Conflict | undefined {
  const { filters } = plans.get(name)!;
  for (const [other, planned] of plans) {
    const conflict = other === name ? undefined : conflictOf(filters, other, planned.filters);
    if (conflict !== undefined) return conflict;
  }
  for (const { stream, filters: theirs } of table.values()) {
    const conflict = plans.has(stream.name) ? undefined : conflictOf(filters, stream.name, theirs);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

/** The stream of an event that the configuration does not mention, where it is to have one. */
function planEvent(parts: DeclareParts, plans: Map<string, Plan>, event: KnownEvent): void {
  const { storage, table, logger } = parts;
  const { name } = event;
  if (plans.has(name)) return;
  const wanted = storage.events && event.event.durable !== false;
  plans.set(name, plan(parts, name, wanted ? ofEvent(event) : OFF));
  const conflict = conflictWith(parts, plans, name);
  if (conflict === undefined) return;
  plans.delete(name);
  const theirs = plans.get(conflict.stream)?.filters ?? table.get(conflict.stream)?.filters ?? [];
  if (theirs.some((filter) => covers(filter, event.template.filter))) return;
  logger.warn(
    { event: name, filter: conflict.filter, stream: conflict.stream, captures: conflict.theirs },
    'an event has no stream of its own: another stream captures some of its subjects',
  );
}

async function carryOut({ engine, logger }: DeclareParts, name: string, one: Plan): Promise<void> {
  const { given, settings } = one;
  const there = engine.stream(name);
  if (there === undefined) {
    if (settings.subjects.length > 0) await engine.create(name, settings);
    return;
  }
  const subjects = given.subjects === undefined ? {} : { subjects: settings.subjects };
  const changes = differences(there, { ...given, ...subjects });
  if (changes.partitions !== undefined && changes.partitions < there.settings.partitions) {
    logger.warn(
      { stream: name, configured: changes.partitions, partitions: there.settings.partitions },
      'a stream keeps its partitions: their number may only grow',
    );
    delete changes.partitions;
  }
  if (Object.keys(changes).length > 0) await there.change(changes);
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

type Changes = { -readonly [name in keyof StreamSettings]?: StreamSettings[name] };

function differences({ settings }: Stream, given: Partial<StreamSettings>): Changes {
  const entries = Object.entries(given) as [keyof StreamSettings, unknown][];
  return Object.fromEntries(
    entries.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(settings[name])),
  ) as Changes;
}

function inConfiguration(name: string, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throw new DeclarationError(name, thrown as Error);
  }
}
