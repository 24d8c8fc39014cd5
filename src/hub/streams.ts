import type { Fault } from '../model/fault.ts';
import type { Stream, StreamSettings, Table } from './engine.ts';
import type { Origin } from './hub.ts';

/** What a caller wants to do with a stream. */
export type StreamAccess = 'read' | 'write' | 'manage';

/** What monitoring shows of a stream, all partitions together. */
export interface StreamFigures {
  readonly name: string;
  readonly bytes: number;
  readonly partitions: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Published messages that it did not take, since the hub was made. */
  readonly refused: number;
}

/**
 * The hub's streams, as protocols see them: looked up by name with the caller's rights decided.
 * What is done with a stream's partitions afterwards (append, read, watch) goes to the engine
 * directly; whoever subscribes to subjects in any protocol sees it.
 */
export interface Streams {
  /** The engine's name. */
  readonly engine: string;
  /** Why writes are refused at this time (disk full, I/O error); reads go on. */
  readonly refusing: Fault | undefined;
  /** Of every stream, the oldest first; for whoever runs the hub. */
  figures(): Iterable<StreamFigures>;
  /** Those that the caller may read or write, in order of name. */
  list(origin: Origin): readonly Stream[];
  /** @throws Fault NOT_FOUND, PERMISSION_DENIED, UNAUTHENTICATED, UNAVAILABLE (the hub drains) */
  get(name: string, access: StreamAccess, origin: Origin): Stream;
  /** By `Stream.id`. Throws as `get` does. */
  byId(id: string, access: StreamAccess, origin: Origin): Stream;
  /** What is not set comes from the configuration; `subjects` is then the name alone.
   * @throws Fault ALREADY_EXISTS, INVALID_ARGUMENT (a bad name; subjects that another stream
   *   captures), PERMISSION_DENIED, UNAUTHENTICATED */
  create(name: string, settings: Partial<StreamSettings>, origin: Origin): Promise<Stream>;
  /** The settings of a stream of that name for which nothing is set. */
  defaults(name: string): StreamSettings;
  /** The settings that `create` would use. @throws Fault as `create` does */
  prepare(name: string, settings: Partial<StreamSettings>, origin: Origin): StreamSettings;
  change(name: string, settings: Partial<StreamSettings>, origin: Origin): Promise<void>;
  remove(name: string, origin: Origin): Promise<void>;
  /** A durable map of a protocol's own; its name begins with the protocol's. */
  table(name: string): Promise<Table>;
  /**
   * What is to be kept for somebody who may be away: messages that match one of the filters and
   * that no stream captures are written to the stream `__undirected` from now on, until the owner
   * wants others, or none. It receives them by a subscription with the position where it was.
   * Remembered over restarts; in effect when it answers.
   * @param owner begins with the protocol's name
   */
  keep(owner: string, filters: readonly string[]): Promise<void>;
  onChange(
    listener: (stream: Stream, change: 'created' | 'changed' | 'removed') => void,
  ): () => void;
  /**
   * What holds records that somebody appends as they are against the contracts: call it with the
   * batches before `Partition.append`. Undefined for streams without events of a contract, or where
   * `storage.checkRecords` is false: nothing is to be done for a record there.
   */
  recordCheck(stream: Stream): ((batches: Buffer) => void) | undefined;
}
