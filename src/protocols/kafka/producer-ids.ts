import type { Table } from '../../hub/engine.ts';

const KEY = 'next-producer-id';
/** Ids that are reserved by one durable write. What a stop leaves of them is never used. */
const BLOCK = 1000n;

/** Hands out producer ids, each once in the life of the data folder. */
export class ProducerIds {
  readonly #table: Table;
  #next = 0n;
  #end = 0n;
  #reserving: Promise<void> | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  async next(): Promise<bigint> {
    while (this.#next >= this.#end) {
      this.#reserving ??= this.#reserve().finally(() => (this.#reserving = undefined));
      await this.#reserving;
    }
    return this.#next++;
  }

  async #reserve(): Promise<void> {
    const stored = this.#table.get(KEY);
    const start = stored === undefined ? 0n : stored.readBigInt64BE(0);
    const value = Buffer.alloc(8);
    value.writeBigInt64BE(start + BLOCK);
    await this.#table.set([[KEY, value]]);
    this.#next = start;
    this.#end = start + BLOCK;
  }
}
