import {
  BATCH,
  baseOffsetOf,
  batchBytes,
  isControl,
  isTransactional,
  nextOffsetOf,
} from '../../formats/records/batch.ts';
import { RecordReader } from '../../formats/records/record-reader.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { AbortedTransaction, Partition } from '../engine.ts';
import type { Logger } from '../logger.ts';
import { RecordHeaders } from './record-headers.ts';
import { messageOf, type StoredRecord } from './record-message.ts';
import type { RecordSubject, StreamRoute } from './stream-route.ts';

/** A record that receivers of any protocol may see. Its message is made when somebody asks. */
export class StreamMessage {
  readonly offset: number;
  readonly subject: RecordSubject;
  readonly #partition: Partition;
  readonly #record: StoredRecord;
  #message: Message | undefined;
  readonly #source: string;

  constructor(
    partition: Partition,
    offset: number,
    subject: RecordSubject,
    record: StoredRecord,
    source: string,
  ) {
    this.#partition = partition;
    this.offset = offset;
    this.subject = subject;
    this.#record = record;
    this.#source = source;
  }

  /** What it weighs in memory, about. */
  get bytes(): number {
    const { key, value } = this.#record;
    return MESSAGE_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  }

  get message(): Message {
    this.#message ??= messageOf(this.#record, {
      subject: this.subject.text,
      named: this.subject.named,
      source: this.#source,
      id: `${this.#partition.stream.name}/${this.#partition.index}/${this.offset}`,
    });
    return this.#message;
  }
}

/** A piece of a partition, decoded: what there is to see from `from` up to `next`. */
export interface Chunk {
  readonly from: number;
  readonly next: number;
  readonly messages: readonly StreamMessage[];
  readonly bytes: number;
}

/** How much is read and decoded at once. */
const CHUNK_BYTES = 64 * 1024;
/** Decoded records that are kept, so that receivers that are nearly together share them. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** A message's headers and the objects that it consists of. */
const MESSAGE_OVERHEAD = 768;
/** A chunk is not for nothing, however little it holds. */
const CHUNK_OVERHEAD = 2048;

/**
 * Reads committed records below the stable offset, without control batches and without those of
 * aborted transactions, and decodes them once for all who are near.
 */
export class Chunks {
  readonly #source: string;
  readonly #logger: Logger;
  readonly #reader = new RecordReader();
  readonly #kept = new Map<Partition, Chunk[]>();
  readonly #reading = new Map<Partition, Map<number, Promise<Chunk>>>();
  #order: Partition[] = [];
  #bytes = 0;

  /** @param source of the messages of records that the hub did not make */
  constructor(source: string, logger: Logger) {
    this.#source = source;
    this.#logger = logger;
  }

  /** The chunk that holds offset `from`, which lies before the stable offset.
   * @throws Fault OUT_OF_RANGE, DATA_LOSS and what else the engine refuses reading with */
  get(route: StreamRoute, partition: Partition, from: number): MaybePromise<Chunk> {
    const kept = this.#kept.get(partition)?.findLast((one) => one.from <= from && from < one.next);
    if (kept !== undefined) return kept;
    const running = this.#reading.get(partition)?.get(from);
    if (running !== undefined) return running;
    const chunk = this.#read(route, partition, from);
    if (!isPromise(chunk)) return this.#keep(partition, chunk);
    return this.#remember(partition, from, chunk);
  }

  /** The partition is gone, or what its records mean has changed. */
  forget(partition: Partition): void {
    const kept = this.#kept.get(partition);
    if (kept === undefined) return;
    this.#kept.delete(partition);
    this.#order = this.#order.filter((one) => one !== partition);
    for (const { bytes } of kept) this.#bytes -= bytes;
  }

  #remember(partition: Partition, from: number, answer: Promise<Chunk>): Promise<Chunk> {
    let running = this.#reading.get(partition);
    if (running === undefined) {
      running = new Map();
      this.#reading.set(partition, running);
    }
    const own = running;
    const chunk = answer
      .then((read) => this.#keep(partition, read))
      .finally(() => {
        own.delete(from);
        if (own.size === 0) this.#reading.delete(partition);
      });
    own.set(from, chunk);
    return chunk;
  }

  #keep(partition: Partition, chunk: Chunk): Chunk {
    const kept = this.#kept.get(partition);
    if (kept === undefined) this.#kept.set(partition, [chunk]);
    else kept.push(chunk);
    this.#order.push(partition);
    this.#bytes += chunk.bytes;
    while (this.#bytes > KEPT_BYTES && this.#order.length > 1) {
      const oldest = this.#order.shift()!;
      const chunks = this.#kept.get(oldest)!;
      this.#bytes -= chunks.shift()!.bytes;
      if (chunks.length === 0) this.#kept.delete(oldest);
    }
    return chunk;
  }

  #read(route: StreamRoute, partition: Partition, from: number): MaybePromise<Chunk> {
    const end = partition.stableOffset;
    const answer = partition.read(from, CHUNK_BYTES, end);
    return isPromise(answer)
      ? answer.then((buffers) => this.#decode(route, partition, from, end, buffers))
      : this.#decode(route, partition, from, end, answer);
  }

  #decode(
    route: StreamRoute,
    partition: Partition,
    from: number,
    end: number,
    buffers: readonly Buffer[],
  ): MaybePromise<Chunk> {
    const batches = [...batchesOf(buffers)];
    const first = batches[0];
    const last = batches.at(-1);
    // Compaction may have left nothing up to the end.
    if (first === undefined || last === undefined) {
      return { from, next: end, messages: [], bytes: CHUNK_OVERHEAD };
    }
    const begin = Math.min(from, baseOffsetOf(first.buffer, first.at));
    const next = nextOffsetOf(last.buffer, last.at);
    const chunkOf = (aborted: readonly AbortedTransaction[]): Chunk => {
      const messages = this.#messages(route, partition, batches, aborted);
      // Unpacked, and what is made of them when somebody asks.
      const bytes = messages.reduce((sum, message) => sum + message.bytes, CHUNK_OVERHEAD);
      return { from: begin, next, messages, bytes };
    };
    if (!batches.some(({ buffer, at }) => isTransactional(buffer, at))) return chunkOf([]);
    const aborted = partition.abortedTransactions(begin, next);
    return isPromise(aborted) ? aborted.then(chunkOf) : chunkOf(aborted);
  }

  #messages(
    route: StreamRoute,
    partition: Partition,
    batches: readonly Batch[],
    aborted: readonly AbortedTransaction[],
  ): StreamMessage[] {
    const messages: StreamMessage[] = [];
    const reader = this.#reader;
    for (const { buffer, at } of batches) {
      if (isControl(buffer, at) || isAborted(buffer, at, aborted)) continue;
      try {
        reader.open(buffer, at);
        while (reader.next()) {
          const { key, value, timeMs, offset } = reader;
          const record: StoredRecord = {
            key,
            value,
            timeMs,
            headers: new RecordHeaders(reader.headerBytes),
          };
          const subject = route.subjectOf(record);
          messages.push(new StreamMessage(partition, offset, subject, record, this.#source));
        }
      } catch (thrown) {
        this.#logger.error(
          { err: thrown, stream: partition.stream.name, partition: partition.index },
          'records that do not unpack were left out',
        );
      }
    }
    reader.close();
    return messages;
  }
}

interface Batch {
  readonly buffer: Buffer;
  readonly at: number;
}

function* batchesOf(buffers: readonly Buffer[]): Iterable<Batch> {
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) yield { buffer, at };
  }
}

function isAborted(buffer: Buffer, at: number, aborted: readonly AbortedTransaction[]): boolean {
  if (aborted.length === 0 || !isTransactional(buffer, at)) return false;
  const producerId = buffer.readBigInt64BE(at + BATCH.producerId);
  const base = baseOffsetOf(buffer, at);
  return aborted.some(
    (one) => one.producerId === producerId && one.firstOffset <= base && base <= one.lastOffset,
  );
}
