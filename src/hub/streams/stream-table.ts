import type { Engine, Stream } from '../engine.ts';
import type { KnownEvents } from '../known-events.ts';
import { SubjectTrie } from '../subjects/trie.ts';
import { overlap } from './filters.ts';
import { StreamRoute } from './stream-route.ts';

/** The stream of what no other captures and somebody wants to be kept (`DurableInterest`). */
export const UNDIRECTED = '__undirected';

/** What two streams would both capture. */
export interface Conflict {
  readonly filter: string;
  readonly stream: string;
  readonly theirs: string;
}

export type StreamChange = 'created' | 'changed' | 'removed';
export type TableListener = (route: StreamRoute, change: StreamChange) => void;

/** Which stream captures a subject. Follows the engine's streams. */
export class StreamTable {
  /** Which subjects that no stream captures are to be kept nevertheless. */
  interest: { wants(levels: readonly string[]): boolean } | undefined;
  readonly #listeners: TableListener[] = [];
  readonly #stop: () => void;
  readonly #events: KnownEvents;
  #undirected: StreamRoute | undefined;
  readonly #routes = new Map<string, StreamRoute>();
  readonly #bySubject = new SubjectTrie<StreamRoute>();
  /** As they stand in the trie. */
  readonly #entered = new Map<StreamRoute, readonly (readonly string[])[]>();
  readonly #found: StreamRoute[] = [];
  #newest = 0;

  constructor(engine: Engine, events: KnownEvents) {
    this.#events = events;
    for (const stream of engine.streams()) this.#add(stream);
    this.#stop = engine.onChange((stream, change) => {
      const known = this.#routes.get(stream.name);
      if (change === 'removed') {
        if (known?.stream.id === stream.id) this.#remove(known);
      } else if (known?.stream.id === stream.id) this.#refresh(known);
      else {
        if (known !== undefined) this.#remove(known);
        this.#tell(this.#add(stream), 'created');
      }
    });
  }

  /** Told after a stream was created, changed or removed. */
  onChange(listener: TableListener): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#stop();
  }

  /** The largest `Stream.number` so far. */
  get newest(): number {
    return this.#newest;
  }

  values(): Iterable<StreamRoute> {
    return this.#routes.values();
  }

  get(name: string): StreamRoute | undefined {
    return this.#routes.get(name);
  }

  /** The stream that captures a subject. */
  capturing(levels: readonly string[]): StreamRoute | undefined {
    const found = this.#found;
    this.#bySubject.match(levels, found);
    const [route] = found;
    found.length = 0;
    if (route !== undefined || this.#undirected === undefined) return route;
    return this.interest?.wants(levels) === true ? this.#undirected : undefined;
  }

  /** Whether a filter can match subjects that no stream captures. */
  leavesOut(filter: readonly string[]): boolean {
    for (const route of this.#routes.values()) {
      if (route !== this.#undirected && route.capturesAll(filter)) return false;
    }
    return true;
  }

  /** What another stream captures already of what these filters would. */
  conflict(name: string, filters: readonly (readonly string[])[]): Conflict | undefined {
    for (const route of this.#routes.values()) {
      if (route.stream.name === name || route === this.#undirected) continue;
      const conflict = conflictOf(filters, route.stream.name, route.filters);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  /** The contracts have changed. */
  eventsChanged(): void {
    for (const route of this.#routes.values()) route.refresh();
  }

  #tell(route: StreamRoute, change: StreamChange): void {
    for (const listener of this.#listeners) listener(route, change);
  }

  #add(stream: Stream): StreamRoute {
    const undirected = stream.name === UNDIRECTED;
    const route = new StreamRoute(stream, this.#events, undirected);
    if (undirected) this.#undirected = route;
    this.#routes.set(stream.name, route);
    this.#newest = Math.max(this.#newest, stream.number);
    this.#enter(route);
    return route;
  }

  #refresh(route: StreamRoute): void {
    this.#leave(route);
    route.refresh();
    this.#enter(route);
    this.#tell(route, 'changed');
  }

  #remove(route: StreamRoute): void {
    this.#leave(route);
    if (route === this.#undirected) this.#undirected = undefined;
    this.#routes.delete(route.stream.name);
    this.#tell(route, 'removed');
  }

  #enter(route: StreamRoute): void {
    if (route === this.#undirected) return;
    this.#entered.set(route, route.filters);
    for (const filter of route.filters) this.#bySubject.add(filter, route);
  }

  #leave(route: StreamRoute): void {
    for (const filter of this.#entered.get(route) ?? []) this.#bySubject.remove(filter, route);
    this.#entered.delete(route);
  }
}

export function conflictOf(
  filters: readonly (readonly string[])[],
  stream: string,
  theirs: readonly (readonly string[])[],
): Conflict | undefined {
  for (const filter of filters) {
    const other = theirs.find((one) => overlap(one, filter));
    if (other !== undefined) {
      return { filter: filter.join('.'), stream, theirs: other.join('.') };
    }
  }
  return undefined;
}
