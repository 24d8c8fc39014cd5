import type { Table } from '../../hub/engine.ts';

/** A table of a hub that keeps nothing on disk. */
export class MemoryTable implements Table {
  readonly #entries = new Map<string, Buffer>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Buffer | undefined {
    return this.#entries.get(key);
  }

  entries(): IterableIterator<[key: string, value: Buffer]> {
    return this.#entries.entries();
  }

  set(changes: readonly (readonly [key: string, value: Buffer | undefined])[]): void {
    for (const [key, value] of changes) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
  }
}
