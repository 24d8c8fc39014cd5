import { isPromise } from '../../model/maybe-promise.ts';
import type { Partition, Table } from '../engine.ts';
import { OffsetRanges } from './offset-ranges.ts';

/**
 * Durable cursors: for each consumer of a partition the offset below which all is acknowledged, and
 * what is acknowledged above it. They live in a table of any engine:
 *
 *     const cursors = new CursorStore(await engine.table('queue cursors'));
 *     const cursor = cursors.open(`${stream.id} 0 ${consumer}`);
 *     cursor.acknowledge(17);       // in any order, any number in a turn
 *     await cursors.saved();        // all of them are durable
 *
 * The cursors that changed in a turn, and while a save is under way, are saved together.
 */
export class CursorStore {
  readonly #table: Table;
  readonly #cursors = new Map<string, DurableCursor>();
  readonly #changed = new Set<DurableCursor>();
  /** Removed, and not yet from the table. */
  readonly #removed = new Set<string>();
  #planned = false;
  #saving: Promise<void> | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  /** The cursor of a name, where it was; a new one begins at `position`. One object for each. */
  open(name: string, position = 0): DurableCursor {
    let cursor = this.#cursors.get(name);
    if (cursor === undefined) {
      const stored = this.#table.get(name);
      const ranges = stored === undefined ? new OffsetRanges(position) : decode(stored);
      cursor = new DurableCursor(name, ranges, (changed) => this.#plan(changed));
      this.#cursors.set(name, cursor);
    }
    return cursor;
  }

  has(name: string): boolean {
    return (
      this.#cursors.has(name) || (this.#table.get(name) !== undefined && !this.#removed.has(name))
    );
  }

  /** Forgets a cursor; one of the same name that is opened later begins anew. */
  remove(name: string): Promise<void> {
    const cursor = this.#cursors.get(name);
    this.#cursors.delete(name);
    if (cursor !== undefined) this.#changed.delete(cursor);
    this.#removed.add(name);
    return this.saved();
  }

  /** Resolves when all that was acknowledged until now is durable.
   * @throws AppendFault 'storage'; it stays acknowledged here, and is saved with the next change */
  async saved(): Promise<void> {
    // The save that is under way may have begun before the last change.
    await this.#saving?.catch(() => undefined);
    if (this.#saving === undefined && this.#waits) this.#begin();
    await this.#saving;
  }

  get #waits(): boolean {
    return this.#changed.size > 0 || this.#removed.size > 0;
  }

  #plan(cursor: DurableCursor): void {
    if (this.#cursors.get(cursor.name) !== cursor) return;
    this.#changed.add(cursor);
    if (this.#planned || this.#saving !== undefined) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      if (this.#saving === undefined && this.#waits) this.#begin();
    });
  }

  #begin(): void {
    const saving = this.#save().finally(() => {
      this.#saving = undefined;
    });
    this.#saving = saving;
    // Whoever wants to know asks `saved`; what failed is saved with the next change.
    saving.catch(() => undefined);
  }

  /** Saves until nothing waits. */
  async #save(): Promise<void> {
    while (this.#waits) {
      const cursors = [...this.#changed];
      const removed = [...this.#removed];
      this.#changed.clear();
      this.#removed.clear();
      const changes: [string, Buffer | undefined][] = [];
      for (const name of removed) changes.push([name, undefined]);
      for (const cursor of cursors) changes.push([cursor.name, encode(cursor)]);
      try {
        const set = this.#table.set(changes);
        if (isPromise(set)) await set;
      } catch (error) {
        for (const cursor of cursors) this.#changed.add(cursor);
        for (const name of removed) if (!this.#cursors.has(name)) this.#removed.add(name);
        throw error;
      }
    }
  }
}

/** Where one consumer stands in one partition. */
export class DurableCursor {
  readonly name: string;
  readonly #ranges: OffsetRanges;
  readonly #changed: (cursor: DurableCursor) => void;

  constructor(name: string, ranges: OffsetRanges, changed: (cursor: DurableCursor) => void) {
    this.name = name;
    this.#ranges = ranges;
    this.#changed = changed;
  }

  /** All below is acknowledged; it is itself not. */
  get position(): number {
    return this.#ranges.position;
  }

  /** How many separate ranges above the position are acknowledged. Whoever hands out more while
   * old ones are not acknowledged makes it grow: bound that. */
  get ranges(): number {
    return this.#ranges.ranges;
  }

  above(): Iterable<readonly [from: number, to: number]> {
    return this.#ranges.above();
  }

  isAcknowledged(offset: number): boolean {
    return this.#ranges.has(offset);
  }

  /** The first offset at or after `offset` that is not acknowledged. */
  firstOpen(offset: number): number {
    return this.#ranges.firstMissing(offset);
  }

  /** From `from` up to before `to`. */
  acknowledge(from: number, to = from + 1): void {
    if (this.#ranges.add(from, to)) this.#changed(this);
  }

  /** Begins at `position`: nothing at or above it is acknowledged. */
  reset(position: number): void {
    this.#ranges.reset(position);
    this.#changed(this);
  }

  /** Goes to the first record that is kept, where retention has overtaken the consumer. Answers
   * how many records he never acknowledged are gone. */
  follow(partition: Partition): number {
    const { startOffset } = partition;
    let lost = Math.max(0, startOffset - this.position);
    for (const [from, to] of this.above()) {
      lost -= Math.max(0, Math.min(to, startOffset) - from);
    }
    this.acknowledge(0, startOffset);
    return lost;
  }
}

/**
 * Version (1), position (float64), then for each range its distance from what lies before and its
 * length, as varints of 7 bits.
 */
function encode(cursor: DurableCursor): Buffer {
  const bytes: number[] = [];
  let before = cursor.position;
  for (const [from, to] of cursor.above()) {
    putNumber(bytes, from - before);
    putNumber(bytes, to - from);
    before = to;
  }
  const encoded = Buffer.alloc(9 + bytes.length);
  encoded[0] = VERSION;
  encoded.writeDoubleBE(cursor.position, 1);
  encoded.set(bytes, 9);
  return encoded;
}

const VERSION = 1;

function decode(stored: Buffer): OffsetRanges {
  if (stored[0] !== VERSION || stored.length < 9) {
    throw new Error(`a cursor is stored in form ${stored[0]}; expected ${VERSION}`);
  }
  const ranges = new OffsetRanges(stored.readDoubleBE(1));
  let before = ranges.position;
  let at = 9;
  const next = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = stored[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < stored.length) {
    const from = before + next();
    before = from + next();
    ranges.add(from, before);
  }
  return ranges;
}

function putNumber(bytes: number[], value: number): void {
  let left = value;
  while (left > 0x7f) {
    bytes.push((left % 128) | 0x80);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}
