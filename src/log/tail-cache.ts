import { baseOffsetOf, batchBytes, nextOffsetOf } from '../formats/records/batch.ts';

/** What all tails of an engine may hold together. */
export class TailBudget {
  readonly #max: number;
  #used = 0;
  /** The one that was written to longest ago first. */
  readonly #tails = new Set<TailCache>();

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  get used(): number {
    return this.#used;
  }

  take(tail: TailCache, bytes: number): void {
    this.#used += bytes;
    this.#tails.delete(tail);
    this.#tails.add(tail);
    for (const oldest of this.#tails) {
      if (this.#used <= this.#max) return;
      oldest.clear();
      this.#tails.delete(oldest);
    }
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }

  forget(tail: TailCache): void {
    tail.clear();
    this.#tails.delete(tail);
  }
}

/** Commits are copied into blocks, each filled once: thousands of little buffers cost more. A block
 * is as large as what is held already, within these, so that a quiet partition takes little. */
const LEAST_BLOCK_BYTES = 1024;
const MOST_BLOCK_BYTES = 256 * 1024;
/** After the last sign of a reader at the end, so long the tail is kept. */
const WANTED_MS = 5000;

/**
 * Copies of the last batches of a partition in memory, as they were written, so that whoever reads
 * at the end needs no disk. Kept while somebody reads there; nothing in it is ever written again.
 */
export class TailCache {
  readonly #budget: TailBudget;
  readonly #max: number;
  /** A buffer of whole batches for each commit, one after the other without a gap; the first
   * `#dropped` are gone. */
  #buffers: Buffer[] = [];
  #dropped = 0;
  #bytes = 0;
  #start = 0;
  #end = 0;
  #block: Buffer = EMPTY;
  #blockUsed = 0;
  #wantedMs = Number.NEGATIVE_INFINITY;

  constructor(budget: TailBudget, maxBytes: number) {
    this.#budget = budget;
    this.#max = maxBytes;
  }

  /** Somebody reads at the end. */
  wanted(): void {
    this.#wantedMs = performance.now();
  }

  /**
   * Copies the batches of a commit, from `base` up to `next`, where somebody reads them.
   * @param watched whether somebody waits for them now
   */
  add(buffers: readonly Buffer[], base: number, next: number, watched: boolean): void {
    if (!watched && performance.now() - this.#wantedMs > WANTED_MS) {
      this.clear();
      return;
    }
    if (base !== this.#end) this.clear();
    this.#end = next;
    let bytes = 0;
    for (const buffer of buffers) bytes += buffer.length;
    // Readers at the end would be served the last part only, and need the disk for the rest.
    if (bytes > this.#max) {
      this.clear();
      return;
    }
    this.#makeRoom(bytes);
    if (this.#bytes === 0) this.#start = base;
    this.#buffers.push(this.#copy(buffers, bytes));
    this.#bytes += bytes;
    this.#budget.take(this, bytes);
  }

  /**
   * Whole batches from the one that holds `from`, at least one, up to `maxBytes` and below
   * `before`; none where `from` is not below it. Undefined where `from` is not held.
   */
  read(from: number, maxBytes: number, before: number): readonly Buffer[] | undefined {
    const isEnd = from >= before;
    if (!isEnd && (this.#bytes === 0 || from < this.#start || from >= this.#end)) return undefined;
    this.wanted();
    if (isEnd) return NOTHING;
    const found: Buffer[] = [];
    let room = maxBytes;
    for (let place = this.#placeOf(from); place < this.#buffers.length; place++) {
      const buffer = this.#buffers[place]!;
      const start = found.length === 0 ? skipTo(buffer, from) : 0;
      const end = endWithin(buffer, start, room, before, found.length === 0);
      if (end === start) break;
      found.push(end - start === buffer.length ? buffer : buffer.subarray(start, end));
      if (end < buffer.length) break;
      room -= end - start;
    }
    return found;
  }

  clear(): void {
    this.#budget.give(this.#bytes);
    this.#buffers = [];
    this.#dropped = 0;
    this.#bytes = 0;
    this.#block = EMPTY;
    this.#blockUsed = 0;
  }

  #copy(buffers: readonly Buffer[], bytes: number): Buffer {
    if (this.#blockUsed + bytes > this.#block.length) {
      const usual = Math.min(Math.max(this.#bytes, LEAST_BLOCK_BYTES), MOST_BLOCK_BYTES);
      this.#block = Buffer.allocUnsafeSlow(Math.max(usual, bytes));
      this.#blockUsed = 0;
    }
    const start = this.#blockUsed;
    for (let index = 0; index < buffers.length; index++) {
      this.#blockUsed += buffers[index]!.copy(this.#block, this.#blockUsed);
    }
    return this.#block.subarray(start, this.#blockUsed);
  }

  #makeRoom(bytes: number): void {
    let gone = 0;
    while (this.#bytes - gone + bytes > this.#max) {
      gone += this.#buffers[this.#dropped]!.length;
      this.#buffers[this.#dropped++] = EMPTY;
    }
    if (gone === 0) return;
    this.#bytes -= gone;
    this.#budget.give(gone);
    if (this.#bytes === 0) {
      this.clear();
      return;
    }
    // Moving the rest down costs as much as was dropped since, at most.
    if (this.#dropped > this.#buffers.length / 2) {
      this.#buffers.splice(0, this.#dropped);
      this.#dropped = 0;
    }
    this.#start = baseOffsetOf(this.#buffers[this.#dropped]!);
  }

  /** The last buffer whose first offset is at most `offset`. */
  #placeOf(offset: number): number {
    let low = this.#dropped;
    let high = this.#buffers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (baseOffsetOf(this.#buffers[middle]!) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
const NOTHING: readonly Buffer[] = Object.freeze([]);

function skipTo(buffer: Buffer, from: number): number {
  let at = 0;
  while (nextOffsetOf(buffer, at) <= from) at += batchBytes(buffer, at);
  return at;
}

/** Byte behind the last batch that fits; with `least`, one fits always. */
function endWithin(
  buffer: Buffer,
  start: number,
  room: number,
  before: number,
  least: boolean,
): number {
  let at = start;
  while (at < buffer.length && baseOffsetOf(buffer, at) < before) {
    const length = batchBytes(buffer, at);
    if (at - start + length > room && !(least && at === start)) break;
    at += length;
  }
  return at;
}
