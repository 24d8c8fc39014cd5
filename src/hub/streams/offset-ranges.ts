/**
 * A set of offsets, all below `position` and some above it, kept as ranges: what a consumer has
 * acknowledged, in whatever order.
 */
export class OffsetRanges {
  #position: number;
  /** Of the ranges above, in order, apart from each other and from the position. */
  #starts: number[] = [];
  /** One past the last of each. */
  #ends: number[] = [];

  constructor(position = 0) {
    this.#position = position;
  }

  /** All below is in the set; it is itself not. */
  get position(): number {
    return this.#position;
  }

  /** How many ranges lie above the position. */
  get ranges(): number {
    return this.#starts.length;
  }

  has(offset: number): boolean {
    if (offset < this.#position) return true;
    const place = this.#placeOf(offset);
    return place >= 0 && offset < this.#ends[place]!;
  }

  /** Adds the offsets from `from` up to before `to`; answers whether that changed anything. */
  add(from: number, to = from + 1): boolean {
    if (to <= Math.max(from, this.#position)) return false;
    if (from <= this.#position) {
      this.#raise(to);
      return true;
    }
    // The usual case: behind all others.
    const last = this.#ends.at(-1) ?? -1;
    if (from > last) {
      this.#starts.push(from);
      this.#ends.push(to);
      return true;
    }
    let first = this.#placeOf(from);
    if (first >= 0 && to <= this.#ends[first]!) return false;
    if (first < 0 || this.#ends[first]! < from) first++;
    let behind = first;
    let end = to;
    while (behind < this.#starts.length && this.#starts[behind]! <= to) {
      end = Math.max(end, this.#ends[behind]!);
      behind++;
    }
    const start = behind > first ? Math.min(from, this.#starts[first]!) : from;
    this.#starts.splice(first, behind - first, start);
    this.#ends.splice(first, behind - first, end);
    return true;
  }

  /** The first offset at or after `offset` that is not in the set. */
  firstMissing(offset: number): number {
    if (offset < this.#position) return this.#position;
    const place = this.#placeOf(offset);
    return place >= 0 && offset < this.#ends[place]! ? this.#ends[place]! : offset;
  }

  /** Everything below is in the set from now on, and nothing at or above it. */
  reset(position: number): void {
    this.#position = position;
    this.#starts = [];
    this.#ends = [];
  }

  /** The ranges above the position, for storing. */
  *above(): Iterable<readonly [from: number, to: number]> {
    for (let place = 0; place < this.#starts.length; place++) {
      yield [this.#starts[place]!, this.#ends[place]!];
    }
  }

  #raise(to: number): void {
    let position = to;
    let gone = 0;
    while (gone < this.#starts.length && this.#starts[gone]! <= position) {
      position = Math.max(position, this.#ends[gone]!);
      gone++;
    }
    this.#position = position;
    this.#starts.splice(0, gone);
    this.#ends.splice(0, gone);
  }

  /** The last range that begins at or before the offset; -1 for none. */
  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
