import { Fault } from '../../model/fault.ts';
import { authorize } from '../authorize.ts';
import type { Engine, Stream, StreamSettings, Table } from '../engine.ts';
import type { Origin } from '../hub.ts';
import { type KnownEvents, scopesOf } from '../known-events.ts';
import type { StreamAccess, StreamFigures, Streams } from '../streams.ts';
import { filterLevels } from '../subjects/names.ts';
import type { DurableInterest } from './durable-interest.ts';
import { overlap } from './filters.ts';
import { type RecordCheck, recordCheck } from './record-check.ts';
import { checkName, checkSettings, defaultSettings, type StorageOptions } from './settings.ts';
import type { StreamRoute } from './stream-route.ts';
import { type Conflict, conflictOf, type StreamTable, UNDIRECTED } from './stream-table.ts';

export interface ServiceParts {
  readonly engine: Engine;
  readonly table: StreamTable;
  readonly events: KnownEvents;
  readonly storage: StorageOptions;
  readonly interest: DurableInterest;
  readonly anonymousDenied: boolean;
  /** Why nothing new is taken; undefined while it is. */
  readonly closed: () => Fault | undefined;
}

const NO_SCOPES: readonly string[] = [];

/** The hub's streams for protocols: rights are decided here, once for each look-up. */
export class StreamService implements Streams {
  readonly #parts: ServiceParts;
  /** Being created: no other may capture the same subjects meanwhile. */
  readonly #coming = new Map<string, readonly (readonly string[])[]>();

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  get engine(): string {
    return this.#parts.engine.name;
  }

  get refusing(): Fault | undefined {
    return this.#parts.engine.refusing;
  }

  *figures(): Iterable<StreamFigures> {
    const routes = [...this.#parts.table.values()];
    for (const route of routes.sort((one, other) => one.stream.number - other.stream.number)) {
      yield route.figures();
    }
  }

  list(origin: Origin): readonly Stream[] {
    const { engine, table, anonymousDenied } = this.#parts;
    authorize(origin.principal, NO_SCOPES, anonymousDenied, 'Listing streams');
    return engine.streams().filter(({ name }) => {
      const route = table.get(name);
      return route !== undefined && this.#allows(route, origin);
    });
  }

  get(name: string, access: StreamAccess, origin: Origin): Stream {
    return this.#found(
      this.#parts.table.get(name),
      `named ${JSON.stringify(name.slice(0, 260))}`,
      access,
      origin,
    );
  }

  byId(id: string, access: StreamAccess, origin: Origin): Stream {
    const stream = this.#parts.engine.streamById(id);
    const route = stream === undefined ? undefined : this.#parts.table.get(stream.name);
    return this.#found(route, `with the id ${id.slice(0, 80)}`, access, origin);
  }

  defaults(name: string): StreamSettings {
    return defaultSettings(this.#parts.storage, name);
  }

  prepare(name: string, settings: Partial<StreamSettings>, origin: Origin): StreamSettings {
    this.#mayCreate(origin);
    checkName(name);
    if (name === UNDIRECTED) {
      throw new Fault('INVALID_ARGUMENT', `The hub itself makes the stream ${name}.`);
    }
    if (this.#parts.engine.stream(name) !== undefined || this.#coming.has(name)) {
      throw new Fault('ALREADY_EXISTS', `There is a stream ${name} already.`);
    }
    return this.#checked(
      name,
      { ...defaultSettings(this.#parts.storage, name), ...settings },
      origin,
    );
  }

  async create(name: string, settings: Partial<StreamSettings>, origin: Origin): Promise<Stream> {
    const complete = this.prepare(name, settings, origin);
    this.#coming.set(name, complete.subjects.map(filterLevels));
    try {
      return await this.#parts.engine.create(name, complete);
    } finally {
      this.#coming.delete(name);
    }
  }

  async change(name: string, settings: Partial<StreamSettings>, origin: Origin): Promise<void> {
    const stream = this.get(name, 'manage', origin);
    const complete = this.#checked(name, { ...stream.settings, ...settings }, origin);
    await stream.change({ ...settings, subjects: complete.subjects });
  }

  async remove(name: string, origin: Origin): Promise<void> {
    this.get(name, 'manage', origin);
    await this.#parts.engine.remove(name);
  }

  table(name: string): Promise<Table> {
    return this.#parts.engine.table(name);
  }

  keep(owner: string, filters: readonly string[]): Promise<void> {
    return this.#parts.interest.keep(owner, filters);
  }

  onChange(
    listener: (stream: Stream, change: 'created' | 'changed' | 'removed') => void,
  ): () => void {
    return this.#parts.engine.onChange(listener);
  }

  recordCheck(stream: Stream): RecordCheck | undefined {
    const { table, storage, events } = this.#parts;
    const route = table.get(stream.name);
    if (!storage.checkRecords || route === undefined) return undefined;
    return recordCheck(route, events);
  }

  #mayCreate({ principal }: Origin): void {
    const { closed, storage, anonymousDenied } = this.#parts;
    const fault = closed();
    if (fault !== undefined) throw fault;
    const scopes = storage.manageScope === '' ? NO_SCOPES : [storage.manageScope];
    authorize(principal, scopes, anonymousDenied, 'Managing streams');
  }

  /** @throws Fault INVALID_ARGUMENT, PERMISSION_DENIED */
  #checked(name: string, given: StreamSettings, { principal }: Origin): StreamSettings {
    const settings = checkSettings(name, given);
    const filters = settings.subjects.map(filterLevels);
    const conflict = this.#conflict(name, filters);
    if (conflict !== undefined) throw conflictFault(name, conflict);
    const { events, anonymousDenied } = this.#parts;
    const captured = [...events.values()].filter(({ template: { filter } }) =>
      filters.some((one) => overlap(one, filter)),
    );
    authorize(principal, scopesOf(captured), anonymousDenied, `Stream ${name}`);
    return settings;
  }

  #conflict(name: string, filters: readonly (readonly string[])[]): Conflict | undefined {
    const known = this.#parts.table.conflict(name, filters);
    if (known !== undefined) return known;
    for (const [other, theirs] of this.#coming) {
      const conflict = other === name ? undefined : conflictOf(filters, other, theirs);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  #found(
    route: StreamRoute | undefined,
    what: string,
    access: StreamAccess,
    origin: Origin,
  ): Stream {
    const { closed, anonymousDenied } = this.#parts;
    const fault = access === 'read' ? undefined : closed();
    if (fault !== undefined) throw fault;
    if (access === 'manage') this.#mayCreate(origin);
    else authorize(origin.principal, NO_SCOPES, anonymousDenied, 'Streams');
    if (route === undefined) throw new Fault('NOT_FOUND', `There is no stream ${what}.`);
    const { scopes, stream } = route;
    if (scopes.length > 0) {
      authorize(origin.principal, scopes, anonymousDenied, `Stream ${stream.name}`);
    }
    return stream;
  }

  #allows(route: StreamRoute, { principal }: Origin): boolean {
    try {
      authorize(principal, route.scopes, this.#parts.anonymousDenied, route.stream.name);
      return true;
    } catch {
      return false;
    }
  }
}

export function conflictFault(name: string, { filter, stream, theirs }: Conflict): Fault {
  return new Fault(
    'INVALID_ARGUMENT',
    `Stream ${name} cannot capture ${filter}: stream ${stream} captures ${theirs}, and no two streams capture the same subject.`,
  );
}
