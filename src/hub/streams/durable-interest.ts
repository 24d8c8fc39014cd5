import type { Engine, StreamSettings, Table } from '../engine.ts';
import { filterLevels } from '../subjects/names.ts';
import { SubjectTrie } from '../subjects/trie.ts';
import { type StreamTable, UNDIRECTED } from './stream-table.ts';

const TABLE = 'durable-interest';

/**
 * Receivers that are to get what is published while they are away: an owner (a session, a queue)
 * says by filters what it wants to be kept. What matches one of them, and no stream captures, is
 * written to the stream `__undirected`, once however many want it; a receiver comes back with the
 * position of a subscription, as for any other stream.
 */
export class DurableInterest {
  readonly #engine: Engine;
  readonly #streams: StreamTable;
  readonly #settings: () => StreamSettings;
  readonly #changed: () => void;
  readonly #filters = new SubjectTrie<string>();
  readonly #owners = new Map<string, readonly string[]>();
  #table: Promise<Table> | undefined;
  #stream: Promise<unknown> | undefined;

  /**
   * @param settings of the stream, when it has to be made
   * @param changed called when the same subject may belong elsewhere from now on
   */
  constructor(
    engine: Engine,
    streams: StreamTable,
    settings: () => StreamSettings,
    changed: () => void,
  ) {
    this.#engine = engine;
    this.#streams = streams;
    this.#settings = settings;
    this.#changed = changed;
    streams.interest = this;
  }

  wants(levels: readonly string[]): boolean {
    if (this.#filters.size === 0) return false;
    const found: string[] = [];
    this.#filters.match(levels, found);
    return found.length > 0;
  }

  /** Reads what owners said before the hub was started. */
  async open(): Promise<void> {
    if (this.#engine.stream(UNDIRECTED) === undefined) return;
    const table = await this.#open();
    for (const [owner, bytes] of table.entries()) {
      this.#set(owner, JSON.parse(bytes.toString('utf8')) as string[]);
    }
    this.#changed();
  }

  /**
   * What an owner wants from now on, in place of what it wanted before; nothing where `filters` is
   * empty. In effect, and durable, when it answers.
   * @param owner begins with the name of its protocol
   * @throws Fault INVALID_ARGUMENT for a bad filter, and what the engine refuses with
   */
  async keep(owner: string, filters: readonly string[]): Promise<void> {
    const wanted = filters.map((filter) => filterLevels(filter).join('.'));
    if (wanted.length === 0 && !this.#owners.has(owner)) return;
    const table = await this.#open();
    this.#stream ??= this.#create();
    await this.#stream;
    const value = wanted.length === 0 ? undefined : Buffer.from(JSON.stringify(wanted));
    await table.set([[owner, value]]);
    this.#set(owner, wanted);
    this.#changed();
  }

  #open(): Promise<Table> {
    this.#table ??= this.#engine.table(TABLE);
    return this.#table;
  }

  async #create(): Promise<void> {
    try {
      if (this.#streams.get(UNDIRECTED) !== undefined) return;
      await this.#engine.create(UNDIRECTED, { ...this.#settings(), subjects: [] });
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
  }

  #set(owner: string, filters: readonly string[]): void {
    for (const filter of this.#owners.get(owner) ?? []) {
      this.#filters.remove(filter.split('.'), owner);
    }
    this.#owners.delete(owner);
    if (filters.length === 0) return;
    this.#owners.set(owner, filters);
    for (const filter of filters) this.#filters.add(filter.split('.'), owner);
  }
}
