import { Fault, type FaultCode, type FaultOptions } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Logger } from './logger.ts';

/**
 * What the hub asks of whatever stores streams. A stream is a durable log in partitions; what is
 * stored and handed out are record batches (magic 2, `src/formats/records`), byte for byte.
 * Offsets are dense safe integers and begin at 0. `test/engine` is the suite that every engine
 * passes.
 */
export interface Engine {
  /** `embedded`, `nats`. */
  readonly name: string;
  /** Why writes are refused at this time (disk full, read-only, I/O error); reads go on. */
  readonly refusing: Fault | undefined;
  /** All streams, in order of name. */
  streams(): readonly Stream[];
  stream(name: string): Stream | undefined;
  /** By `Stream.id`. */
  streamById(id: string): Stream | undefined;
  /** Resolves when the stream is durable.
   * @throws Fault ALREADY_EXISTS, INVALID_ARGUMENT, RESOURCE_EXHAUSTED (too many) */
  create(name: string, settings: StreamSettings): Promise<Stream>;
  /** Removes a stream and its records. @throws Fault NOT_FOUND */
  remove(name: string): Promise<void>;
  /** A durable map, made when it is not there. One object for each name. */
  table(name: string): Promise<Table>;
  /** `listener` is told what was created, changed (settings, partitions) or removed, after it is
   * durable. Answers how to stop that. */
  onChange(
    listener: (stream: Stream, change: 'created' | 'changed' | 'removed') => void,
  ): () => void;
  /** What opening found and mended. */
  readonly recovery: readonly RecoveryNote[];
  /** Commits what waits, then closes every file. */
  close(): Promise<void>;
}

/** How an engine is opened. */
export interface EngineOptions {
  /** Where streams are kept; made when it is not there. */
  readonly folder: string;
  /** How long streams with `sync: interval` may wait for the disk, in milliseconds. */
  readonly syncIntervalMs: number;
  readonly logger: Logger;
}

/** Something that opening mended. */
export interface RecoveryNote {
  readonly stream: string;
  readonly partition: number;
  /** What was wrong and what was done. */
  readonly text: string;
  /** Bytes cut from the end. */
  readonly cutBytes: number;
}

/**
 * When an append is acknowledged: `always`, on disk by fdatasync (of a group commit); `interval`,
 * in the page cache, synced within the engine's interval; `never`, in the page cache, synced when
 * the operating system likes.
 */
export type SyncMode = 'always' | 'interval' | 'never';

export interface StreamSettings {
  /** Filters of the subjects that are captured. No two streams capture the same subject. */
  readonly subjects: readonly string[];
  /** At least 1. May grow, never shrinks. */
  readonly partitions: number;
  /**
   * How a record's key and its subject determine each other: `sensors.{key}`. Undefined: a record
   * without a subject of its own has the stream's name as its subject.
   */
  readonly keySubject: string | undefined;
  /** Delete whole segments when all they hold is older. -1: never. */
  readonly retentionMs: number;
  /** Keep at most about so many bytes in each partition. -1: no limit. */
  readonly retentionBytes: number;
  /** Keep at most about so many records in each partition. -1: no limit. */
  readonly retentionRecords: number;
  /** Keep the last record of each key. With retention as well, both apply. */
  readonly compact: boolean;
  /** Whether the retention limits apply; false where only compaction is wanted. */
  readonly expire: boolean;
  /** How long a tombstone (a key without a value) stays readable in a compacted stream. */
  readonly tombstoneMs: number;
  readonly sync: SyncMode;
  /** A new segment begins past this size or age. */
  readonly segmentBytes: number;
  readonly segmentMs: number;
  /** Largest batch that is taken. */
  readonly maxBatchBytes: number;
  /** Whose time a record has: its maker's, or the time of its append. */
  readonly time: 'created' | 'appended';
  /** Settings of clients that the engine keeps and does not interpret. */
  readonly extra: { readonly [name: string]: string };
}

export interface Stream {
  readonly name: string;
  /** UUID; a stream that is removed and made anew has another. */
  readonly id: string;
  /** Integer above those of all streams that this engine made before; stands for it in positions. */
  readonly number: number;
  readonly createdMs: number;
  readonly settings: StreamSettings;
  readonly partitions: readonly Partition[];
  /** Resolves when it is durable. @throws Fault INVALID_ARGUMENT */
  change(settings: Partial<StreamSettings>): Promise<void>;
}

/** One record to be packed into a batch. */
export interface StreamRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly timeMs: number;
}

export interface Appended {
  readonly baseOffset: number;
  /** -1 where records keep the time of their maker. */
  readonly appendTimeMs: number;
  readonly startOffset: number;
  /** The producer had sent this batch before; it was not stored again. */
  readonly duplicate: boolean;
}

export interface Partition {
  readonly stream: Stream;
  readonly index: number;
  /** First offset that is kept. */
  readonly startOffset: number;
  /** One past the last committed record; readers see what lies below it. */
  readonly endOffset: number;
  /** One past the last record that is in no open transaction; at most `endOffset`. */
  readonly stableOffset: number;
  /** Counts the openings after which records may have been lost; begins at 0. */
  readonly epoch: number;
  readonly bytes: number;

  /**
   * Stores whole record batches as a producer sent them, one after the other; writes the offsets
   * (and, where the stream says so, the time) into them, so the bytes belong to the engine until
   * it answers or throws; from then on it holds none of them, and the caller may write into them
   * again. Answers when they are committed as the stream's `sync` says.
   * @throws AppendFault (all or nothing)
   */
  append(batches: Buffer): MaybePromise<Appended>;

  /**
   * Packs records, with those of other callers in the same commit window, into a batch. Answers
   * the offset of the first when all are committed; they follow each other.
   * @throws AppendFault
   */
  write(records: readonly StreamRecord[]): MaybePromise<number>;

  /** Ends a producer's transaction with a control batch. Answers its offset when it is committed.
   * @throws AppendFault 'fenced' for an epoch that is too old */
  writeMarker(marker: TransactionMarker): MaybePromise<number>;

  /**
   * Whole batches, from the one that holds `from`, up to `maxBytes` (always at least one batch) and
   * to `endOffset`, or `before` where that is less. Answers at once where the bytes are at hand.
   * The bytes stay unchanged as long as they are held. Empty at the end.
   * @throws Fault OUT_OF_RANGE for an offset that is not there, DATA_LOSS for damaged bytes
   */
  read(from: number, maxBytes: number, before?: number): MaybePromise<readonly Buffer[]>;

  /** The first record whose time is at least `timeMs`, and that time. */
  offsetAtTime(
    timeMs: number,
  ): MaybePromise<{ readonly offset: number; readonly timeMs: number } | undefined>;
  /** The record with the latest time. */
  latestTime(): MaybePromise<{ readonly offset: number; readonly timeMs: number } | undefined>;
  /** Where the records of an epoch end, and the largest epoch not above the one asked for. */
  epochEnd(epoch: number): { readonly epoch: number; readonly endOffset: number };

  /** Gives up what lies before `offset`; answers the new `startOffset`. @throws Fault OUT_OF_RANGE */
  trim(offset: number): Promise<number>;

  /** Aborted transactions with records in [from, to). */
  abortedTransactions(from: number, to: number): MaybePromise<readonly AbortedTransaction[]>;
  /** What is known of idempotent and transactional producers. */
  producers(): readonly ProducerState[];

  /** `listener` is called after each commit that moved `endOffset` or `stableOffset`, once for all
   * that it brought. Must not throw, must be short. Answers how to stop that. */
  watch(listener: PartitionListener): () => void;
}

export interface PartitionListener {
  /** Whether it reads what is committed now, so that it is worth keeping at hand; true where it is
   * left out. */
  readonly reading?: boolean;
  committed(partition: Partition): void;
  /** The stream was removed or the engine closed. */
  ended(partition: Partition): void;
}

export interface TransactionMarker {
  /** 64-bit. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly coordinatorEpoch: number;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
  /** Of its marker. */
  readonly lastOffset: number;
}

export interface ProducerState {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimeMs: number;
  readonly coordinatorEpoch: number;
  /** Of the open transaction; undefined for none. */
  readonly transactionStart: number | undefined;
}

/** Why an append was refused. */
export type AppendReason =
  /** Checksum or structure is broken. */
  | 'corrupt'
  /** Well-formed, and not allowed here (no key in a compacted stream, time out of bounds). */
  | 'invalid'
  | 'too-large'
  /** A gap in the producer's sequence numbers. */
  | 'out-of-order'
  /** Older than what is remembered of the producer. */
  | 'duplicate'
  /** A newer instance of the producer has been seen. */
  | 'fenced'
  /** A sequence goes on that the engine has not seen, or has forgotten. */
  | 'unknown-producer'
  | 'invalid-transaction'
  /** Disk full, read-only, I/O error, or the stream is gone. */
  | 'storage';

const CODE_OF: Readonly<Record<AppendReason, FaultCode>> = {
  corrupt: 'INVALID_ARGUMENT',
  invalid: 'INVALID_ARGUMENT',
  'too-large': 'INVALID_ARGUMENT',
  'out-of-order': 'FAILED_PRECONDITION',
  duplicate: 'ALREADY_EXISTS',
  fenced: 'FAILED_PRECONDITION',
  'unknown-producer': 'FAILED_PRECONDITION',
  'invalid-transaction': 'FAILED_PRECONDITION',
  storage: 'UNAVAILABLE',
};

/** A refused append; protocols with finer errors than the fault codes read `reason`. */
export class AppendFault extends Fault {
  readonly reason: AppendReason;

  constructor(reason: AppendReason, message: string, options?: FaultOptions) {
    super(CODE_OF[reason], message, options);
    this.reason = reason;
  }
}

/** A durable map from text to bytes, whole in memory; for offsets, cursors, sessions. */
export interface Table {
  readonly size: number;
  /** Do not change the bytes. */
  get(key: string): Buffer | undefined;
  entries(): IterableIterator<[key: string, value: Buffer]>;
  /** Sets and (undefined) removes, all or nothing; visible at once, durable when it answers. Calls
   * of one turn share a commit. @throws AppendFault 'storage' */
  set(changes: readonly (readonly [key: string, value: Buffer | undefined])[]): MaybePromise<void>;
}
