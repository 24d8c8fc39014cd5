import { partitionOfKey } from '../../formats/records/murmur2.ts';
import type { Stream } from '../engine.ts';
import { type KnownEvent, type KnownEvents, scopesOf } from '../known-events.ts';
import type { StreamFigures } from '../streams.ts';
import { filterLevels, publishLevels } from '../subjects/names.ts';
import { covers, matches, overlap } from './filters.ts';
import { KeySubject } from './key-subject.ts';
import { namedSubject, type StoredRecord } from './record-message.ts';
import { keyTextOf } from './record-text.ts';

/** What a record's subject means for whoever receives it. */
export interface RecordSubject {
  readonly text: string;
  readonly levels: readonly string[];
  /** Scopes of the events that the subject belongs to; a receiver needs them all. */
  readonly scopes: readonly string[];
  /** Whether the record names it itself. */
  readonly named: boolean;
}

/** Subjects of a stream that are remembered with what they mean. */
const REMEMBERED = 4096;

/** A stream as the hub routes to it: which subjects it captures, the partition of a message, the
 * subject of a record. */
export class StreamRoute {
  readonly stream: Stream;
  /** Published messages that the stream did not take. */
  refused = 0;
  readonly #events: KnownEvents;
  readonly #undirected: boolean;
  readonly #known = new Map<string, RecordSubject | undefined>();
  #filters: readonly (readonly string[])[] = [];
  #keySubject: KeySubject | undefined;
  /** The event whose stream this is. */
  #event: KnownEvent | undefined;
  #fallback!: RecordSubject;
  #held: readonly KnownEvent[] | undefined;
  #scopes: readonly string[] | undefined;
  #turn = 0;

  /** @param undirected it may hold whatever others do not */
  constructor(stream: Stream, events: KnownEvents, undirected = false) {
    this.stream = stream;
    this.#events = events;
    this.#undirected = undirected;
    this.refresh();
  }

  /** Filters of the subjects that are captured. */
  get filters(): readonly (readonly string[])[] {
    return this.#filters;
  }

  /** The events whose messages may be in the stream. */
  get events(): readonly KnownEvent[] {
    this.#held ??= [...this.#events.values()].filter(({ template: { filter } }) =>
      this.mayHold(filter),
    );
    return this.#held;
  }

  /** Scopes of those events: who reads or writes the stream as a whole needs them all. */
  get scopes(): readonly string[] {
    this.#scopes ??= scopesOf(this.events);
    return this.#scopes;
  }

  /** The settings or the contracts have changed. */
  refresh(): void {
    const { name, settings } = this.stream;
    this.#filters = this.#undirected ? [['>']] : settings.subjects.map(filterLevels);
    this.#keySubject =
      settings.keySubject === undefined ? undefined : new KeySubject(settings.keySubject);
    const event = this.#events.get(name);
    // A template without members is one subject, and that is the stream's fallback then.
    this.#event = event?.template.filter.includes('*') ? event : undefined;
    this.#known.clear();
    this.#held = undefined;
    this.#scopes = undefined;
    const text =
      event !== undefined && this.#event === undefined ? event.template.filter.join('.') : name;
    this.#fallback = this.#subject(text, publishLevels(text), false);
  }

  figures(): StreamFigures {
    const { name, partitions } = this.stream;
    const figures = { bytes: 0, startOffset: 0, endOffset: 0 };
    for (const partition of partitions) {
      figures.bytes += partition.bytes;
      figures.startOffset += partition.startOffset;
      figures.endOffset += partition.endOffset;
    }
    return { name, ...figures, partitions: partitions.length, refused: this.refused };
  }

  captures(levels: readonly string[]): boolean {
    return this.#filters.some((filter) => matches(filter, levels));
  }

  /** Whether messages on subjects of this filter may be in the stream. */
  mayHold(filter: readonly string[]): boolean {
    return (
      this.#filters.some((own) => overlap(own, filter)) || matches(filter, this.#fallback.levels)
    );
  }

  /** Whether the stream captures every subject of this filter. */
  capturesAll(filter: readonly string[]): boolean {
    return this.#filters.some((own) => covers(own, filter));
  }

  /** The key that a subject stands for. */
  keyOf(levels: readonly string[]): string | undefined {
    return this.#keySubject?.keyOf(levels);
  }

  /** The partition of a key; without a key it is another for each batch. */
  partitionOf(key: Uint8Array | null): number {
    const { length } = this.stream.partitions;
    if (length === 1) return 0;
    return key === null ? this.#turn % length : partitionOfKey(key, length);
  }

  /** A batch without keys has gone to its partition: the next takes another. */
  turn(): void {
    this.#turn = (this.#turn + 1) % this.stream.partitions.length;
  }

  /** The subject of a record: the one that it names where the stream captures that, else what its
   * key leads to, else what its event's template gives, else the stream's name. */
  subjectOf(record: StoredRecord): RecordSubject {
    const text = namedSubject(record.headers);
    const named = text === undefined ? undefined : this.#remembered(text, true);
    return named ?? this.#derived(record) ?? this.#fallback;
  }

  #derived({ key, value }: StoredRecord): RecordSubject | undefined {
    if (this.#keySubject !== undefined && key !== null) {
      const text = this.#keySubject.subjectOf(keyTextOf(key));
      return text === undefined ? undefined : this.#remembered(text, false);
    }
    if (this.#event === undefined || value === null) return undefined;
    try {
      const payload: unknown = JSON.parse(Buffer.from(value).toString('utf8'));
      return this.#remembered(this.#event.template.render(payload), false);
    } catch {
      // No JSON, or without the members of the template: it is on the stream's own subject.
      return undefined;
    }
  }

  #remembered(text: string, named: boolean): RecordSubject | undefined {
    const id = named ? text : `>${text}`;
    if (this.#known.has(id)) return this.#known.get(id);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const subject = this.#captured(text, named);
    this.#known.set(id, subject);
    return subject;
  }

  /** Undefined for text that is no subject, or one that the stream does not capture: whoever may
   * write to this stream may not therefore publish elsewhere. */
  #captured(text: string, named: boolean): RecordSubject | undefined {
    try {
      const levels = publishLevels(text);
      return this.captures(levels) ? this.#subject(text, levels, named) : undefined;
    } catch {
      return undefined;
    }
  }

  #subject(text: string, levels: readonly string[], named: boolean): RecordSubject {
    return { text, levels, scopes: scopesOf(this.#events.of(levels)), named };
  }
}
