import { batchBytes, nextOffsetOf } from '../formats/records/batch.ts';
import { RecordReader } from '../formats/records/record-reader.ts';
import type { StreamRecord, Table } from '../hub/engine.ts';
import { Fault } from '../model/fault.ts';
import type { LogPartition } from './partition.ts';

const READ_BYTES = 1024 * 1024;
const NO_HEADERS: StreamRecord['headers'] = [];

/** A change that is not yet durable, and what was there before. */
type Undo = readonly [key: string, before: Buffer | undefined];

/** A map whose changes are the records of a compacted log. */
export class LogTable implements Table {
  readonly #partition: LogPartition;
  readonly #map = new Map<string, Buffer>();
  /** Of all changes that wait for their commit, in their order. */
  #waiting: Undo[][] = [];

  private constructor(partition: LogPartition) {
    this.#partition = partition;
  }

  static async open(partition: LogPartition): Promise<LogTable> {
    const table = new LogTable(partition);
    const reader = new RecordReader();
    let offset = partition.startOffset;
    for (;;) {
      const buffers = await partition.read(offset, READ_BYTES);
      if (buffers.length === 0) return table;
      for (const buffer of buffers) {
        for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
          reader.open(buffer, at);
          while (reader.next()) {
            const value = reader.value;
            table.#put(String(reader.key), value === null ? undefined : Buffer.from(value));
          }
          offset = nextOffsetOf(buffer, at);
        }
      }
    }
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: string): Buffer | undefined {
    return this.#map.get(key);
  }

  entries(): IterableIterator<[key: string, value: Buffer]> {
    return this.#map.entries();
  }

  async set(
    changes: readonly (readonly [key: string, value: Buffer | undefined])[],
  ): Promise<void> {
    if (changes.length === 0) return;
    for (const [key] of changes) if (!key.isWellFormed()) throw badKey(key);
    const timeMs = Date.now();
    const written = this.#partition.write(
      changes.map(([key, value]) => ({
        key: Buffer.from(key),
        value: value ?? null,
        headers: NO_HEADERS,
        timeMs,
      })),
    );
    const undo: Undo[] = [];
    for (const [key, value] of changes) {
      undo.push([key, this.#map.get(key)]);
      this.#put(key, value);
    }
    this.#waiting.push(undo);
    try {
      await written;
      this.#waiting.shift();
    } catch (error) {
      // All that waits fails together, and each is told in its turn: the first takes all back.
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const one of waiting.toReversed()) {
        for (const [changed, before] of one.toReversed()) this.#put(changed, before);
      }
      throw error;
    }
  }

  #put(key: string, value: Buffer | undefined): void {
    if (value === undefined) this.#map.delete(key);
    else this.#map.set(key, value);
  }
}

function badKey(key: string): Fault {
  return new Fault(
    'INVALID_ARGUMENT',
    `A key of a table is text that UTF-8 can carry; this one has a lone surrogate: ${JSON.stringify(key)}.`,
  );
}
