import { type KnownEvent, type KnownEvents, scopesOf } from './known-events.ts';
import type { StreamRoute } from './streams/stream-route.ts';
import type { StreamTable } from './streams/stream-table.ts';
import { publishLevels } from './subjects/names.ts';

/** What publishing on a subject has to know. */
export interface KnownSubject {
  readonly levels: readonly string[];
  readonly events: readonly KnownEvent[];
  /** Scopes of those events. */
  readonly scopes: readonly string[];
  /** The stream that captures it. */
  readonly route: StreamRoute | undefined;
}

const REMEMBERED = 4096;
const LONGEST = 256;

/** Subjects with what they mean. Those that come again and again are looked up once. */
export class KnownSubjects {
  readonly #events: KnownEvents;
  readonly #streams: StreamTable | undefined;
  readonly #known = new Map<string, KnownSubject>();

  constructor(events: KnownEvents, streams: StreamTable | undefined) {
    this.#events = events;
    this.#streams = streams;
  }

  /** @throws Fault INVALID_ARGUMENT for what cannot be published on */
  of(subject: string): KnownSubject {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const levels = publishLevels(subject);
    const events = this.#events.of(levels);
    const found: KnownSubject = {
      levels,
      events,
      scopes: scopesOf(events),
      route: this.#streams?.capturing(levels),
    };
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    if (subject.length <= LONGEST) this.#known.set(subject, found);
    return found;
  }

  /** Contracts or streams have changed. */
  forget(): void {
    this.#known.clear();
  }
}
