/** Serial numbers in their order: a page of them is found in a list of any length at once. */
export class SerialList {
  readonly #serials: number[] = [];

  get length(): number {
    return this.#serials.length;
  }

  add(serial: number): void {
    // Nearly always the newest.
    if (serial > (this.#serials.at(-1) ?? 0)) this.#serials.push(serial);
    else this.#serials.splice(this.#place(serial), 0, serial);
  }

  remove(serial: number): void {
    const place = this.#place(serial);
    if (this.#serials[place] === serial) this.#serials.splice(place, 1);
  }

  /** At most `count` of those behind `serial`. */
  after(serial: number, count: number): number[] {
    const start = this.#place(serial + 1);
    return this.#serials.slice(start, start + count);
  }

  /** Where the first is that is not smaller. */
  #place(serial: number): number {
    let low = 0;
    let high = this.#serials.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#serials[middle]! < serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
