/** Bytes that all groups share, so that no number of members and no size of their metadata can
 * take the memory of the process. */
export class Budget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  fits(bytes: number): boolean {
    return this.#used + bytes <= this.#limit;
  }

  /** Counts bytes that are held from now on, or (negative) no more. */
  add(bytes: number): void {
    this.#used += bytes;
  }
}
