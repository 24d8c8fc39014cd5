import type { HeaderField } from '../header-field.ts';

/** Least size of an entry (RFC 7541 section 4.1). */
const MIN_ENTRY_BYTES = 32;

/** The decoder's dynamic table (RFC 7541 section 2.3.2): a ring, bounded in bytes. */
export class DynamicTable {
  #maxBytes: number;
  #bytes = 0;
  #entries: (HeaderField | undefined)[];
  /** Where the newest entry is. */
  #newest = 0;
  #count = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#entries = [];
    this.#makeRoom(maxBytes);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** @param age 0 for the newest */
  at(age: number): HeaderField | undefined {
    if (age >= this.#count) return undefined;
    return this.#entries[(this.#newest - age) & (this.#entries.length - 1)];
  }

  /** An entry larger than the table empties it (RFC 7541 section 4.4). */
  add(field: HeaderField): void {
    this.#evict(this.#maxBytes - field.listBytes);
    if (field.listBytes > this.#maxBytes) return;
    this.#newest = (this.#newest + 1) & (this.#entries.length - 1);
    this.#entries[this.#newest] = field;
    this.#count++;
    this.#bytes += field.listBytes;
  }

  resize(maxBytes: number): void {
    this.#evict(maxBytes);
    this.#maxBytes = maxBytes;
    this.#makeRoom(maxBytes);
  }

  #evict(untilBytes: number): void {
    while (this.#count > 0 && this.#bytes > untilBytes) {
      const oldest = (this.#newest - this.#count + 1) & (this.#entries.length - 1);
      this.#bytes -= this.#entries[oldest]!.listBytes;
      this.#entries[oldest] = undefined;
      this.#count--;
    }
  }

  /** The ring's length is a power of two with a place for every entry that can fit. */
  #makeRoom(maxBytes: number): void {
    let length = 16;
    while (length * MIN_ENTRY_BYTES < maxBytes) length *= 2;
    if (length <= this.#entries.length) return;
    const entries = new Array<HeaderField | undefined>(length).fill(undefined);
    for (let age = 0; age < this.#count; age++) entries[this.#count - 1 - age] = this.at(age);
    this.#newest = this.#count === 0 ? 0 : this.#count - 1;
    this.#entries = entries;
  }
}
