import type { Table } from '../../hub/engine.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';

/** A table in memory, whose writes can be held back and failed. */
export class FakeTable implements Table {
  hold = false;
  writes = 0;
  readonly #map = new Map<string, Buffer>();
  #waiting: ((failure?: Error) => void)[] = [];

  get size(): number {
    return this.#map.size;
  }

  get(key: string): Buffer | undefined {
    return this.#map.get(key);
  }

  entries(): IterableIterator<[key: string, value: Buffer]> {
    return this.#map.entries();
  }

  set(changes: readonly (readonly [key: string, value: Buffer | undefined])[]): MaybePromise<void> {
    this.writes += 1;
    if (!this.hold) {
      this.#apply(changes);
      return;
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push((failure) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        this.#apply(changes);
        resolve();
      });
    });
  }

  #apply(changes: readonly (readonly [key: string, value: Buffer | undefined])[]): void {
    for (const [key, value] of changes) {
      if (value === undefined) this.#map.delete(key);
      else this.#map.set(key, value);
    }
  }

  /** Ends the writes that wait. */
  settle(failure?: Error): void {
    for (const one of this.#waiting.splice(0)) one(failure);
  }
}
