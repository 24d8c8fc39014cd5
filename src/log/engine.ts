import type { Engine, RecoveryNote, Stream, StreamSettings, Table } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import type { Catalogue, FoundStream } from './catalogue.ts';
import type { Environment } from './environment.ts';
import type { FolderLock } from './lock.ts';
import { Maintenance } from './maintenance.ts';
import { LOG_DEFAULTS, type LogOptions } from './options.ts';
import type { LogPartition } from './partition.ts';
import { checkSettings, TABLE_SETTINGS } from './settings.ts';
import { LogStream } from './stream.ts';
import { LogTable } from './table.ts';

type Change = 'created' | 'changed' | 'removed';

/** Partitions that are opened at a time. */
const OPENING = 8;
const MAX_NAME_LENGTH = 1024;

/** Streams in a folder of one machine. Made by `openLog`. */
export class LogEngine implements Engine {
  readonly name = 'embedded';
  readonly recovery: RecoveryNote[] = [];
  readonly environment: Environment;
  readonly maintenance: Maintenance;
  readonly #options: Required<Pick<LogOptions, keyof typeof LOG_DEFAULTS>>;
  readonly #catalogue: Catalogue;
  readonly #lock: FolderLock;
  readonly #streams = new Map<string, LogStream>();
  readonly #byId = new Map<string, LogStream>();
  #sorted: readonly LogStream[] | undefined;
  /** The logs of tables, by the table's name. */
  readonly #tableStreams = new Map<string, LogStream>();
  readonly #tables = new Map<string, Promise<LogTable>>();
  readonly #listeners = new Set<(stream: Stream, change: Change) => void>();
  /** Changes of streams happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(
    options: LogOptions,
    environment: Environment,
    catalogue: Catalogue,
    lock: FolderLock,
  ) {
    this.#options = { ...LOG_DEFAULTS, ...withoutUndefined(options) };
    this.environment = environment;
    this.#catalogue = catalogue;
    this.#lock = lock;
    this.maintenance = new Maintenance(this, environment, this.#options);
  }

  get refusing(): Fault | undefined {
    return this.environment.health.refusing;
  }

  /** Reads what the folder has. */
  async open(): Promise<void> {
    const owner = {
      change: (stream: LogStream, settings: StreamSettings) => this.#change(stream, settings),
    };
    const waiting: LogStream[] = [];
    for (const found of await this.#catalogue.find('streams')) {
      const stream = new LogStream(owner, found);
      this.#streams.set(stream.name, stream);
      this.#byId.set(stream.id, stream);
      waiting.push(stream);
    }
    for (const found of await this.#catalogue.find('tables')) {
      const stream = new LogStream(owner, found);
      this.#tableStreams.set(stream.name, stream);
      waiting.push(stream);
    }
    const work = async (): Promise<void> => {
      for (let stream = waiting.shift(); stream !== undefined; stream = waiting.shift()) {
        await this.#openStream(stream);
      }
    };
    await Promise.all(Array.from({ length: OPENING }, work));
    this.maintenance.start();
  }

  streams(): readonly LogStream[] {
    this.#sorted ??= [...this.#streams.values()].toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    return this.#sorted;
  }

  /** Of streams and tables. */
  *partitions(): Iterable<LogPartition> {
    for (const stream of this.#streams.values()) yield* stream.partitions;
    for (const stream of this.#tableStreams.values()) yield* stream.partitions;
  }

  stream(name: string): LogStream | undefined {
    return this.#streams.get(name);
  }

  streamById(id: string): LogStream | undefined {
    return this.#byId.get(id);
  }

  create(name: string, settings: StreamSettings): Promise<LogStream> {
    return this.#inTurn(async () => {
      checkName(name);
      checkSettings(settings);
      if (this.#streams.has(name)) {
        throw new Fault('ALREADY_EXISTS', `There is a stream ${name} already.`);
      }
      this.#checkRoom(1, settings.partitions);
      const found = await this.#catalogue.create('streams', name, settings);
      const stream = await this.#adopt(found);
      this.#streams.set(name, stream);
      this.#byId.set(stream.id, stream);
      this.#sorted = undefined;
      this.#tell(stream, 'created');
      return stream;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const stream = this.#streams.get(name);
      if (stream === undefined) throw new Fault('NOT_FOUND', `There is no stream ${name}.`);
      const removed = await this.#catalogue.remove('streams', stream.folder);
      this.#streams.delete(name);
      this.#byId.delete(stream.id);
      this.#sorted = undefined;
      const reason = new Fault('NOT_FOUND', `The stream ${name} was removed.`);
      for (const partition of stream.partitions) {
        await partition.end(reason);
        partition.removed();
      }
      this.#tell(stream, 'removed');
      await this.environment.files.remove(removed);
    });
  }

  async table(name: string): Promise<Table> {
    let opening = this.#tables.get(name);
    if (opening === undefined) {
      opening = this.#openTable(name);
      this.#tables.set(name, opening);
      opening.catch(() => this.#tables.delete(name));
    }
    return opening;
  }

  onChange(listener: (stream: Stream, change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #change(stream: LogStream, settings: StreamSettings): Promise<void> {
    return this.#inTurn(async () => {
      checkSettings(settings);
      this.#checkRoom(0, settings.partitions - stream.settings.partitions);
      const facts = { ...stream.facts, settings };
      await this.#catalogue.save(stream.folder, facts);
      stream.facts = facts;
      await this.#openStream(stream);
      this.#tell(stream, 'changed');
    });
  }

  async #openTable(name: string): Promise<LogTable> {
    const stream = this.#tableStreams.get(name) ?? (await this.#createTable(name));
    return LogTable.open(stream.partitions[0]!);
  }

  #createTable(name: string): Promise<LogStream> {
    return this.#inTurn(async () => {
      checkName(name);
      this.#checkRoom(1, 0);
      const stream = await this.#adopt(
        await this.#catalogue.create('tables', name, TABLE_SETTINGS),
      );
      this.#tableStreams.set(name, stream);
      return stream;
    });
  }

  async #adopt(found: FoundStream): Promise<LogStream> {
    const owner = {
      change: (one: LogStream, settings: StreamSettings) => this.#change(one, settings),
    };
    const stream = new LogStream(owner, found);
    await this.#openStream(stream);
    return stream;
  }

  async #openStream(stream: LogStream): Promise<void> {
    await stream.open(this.environment, this.#catalogue.facts.crashes, this.recovery);
    for (const partition of stream.partitions) this.maintenance.adopt(partition);
  }

  #checkRoom(streams: number, partitions: number): void {
    const { maxStreams, maxPartitions } = this.#options;
    if (this.#streams.size + this.#tableStreams.size + streams > maxStreams) {
      throw new Fault('RESOURCE_EXHAUSTED', `There are ${maxStreams} streams, as many as may be.`);
    }
    let count = partitions;
    for (const stream of this.#streams.values()) count += stream.partitions.length;
    if (count > maxPartitions) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `The streams would have ${count} partitions together; ${maxPartitions} may be.`,
      );
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      return Promise.reject(new Fault('UNAVAILABLE', 'The data folder is being closed.'));
    }
    const result = this.#last.then(work).catch((error: unknown) => {
      throw error instanceof Fault ? error : this.environment.health.failed(error);
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  #tell(stream: Stream, change: Change): void {
    for (const listener of this.#listeners) listener(stream, change);
  }

  async #close(): Promise<void> {
    await this.#last;
    await this.maintenance.stop();
    const reason = new Fault('UNAVAILABLE', 'The data folder was closed.');
    let clean = true;
    for (const partition of this.partitions()) {
      await partition.end(reason);
      clean = (await this.maintenance.seal(partition)) && clean;
    }
    await this.environment.health.close();
    await this.environment.cache.close();
    try {
      if (clean) await this.#catalogue.closed();
    } finally {
      await this.#lock.release();
    }
  }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}

function checkName(name: string): void {
  if (name.length > 0 && name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return;
  throw new Fault(
    'INVALID_ARGUMENT',
    `A name of a stream has 1 to ${MAX_NAME_LENGTH} characters; this one has ${name.length}.`,
  );
}
