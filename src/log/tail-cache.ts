import { baseOffsetOf, batchBytes, nextOffsetOf } from '../formats/records/batch.ts';

/** What all tails of an engine may hold together. */
export class TailBudget {
  readonly #max: number;
  #used = 0;
  /** The longest unused first. */
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

/**
 * The last batches of a partition in memory, as they were written, so that whoever reads at the end
 * needs no disk.
 */
export class TailCache {
  readonly #budget: TailBudget;
  readonly #max: number;
  /** Buffers of whole batches, one after the other without a gap. */
  #buffers: Buffer[] = [];
  #bytes = 0;
  #start = 0;
  #end = 0;

  constructor(budget: TailBudget, maxBytes: number) {
    this.#budget = budget;
    this.#max = maxBytes;
  }

  /** `buffer` has the batches from `base` up to `next`. */
  add(buffer: Buffer, base: number, next: number): void {
    if (this.#buffers.length === 0 || base !== this.#end) {
      this.clear();
      this.#start = base;
    }
    this.#end = next;
    if (buffer.length > this.#max) {
      this.clear();
      return;
    }
    const kept = ownBytes(buffer);
    this.#buffers.push(kept);
    this.#bytes += kept.length;
    let dropped = 0;
    let drop = 0;
    while (this.#bytes - dropped > this.#max) dropped += this.#buffers[drop++]!.length;
    if (drop > 0) {
      this.#start = baseOffsetOf(this.#buffers[drop]!);
      this.#buffers.splice(0, drop);
      this.#bytes -= dropped;
    }
    this.#budget.take(this, kept.length - dropped);
  }

  /**
   * Whole batches from the one that holds `from`, at least one, up to `maxBytes` and below
   * `before`. Undefined where `from` is not held.
   */
  read(from: number, maxBytes: number, before: number): Buffer[] | undefined {
    if (this.#buffers.length === 0 || from < this.#start || from >= this.#end) return undefined;
    const found: Buffer[] = [];
    let bytes = 0;
    for (let place = this.#placeOf(from); place < this.#buffers.length; place++) {
      const buffer = this.#buffers[place]!;
      let at = 0;
      if (found.length === 0) {
        while (nextOffsetOf(buffer, at) <= from) at += batchBytes(buffer, at);
      }
      const start = at;
      let full = false;
      while (at < buffer.length) {
        const length = batchBytes(buffer, at);
        full = baseOffsetOf(buffer, at) >= before || (bytes > 0 && bytes + length > maxBytes);
        if (full) break;
        bytes += length;
        at += length;
      }
      if (at > start)
        found.push(start === 0 && at === buffer.length ? buffer : buffer.subarray(start, at));
      if (full) break;
    }
    return found;
  }

  clear(): void {
    this.#budget.give(this.#bytes);
    this.#buffers = [];
    this.#bytes = 0;
  }

  /** The last buffer whose first offset is at most `offset`. */
  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#buffers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (baseOffsetOf(this.#buffers[middle]!) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The bytes, without holding on to a much larger buffer that they are a part of. */
function ownBytes(buffer: Buffer): Buffer {
  if (buffer.buffer.byteLength <= buffer.length * 2) return buffer;
  const own = Buffer.allocUnsafeSlow(buffer.length);
  buffer.copy(own);
  return own;
}
