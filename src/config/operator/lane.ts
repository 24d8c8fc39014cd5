import {
  BATCH,
  baseOffsetOf,
  batchBytes,
  isControl,
  isTransactional,
  nextOffsetOf,
  readInt64,
} from '../../formats/records/batch.ts';
import { RecordsFault } from '../../formats/records/fault.ts';
import { RecordReader } from '../../formats/records/record-reader.ts';
import type { AbortedTransaction, Partition } from '../../hub/engine.ts';
import { damageText, recordText } from './record-json.ts';

/** A record of a page. */
export interface Row {
  readonly offset: number;
  readonly timeMs: number;
  /** JSON. */
  readonly text: string;
}

const READ_BYTES = 256 * 1024;

/** Reads one partition's part of a page: committed records, without control batches and what was
 * aborted. */
export class Lane {
  readonly partition: Partition;
  readonly rows: Row[] = [];
  /** Where reading ended. */
  end: number;
  readonly #from: number;
  readonly #count: number;
  readonly #reader = new RecordReader();
  #bytesLeft: number;

  /** @param bytes of the rows; the first may be larger */
  constructor(partition: Partition, from: number, count: number, bytes: number) {
    this.partition = partition;
    this.end = from;
    this.#from = from;
    this.#count = count;
    this.#bytesLeft = bytes;
  }

  async read(): Promise<void> {
    const { partition } = this;
    const stop = partition.stableOffset;
    while (this.end < stop && !this.#full) {
      const start = this.end;
      const chunks = await partition.read(start, READ_BYTES, stop);
      const aborted = await abortedIn(partition, chunks, start);
      for (const chunk of chunks) this.#chunk(chunk, aborted);
      if (this.end === start) break;
    }
    this.#reader.close();
  }

  get #full(): boolean {
    return this.rows.length >= this.#count || this.#bytesLeft <= 0;
  }

  #chunk(chunk: Buffer, aborted: readonly AbortedTransaction[]): void {
    for (let at = 0; at < chunk.length; at += batchBytes(chunk, at)) {
      if (this.#full) return;
      if (!isControl(chunk, at) && !isAborted(chunk, at, aborted)) this.#batch(chunk, at);
      if (!this.#full) this.end = nextOffsetOf(chunk, at);
    }
  }

  #batch(chunk: Buffer, at: number): void {
    try {
      this.#records(chunk, at);
    } catch (error) {
      if (!(error instanceof RecordsFault)) throw error;
      // Its maker's bytes are no records, under a good checksum: shown, and passed over.
      const timeMs = readInt64(chunk, at + BATCH.maxTime);
      const offset = Math.max(this.end, baseOffsetOf(chunk, at));
      this.#take(offset, timeMs, damageText(this.partition.index, offset, error.message));
      this.end = nextOffsetOf(chunk, at);
    }
  }

  #records(chunk: Buffer, at: number): void {
    const reader = this.#reader;
    reader.open(chunk, at);
    while (!this.#full && reader.next()) {
      const { offset, timeMs } = reader;
      if (offset >= this.#from)
        this.#take(offset, timeMs, recordText(this.partition.index, reader));
    }
  }

  #take(offset: number, timeMs: number, text: string): void {
    this.rows.push({ offset, timeMs, text });
    this.#bytesLeft -= text.length;
    this.end = offset + 1;
  }
}

async function abortedIn(
  partition: Partition,
  chunks: readonly Buffer[],
  from: number,
): Promise<readonly AbortedTransaction[]> {
  let transactional = false;
  let end = from;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += batchBytes(chunk, at)) {
      transactional ||= isTransactional(chunk, at);
      end = nextOffsetOf(chunk, at);
    }
  }
  return transactional ? partition.abortedTransactions(from, end) : [];
}

function isAborted(chunk: Buffer, at: number, aborted: readonly AbortedTransaction[]): boolean {
  if (aborted.length === 0 || !isTransactional(chunk, at)) return false;
  const producerId = chunk.readBigInt64BE(at + BATCH.producerId);
  const last = nextOffsetOf(chunk, at) - 1;
  return aborted.some(
    (one) => one.producerId === producerId && one.firstOffset <= last && last <= one.lastOffset,
  );
}
