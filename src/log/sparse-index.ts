const START_ENTRIES = 16;
export const ENTRY_BYTES = 16;

/** Where a batch begins. */
export interface Place {
  readonly offset: number;
  readonly position: number;
}

/**
 * Where some of a segment's batches begin: one entry for each so many bytes, which says the first
 * offset, the byte, and the latest time of all that lies before it. From there a search reads on.
 */
export class SparseIndex {
  readonly #base: number;
  #count = 0;
  /** Relative to the base. */
  #offsets = new Uint32Array(START_ENTRIES);
  #positions = new Uint32Array(START_ENTRIES);
  #times = new Float64Array(START_ENTRIES);

  constructor(base: number) {
    this.#base = base;
  }

  /** Byte of the last entry; -1 for none. */
  get lastPosition(): number {
    return this.#count === 0 ? -1 : this.#positions[this.#count - 1]!;
  }

  /** @param timeBefore latest time of what lies before, in milliseconds; -1 for none */
  add(offset: number, position: number, timeBefore: number): void {
    if (this.#count === this.#offsets.length) this.#grow();
    this.#offsets[this.#count] = offset - this.#base;
    this.#positions[this.#count] = position;
    this.#times[this.#count] = timeBefore;
    this.#count++;
  }

  /** A batch that begins at or before `offset`. */
  placeOf(offset: number): Place {
    return this.#place(lastAtMost(this.#offsets, this.#count, offset - this.#base));
  }

  /** A batch before which all times are less than `timeMs`. */
  placeOfTime(timeMs: number): Place {
    return this.#place(lastBelow(this.#times, this.#count, timeMs));
  }

  #place(entry: number): Place {
    if (entry < 0) return { offset: this.#base, position: 0 };
    return { offset: this.#base + this.#offsets[entry]!, position: this.#positions[entry]! };
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#count * ENTRY_BYTES);
    for (let index = 0; index < this.#count; index++) {
      bytes.writeUInt32BE(this.#offsets[index]!, index * ENTRY_BYTES);
      bytes.writeUInt32BE(this.#positions[index]!, index * ENTRY_BYTES + 4);
      bytes.writeDoubleBE(this.#times[index]!, index * ENTRY_BYTES + 8);
    }
    return bytes;
  }

  static decode(base: number, bytes: Buffer): SparseIndex {
    const index = new SparseIndex(base);
    for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      index.add(
        base + bytes.readUInt32BE(at),
        bytes.readUInt32BE(at + 4),
        bytes.readDoubleBE(at + 8),
      );
    }
    return index;
  }

  #grow(): void {
    const length = this.#count * 2;
    const offsets = new Uint32Array(length);
    const positions = new Uint32Array(length);
    const times = new Float64Array(length);
    offsets.set(this.#offsets);
    positions.set(this.#positions);
    times.set(this.#times);
    this.#offsets = offsets;
    this.#positions = positions;
    this.#times = times;
  }
}

/** Of numbers that never fall: the last place whose number is at most `limit`; -1 for none. */
function lastAtMost(numbers: Uint32Array, count: number, limit: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function lastBelow(numbers: Float64Array, count: number, limit: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
