import { randomUUID } from 'node:crypto';
import {
  BATCH,
  baseOffsetOf,
  batchBytes,
  isControl,
  isTransactional,
  nextOffsetOf,
  writeInt64,
} from '../../formats/records/batch.ts';
import { BatchBuilder } from '../../formats/records/batch-builder.ts';
import { RecordReader } from '../../formats/records/record-reader.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import {
  type AbortedTransaction,
  type Appended,
  AppendFault,
  type Engine,
  type Partition,
  type PartitionListener,
  type ProducerState,
  type Stream,
  type StreamRecord,
  type StreamSettings,
  type Table,
  type TransactionMarker,
} from '../engine.ts';

/** An engine for the hub's own tests: everything in memory, commits when it is told to. */
export class MemoryEngine implements Engine {
  readonly name = 'memory';
  readonly recovery = [];
  refusing: Fault | undefined;
  /** Commits wait for `commit()`. */
  held = false;
  /** Reads answer later, as from a disk. */
  slow = false;
  /** What reading fails with. */
  broken: Fault | undefined;
  reads = 0;
  #number = 0;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #tables = new Map<string, Table>();
  readonly #listeners = new Set<Parameters<Engine['onChange']>[0]>();
  waiting: (() => void)[] = [];

  streams(): readonly MemoryStream[] {
    return [...this.#streams.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  stream(name: string): MemoryStream | undefined {
    return this.#streams.get(name);
  }

  streamById(id: string): Stream | undefined {
    return this.streams().find((stream) => stream.id === id);
  }

  async create(name: string, settings: StreamSettings): Promise<MemoryStream> {
    if (this.#streams.has(name)) throw new Fault('ALREADY_EXISTS', name);
    const stream = new MemoryStream(this, name, ++this.#number, settings);
    this.#streams.set(name, stream);
    this.tell(stream, 'created');
    return stream;
  }

  async remove(name: string): Promise<void> {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Fault('NOT_FOUND', name);
    this.#streams.delete(name);
    for (const partition of stream.partitions) partition.end();
    this.tell(stream, 'removed');
  }

  async table(name: string): Promise<Table> {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new MemoryTable();
      this.#tables.set(name, table);
    }
    return table;
  }

  onChange(listener: Parameters<Engine['onChange']>[0]): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(stream: Stream, change: 'created' | 'changed' | 'removed'): void {
    for (const listener of [...this.#listeners]) listener(stream, change);
  }

  /** Commits what waits. */
  commit(): void {
    for (const run of this.waiting.splice(0)) run();
  }

  async close(): Promise<void> {
    this.commit();
    for (const stream of this.streams()) for (const one of stream.partitions) one.end();
  }
}

export class MemoryStream implements Stream {
  readonly name: string;
  readonly id = randomUUID();
  readonly number: number;
  readonly createdMs = Date.now();
  readonly engine: MemoryEngine;
  settings: StreamSettings;
  partitions: readonly MemoryPartition[] = [];

  constructor(engine: MemoryEngine, name: string, number: number, settings: StreamSettings) {
    this.engine = engine;
    this.name = name;
    this.number = number;
    this.settings = settings;
    this.#grow();
  }

  async change(settings: Partial<StreamSettings>): Promise<void> {
    this.settings = { ...this.settings, ...settings };
    this.#grow();
    this.engine.tell(this, 'changed');
  }

  #grow(): void {
    const partitions = [...this.partitions];
    while (partitions.length < this.settings.partitions) {
      partitions.push(new MemoryPartition(this, partitions.length));
    }
    this.partitions = partitions;
  }
}

export class MemoryPartition implements Partition {
  readonly stream: MemoryStream;
  readonly index: number;
  startOffset = 0;
  endOffset = 0;
  epoch = 0;
  #batches: Buffer[] = [];
  #assigned = 0;
  readonly #open = new Map<bigint, number>();
  readonly #aborted: AbortedTransaction[] = [];
  readonly #listeners = new Set<PartitionListener>();

  constructor(stream: MemoryStream, index: number) {
    this.stream = stream;
    this.index = index;
  }

  get bytes(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, 0);
  }

  get stableOffset(): number {
    return Math.min(this.endOffset, ...this.#open.values());
  }

  append(batches: Buffer): MaybePromise<Appended> {
    this.#check();
    const baseOffset = this.#assigned;
    const parts: Buffer[] = [];
    for (let at = 0; at < batches.length; at += batchBytes(batches, at)) {
      const batch = Buffer.from(batches.subarray(at, at + batchBytes(batches, at)));
      writeInt64(batch, this.#assigned, BATCH.baseOffset);
      this.#assigned = nextOffsetOf(batch);
      parts.push(batch);
    }
    const { startOffset } = this;
    const answer = { baseOffset, appendTimeMs: -1, startOffset, duplicate: false };
    return this.#commit(parts, answer);
  }

  write(records: readonly StreamRecord[]): MaybePromise<number> {
    const builder = new BatchBuilder();
    builder.start();
    for (const { timeMs, key, value, headers } of records) builder.add(timeMs, key, value, headers);
    const answer = this.append(Buffer.from(builder.finish()));
    return answer instanceof Promise
      ? answer.then(({ baseOffset }) => baseOffset)
      : answer.baseOffset;
  }

  writeMarker(marker: TransactionMarker): MaybePromise<number> {
    const builder = new BatchBuilder();
    const { producerId, producerEpoch } = marker;
    builder.start({ producerId, producerEpoch, transactional: true, control: true });
    builder.add(Date.now(), Buffer.from([0, 0, 0, marker.commit ? 1 : 0]), Buffer.alloc(6));
    const answer = this.append(Buffer.from(builder.finish()));
    if (answer instanceof Promise) return answer.then(({ baseOffset }) => baseOffset);
    return answer.baseOffset;
  }

  read(from: number, maxBytes: number, before = this.endOffset): MaybePromise<readonly Buffer[]> {
    this.stream.engine.reads++;
    if (this.stream.engine.broken !== undefined) throw this.stream.engine.broken;
    if (from < this.startOffset || from > this.endOffset) {
      throw new Fault('OUT_OF_RANGE', `${from} of ${this.startOffset} to ${this.endOffset}`);
    }
    const found: Buffer[] = [];
    let bytes = 0;
    for (const batch of this.#batches) {
      if (nextOffsetOf(batch) <= from) continue;
      if (baseOffsetOf(batch) >= before || (bytes > 0 && bytes + batch.length > maxBytes)) break;
      found.push(batch);
      bytes += batch.length;
    }
    if (!this.stream.engine.slow) return found;
    return new Promise((resolve) => {
      setImmediate(resolve, found);
    });
  }

  offsetAtTime(timeMs: number): { offset: number; timeMs: number } | undefined {
    const reader = new RecordReader();
    for (const batch of this.#batches) {
      reader.open(batch);
      while (reader.next()) {
        if (reader.timeMs >= timeMs) return { offset: reader.offset, timeMs: reader.timeMs };
      }
    }
    return undefined;
  }

  latestTime(): undefined {
    return undefined;
  }

  epochEnd(epoch: number): { epoch: number; endOffset: number } {
    return { epoch, endOffset: this.endOffset };
  }

  async trim(offset: number): Promise<number> {
    this.#batches = this.#batches.filter((batch) => nextOffsetOf(batch) > offset);
    this.startOffset = offset;
    return offset;
  }

  abortedTransactions(from: number, to: number): readonly AbortedTransaction[] {
    return this.#aborted.filter((one) => one.lastOffset >= from && one.firstOffset < to);
  }

  producers(): readonly ProducerState[] {
    return [];
  }

  watch(listener: PartitionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  end(): void {
    for (const listener of [...this.#listeners]) listener.ended(this);
  }

  #check(): void {
    const { refusing } = this.stream.engine;
    if (refusing !== undefined) throw new AppendFault('storage', refusing.message);
  }

  #commit<T>(batches: readonly Buffer[], answer: T): MaybePromise<T> {
    const run = (): void => {
      for (const batch of batches) {
        this.#batches.push(batch);
        this.endOffset = nextOffsetOf(batch);
        if (isTransactional(batch)) this.#transaction(batch);
      }
      for (const listener of [...this.#listeners]) listener.committed(this);
    };
    if (!this.stream.engine.held) {
      run();
      return answer;
    }
    return new Promise((resolve) => {
      this.stream.engine.waiting.push(() => {
        run();
        resolve(answer);
      });
    });
  }

  #transaction(batch: Buffer): void {
    const producerId = batch.readBigInt64BE(BATCH.producerId);
    const base = baseOffsetOf(batch);
    if (!isControl(batch)) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, base);
      return;
    }
    const reader = new RecordReader();
    reader.open(batch);
    reader.next();
    const firstOffset = this.#open.get(producerId)!;
    this.#open.delete(producerId);
    if (reader.key![3] === 0) this.#aborted.push({ producerId, firstOffset, lastOffset: base });
  }
}

class MemoryTable implements Table {
  readonly #entries = new Map<string, Buffer>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Buffer | undefined {
    return this.#entries.get(key);
  }

  entries(): IterableIterator<[key: string, value: Buffer]> {
    return this.#entries.entries();
  }

  set(changes: readonly (readonly [key: string, value: Buffer | undefined])[]): void {
    for (const [key, value] of changes) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
  }
}
