import type { Delivery, Message } from '../../model/message.ts';
import type { HeldMessage } from '../history.ts';
import type { StreamMessage } from './chunks.ts';
import type { Cursor } from './log-reader.ts';
import { encodePlaces } from './position.ts';

/** What was delivered of all that the hub has, for positions. */
export interface Bookkeeping {
  /** Name of this run. */
  readonly boot: string;
  /** Of the last message that no stream holds. */
  readonly sequence: number;
  /** The largest stream number. */
  readonly newest: number;
}

/** A message in a batch of one subscription; its position counts all that was delivered to that
 * subscription up to it. */
export class PlacedDelivery implements Delivery {
  readonly source: HeldMessage | StreamMessage;
  readonly cursor: Cursor | undefined;
  #batch: PlacedBatch | undefined;
  #index = 0;

  /** @param cursor that of a stream's record; undefined for a message that no stream holds */
  constructor(source: HeldMessage | StreamMessage, cursor: Cursor | undefined) {
    this.source = source;
    this.cursor = cursor;
  }

  get message(): Message {
    return this.source.message;
  }

  get position(): string {
    return this.#batch!.positionOf(this.#index);
  }

  put(batch: PlacedBatch, index: number): void {
    this.#batch = batch;
    this.#index = index;
  }
}

/** A subscription's places as its deliveries go out. */
export class Places {
  readonly #book: Bookkeeping;
  readonly #cursors: readonly Cursor[];
  readonly #memory: boolean;
  /** By the cursor's slot; undefined for a stream that is gone. */
  #nexts: (number | undefined)[] = [];
  #sequence: number;

  /**
   * @param cursors of the subscription; grows
   * @param memory whether messages that no stream holds can match
   * @param sequence where it begins among those
   */
  constructor(book: Bookkeeping, cursors: readonly Cursor[], memory: boolean, sequence: number) {
    this.#book = book;
    this.#cursors = cursors;
    this.#memory = memory;
    this.#sequence = sequence;
  }

  /** The position after everything that was delivered. */
  get current(): string {
    const nexts = this.#cursors.map((cursor, slot) =>
      cursor.feed.over ? undefined : slot < this.#nexts.length ? this.#nexts[slot] : cursor.start,
    );
    const memory = this.#memory ? `${this.#book.boot}-${this.#sequence}` : '';
    return `${memory}.${encodePlaces(this.#book.newest, this.#cursors, nexts)}`;
  }

  /**
   * Gives each delivery of a batch its place.
   * @param heldOut nothing that no stream holds is waiting after it
   * @param recordsOut no record is waiting after it
   */
  put(batch: readonly PlacedDelivery[], heldOut: boolean, recordsOut: boolean): void {
    const { boot, newest, sequence } = this.#book;
    const prefix = this.#memory ? boot : undefined;
    for (let slot = 0; slot < this.#cursors.length; slot++) {
      const cursor = this.#cursors[slot]!;
      if (slot === this.#nexts.length) this.#nexts.push(cursor.start);
      if (cursor.feed.over) this.#nexts[slot] = undefined;
    }
    const placed = new PlacedBatch(
      batch,
      this.#cursors,
      this.#nexts,
      prefix,
      this.#sequence,
      newest,
    );
    this.#nexts = this.#nexts.slice();
    for (let index = 0; index < batch.length; index++) {
      const delivery = batch[index]!;
      delivery.put(placed, index);
      const { cursor, source } = delivery;
      if (cursor !== undefined) {
        advance(this.#nexts, cursor, source as StreamMessage);
      } else this.#sequence = (source as HeldMessage).sequence;
    }
    // What was passed over since then need not be looked at again.
    if (heldOut) this.#sequence = Math.max(this.#sequence, sequence);
    if (!recordsOut) return;
    for (const cursor of this.#cursors) {
      if (this.#nexts[cursor.slot] !== undefined) this.#nexts[cursor.slot] = cursor.place;
    }
  }
}

function advance(nexts: (number | undefined)[], { slot }: Cursor, { offset }: StreamMessage): void {
  if (nexts[slot] !== undefined) nexts[slot] = offset + 1;
}

/** One batch; positions are made when they are asked for, in order cheaply. */
class PlacedBatch {
  readonly #deliveries: readonly PlacedDelivery[];
  readonly #cursors: readonly Cursor[];
  readonly #base: readonly (number | undefined)[];
  readonly #boot: string | undefined;
  readonly #baseSequence: number;
  readonly #newest: number;
  #nexts: (number | undefined)[] = [];
  #sequence = 0;
  #done = -1;

  constructor(
    deliveries: readonly PlacedDelivery[],
    cursors: readonly Cursor[],
    base: readonly (number | undefined)[],
    boot: string | undefined,
    sequence: number,
    newest: number,
  ) {
    this.#deliveries = deliveries;
    this.#cursors = cursors;
    this.#base = base;
    this.#boot = boot;
    this.#baseSequence = sequence;
    this.#newest = newest;
  }

  positionOf(index: number): string {
    if (index < this.#done || this.#done < 0) this.#restart();
    while (this.#done < index) {
      const { cursor, source } = this.#deliveries[++this.#done]!;
      if (cursor === undefined) this.#sequence = (source as HeldMessage).sequence;
      else advance(this.#nexts, cursor, source as StreamMessage);
    }
    const memory = this.#boot === undefined ? '' : `${this.#boot}-${this.#sequence}`;
    return `${memory}.${encodePlaces(this.#newest, this.#cursors, this.#nexts)}`;
  }

  #restart(): void {
    this.#done = -1;
    this.#sequence = this.#baseSequence;
    this.#nexts = this.#base.slice();
  }
}
