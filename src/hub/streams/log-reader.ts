import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { StreamMessage } from './chunks.ts';
import { matches } from './filters.ts';
import { type PartitionFeed, readChunk, type StreamFeed } from './stream-feed.ts';
import type { Task } from './turns.ts';

/** What a reader needs of its subscription. */
export interface LogReceiver {
  readonly filter: readonly string[];
  /** Whether there is credit for one more. */
  readonly open: boolean;
  /** Takes a record on its filter, or answers false: there is no credit for it. */
  take(message: StreamMessage, cursor: Cursor): boolean;
  /** So many records are gone before they could be read. */
  lost(count: number): void;
  /** Everything up to now has been taken. */
  caughtUp(): void;
}

/** A subscription's place in one partition. While it is live the feed brings it what is new;
 * while it is behind it holds nothing but an offset, and its reader reads the log from there. */
export class Cursor {
  readonly feed: PartitionFeed;
  /** Its place among the reader's cursors. */
  readonly slot: number;
  /** Where to go on; while it is live the feed knows that, and what lies before this is not
   * wanted. */
  next: number;
  live = false;
  /** Where it began. */
  start: number;
  /** To be looked up before anything is read: the first record of this time or later. */
  seekMs: number | undefined;
  readonly #reader: LogReader;

  constructor(reader: LogReader, feed: PartitionFeed, slot: number, next: number) {
    this.#reader = reader;
    this.feed = feed;
    this.slot = slot;
    this.next = next;
    this.start = next;
  }

  /** Everything before it has been taken, or was not meant for the subscription. */
  get place(): number {
    return this.live ? Math.max(this.next, this.feed.next) : this.next;
  }

  offer(message: StreamMessage): void {
    if (!this.live || message.offset < this.next) return;
    if (this.#reader.receiver.take(message, this)) return;
    this.next = message.offset;
    this.#reader.fellBehind(this);
  }

  lost(count: number): void {
    this.#reader.receiver.lost(count);
  }
}

/** A subscription in one stream. */
export interface Follower {
  /** By the partition's index. */
  readonly cursors: Cursor[];
}

/** Where a subscription begins in a partition: an offset, or a time. */
export type Start = (feed: PartitionFeed) => { readonly next: number; readonly seekMs?: number };

/** A subscription's cursors in all streams that its filter touches. Those that are behind take
 * turns: one chunk each. */
export class LogReader implements Task {
  turn: Task['turn'] = 'none';
  readonly receiver: LogReceiver;
  /** In the order in which they came; one that is over stays in its place. */
  readonly cursors: Cursor[] = [];
  readonly #followers = new Map<StreamFeed, Follower>();
  #behind: Cursor[] = [];
  #closed = false;

  constructor(receiver: LogReceiver) {
    this.receiver = receiver;
  }

  get behind(): boolean {
    return this.#behind.length > 0;
  }

  follows(feed: StreamFeed): boolean {
    return this.#followers.has(feed);
  }

  /** Begins in a stream, or in partitions that have come to it. */
  follow(stream: StreamFeed, start: Start): void {
    let follower = this.#followers.get(stream);
    if (follower === undefined) {
      follower = { cursors: [] };
      this.#followers.set(stream, follower);
      stream.add(this.receiver.filter, follower);
    }
    for (let index = follower.cursors.length; index < stream.partitions.length; index++) {
      const feed = stream.partitions[index]!;
      const { next, seekMs } = start(feed);
      const cursor = new Cursor(this, feed, this.cursors.length, next);
      follower.cursors.push(cursor);
      this.cursors.push(cursor);
      if (seekMs === undefined && feed.join(cursor)) cursor.live = true;
      else {
        cursor.seekMs = seekMs;
        // Times are looked up before anything is read.
        if (seekMs === undefined) this.#behind.push(cursor);
        else this.#behind.unshift(cursor);
      }
    }
    this.resume(stream);
  }

  /** The stream is gone. */
  drop(stream: StreamFeed): void {
    this.#followers.delete(stream);
    this.#behind = this.#behind.filter(({ feed }) => feed.stream !== stream);
  }

  close(): void {
    this.#closed = true;
    for (const [stream, follower] of this.#followers) {
      stream.remove(this.receiver.filter, follower);
      for (const cursor of follower.cursors) if (cursor.live) cursor.feed.leave();
    }
    this.#followers.clear();
    this.#behind = [];
  }

  fellBehind(cursor: Cursor): void {
    cursor.live = false;
    cursor.feed.leave();
    this.#behind.push(cursor);
  }

  /** There is credit again, or something to read. */
  resume(stream: StreamFeed | undefined = this.#behind[0]?.feed.stream): void {
    if (this.#behind.length > 0) stream?.services.turns.add(this);
  }

  step(): MaybePromise<boolean> {
    const [cursor] = this.#behind;
    if (this.#closed || cursor === undefined) return false;
    if (cursor.feed.over) return this.#done(cursor);
    if (cursor.seekMs !== undefined) return this.#seek(cursor, cursor.seekMs);
    if (this.#joins(cursor)) return this.#more();
    if (!this.receiver.open) return false;
    return readChunk(
      cursor.feed,
      cursor.next,
      ({ messages, next }) => {
        if (this.#closed) return false;
        for (const message of messages) {
          if (message.offset < cursor.next) continue;
          if (!matches(this.receiver.filter, message.subject.levels)) continue;
          if (this.receiver.take(message, cursor)) continue;
          cursor.next = message.offset;
          return false;
        }
        cursor.next = Math.max(cursor.next, next);
        if (!this.#joins(cursor)) this.#rotate();
        return this.#more();
      },
      (offset) => {
        this.receiver.lost(offset - cursor.next);
        cursor.next = offset;
        return true;
      },
    );
  }

  #joins(cursor: Cursor): boolean {
    if (!cursor.feed.join(cursor)) return false;
    cursor.live = true;
    this.#done(cursor);
    return true;
  }

  #done(cursor: Cursor): boolean {
    this.#behind = this.#behind.filter((one) => one !== cursor);
    if (this.#behind.length === 0) this.receiver.caughtUp();
    return this.#more();
  }

  #more(): boolean {
    return this.#behind.length > 0;
  }

  #rotate(): void {
    const first = this.#behind.shift();
    if (first !== undefined) this.#behind.push(first);
  }

  #seek(cursor: Cursor, timeMs: number): MaybePromise<boolean> {
    const { partition } = cursor.feed;
    // What comes from now on is late enough, whatever its time says.
    const end = partition.stableOffset;
    const found = partition.offsetAtTime(timeMs);
    const place = (at: { readonly offset: number } | undefined): boolean => {
      cursor.seekMs = undefined;
      cursor.next = at === undefined ? end : Math.min(at.offset, end);
      cursor.start = cursor.next;
      this.#rotate();
      return true;
    };
    if (!isPromise(found)) return place(found);
    return found.then(place).catch(() => place({ offset: partition.startOffset }));
  }
}
