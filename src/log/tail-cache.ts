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

/** Smaller buffers of one commit are put together: thousands of little ones cost more. */
const SMALL_BYTES = 4096;

/**
 * The last batches of a partition in memory, as they were written, so that whoever reads at the end
 * needs no disk.
 */
export class TailCache {
  readonly #budget: TailBudget;
  readonly #max: number;
  /** Buffers of whole batches, one after the other without a gap; the first `#dropped` are gone. */
  #buffers: Buffer[] = [];
  #dropped = 0;
  #bytes = 0;
  #start = 0;
  #end = 0;

  constructor(budget: TailBudget, maxBytes: number) {
    this.#budget = budget;
    this.#max = maxBytes;
  }

  /** Takes the batches of a commit, from `base` up to `next`. */
  add(buffers: readonly Buffer[], base: number, next: number): void {
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
    if (buffers.length > 1 && bytes < SMALL_BYTES * buffers.length) {
      this.#buffers.push(Buffer.concat(buffers, bytes));
    } else {
      for (const buffer of buffers) this.#buffers.push(ownBytes(buffer));
    }
    this.#bytes += bytes;
    this.#budget.take(this, bytes);
  }

  /**
   * Whole batches from the one that holds `from`, at least one, up to `maxBytes` and below
   * `before`. Undefined where `from` is not held.
   */
  read(from: number, maxBytes: number, before: number): Buffer[] | undefined {
    if (this.#bytes === 0 || from < this.#start || from >= this.#end) return undefined;
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

/** The bytes, without holding on to a much larger buffer that they are a part of. */
function ownBytes(buffer: Buffer): Buffer {
  if (buffer.buffer.byteLength <= buffer.length * 2) return buffer;
  const own = Buffer.allocUnsafeSlow(buffer.length);
  buffer.copy(own);
  return own;
}
