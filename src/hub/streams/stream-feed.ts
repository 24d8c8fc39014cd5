import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Partition, PartitionListener } from '../engine.ts';
import type { Logger } from '../logger.ts';
import { SubjectTrie } from '../subjects/trie.ts';
import type { Chunk, Chunks } from './chunks.ts';
import type { Cursor, Follower } from './log-reader.ts';
import { tagOf } from './position.ts';
import type { StreamRoute } from './stream-route.ts';
import type { Task, Turns } from './turns.ts';

/** What feeds share. */
export interface FeedServices {
  readonly chunks: Chunks;
  readonly turns: Turns;
  readonly logger: Logger;
}

/** A stream with the subscriptions that follow it. */
export class StreamFeed {
  readonly route: StreamRoute;
  readonly partitions: PartitionFeed[] = [];
  readonly services: FeedServices;
  readonly #byFilter = new SubjectTrie<Follower>();
  readonly #followers = new Set<Follower>();

  /** As positions name it. */
  readonly number: number;
  readonly tag: number;

  constructor(route: StreamRoute, services: FeedServices) {
    this.route = route;
    this.number = route.stream.number;
    this.tag = tagOf(route.stream);
    this.services = services;
    this.grow();
  }

  /** Takes in partitions that came since. */
  grow(): void {
    const { partitions } = this.route.stream;
    for (let index = this.partitions.length; index < partitions.length; index++) {
      this.partitions.push(new PartitionFeed(this, partitions[index]!));
    }
  }

  add(filter: readonly string[], follower: Follower): void {
    this.#byFilter.add(filter, follower);
    this.#followers.add(follower);
  }

  remove(filter: readonly string[], follower: Follower): void {
    if (this.#followers.delete(follower)) this.#byFilter.remove(filter, follower);
  }

  /** Appends those whose filter matches. */
  match(levels: readonly string[], found: Follower[]): void {
    this.#byFilter.match(levels, found);
  }

  followers(): Iterable<Follower> {
    return this.#followers;
  }

  close(): void {
    for (const feed of this.partitions) feed.close();
  }
}

/** Try again after the engine could not read. */
const RETRY_MS = 1000;

/**
 * Hands what a partition commits to the subscriptions that are up to date with it (`live`). It
 * reads nothing while there is none.
 */
export class PartitionFeed implements PartitionListener, Task {
  turn: Task['turn'] = 'none';
  readonly stream: StreamFeed;
  readonly partition: Partition;
  /** What lies before it has been offered to all that are live. */
  next: number;
  #live = 0;
  #over = false;
  readonly #stop: () => void;
  readonly #found: Follower[] = [];

  constructor(stream: StreamFeed, partition: Partition) {
    this.stream = stream;
    this.partition = partition;
    this.next = partition.stableOffset;
    this.#stop = partition.watch(this);
  }

  get index(): number {
    return this.partition.index;
  }

  get epoch(): number {
    return this.partition.epoch;
  }

  get reading(): boolean {
    return this.#live > 0;
  }

  get over(): boolean {
    return this.#over;
  }

  committed(): void {
    if (this.#live > 0) this.stream.services.turns.add(this);
  }

  /** The stream was removed, or the engine closed. */
  ended(): void {
    this.close();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.stream.services.chunks.forget(this.partition);
    this.#stop();
  }

  /** Makes a cursor live that has caught up; false when it has not. */
  join(cursor: Cursor): boolean {
    if (this.#over) return false;
    if (this.#live === 0) {
      if (cursor.next < this.partition.stableOffset) return false;
      this.next = cursor.next;
    } else if (cursor.next < this.next) return false;
    this.#live++;
    if (this.next < this.partition.stableOffset) this.stream.services.turns.add(this);
    return true;
  }

  leave(): void {
    this.#live--;
  }

  step(): MaybePromise<boolean> {
    if (this.#over || this.#live === 0 || this.next >= this.partition.stableOffset) return false;
    const from = this.next;
    return readChunk(
      this,
      from,
      (chunk) => {
        // Everybody left meanwhile, and others came elsewhere.
        if (from === this.next && this.#live > 0) this.#offer(chunk);
        return this.#live > 0 && this.next < this.partition.stableOffset;
      },
      (offset) => {
        for (const { cursors } of this.stream.followers()) {
          const cursor = cursors[this.partition.index];
          if (cursor?.live) cursor.lost(offset - cursor.place);
        }
        this.next = offset;
        return true;
      },
    );
  }

  #offer(chunk: Chunk): void {
    const { index } = this.partition;
    const found = this.#found;
    for (const message of chunk.messages) {
      if (message.offset < this.next) continue;
      this.stream.match(message.subject.levels, found);
      for (const follower of found) follower.cursors[index]?.offer(message);
      found.length = 0;
    }
    this.next = chunk.next;
  }
}

/**
 * Reads the chunk that holds an offset.
 * @param use what to do with it; answers whether there is more to do
 * @param skip reading has to go on elsewhere: records before that offset are lost
 */
export function readChunk(
  feed: PartitionFeed,
  from: number,
  use: (chunk: Chunk) => boolean,
  skip: (offset: number) => boolean,
): MaybePromise<boolean> {
  const { chunks } = feed.stream.services;
  try {
    const chunk = chunks.get(feed.stream.route, feed.partition, from);
    if (!isPromise(chunk)) return use(chunk);
    return chunk.then(use).catch((thrown: unknown) => afterFailure(feed, from, thrown, skip));
  } catch (thrown) {
    return afterFailure(feed, from, thrown, skip);
  }
}

function afterFailure(
  feed: PartitionFeed,
  from: number,
  thrown: unknown,
  skip: (offset: number) => boolean,
): MaybePromise<boolean> {
  if (feed.over) return false;
  const { partition } = feed;
  const code = thrown instanceof Fault ? thrown.code : undefined;
  // Retention or a trim passed the reader.
  if (code === 'OUT_OF_RANGE' && partition.startOffset > from) return skip(partition.startOffset);
  const facts = { err: thrown, stream: partition.stream.name, partition: partition.index, from };
  if (code === 'OUT_OF_RANGE' || code === 'DATA_LOSS') {
    feed.stream.services.logger.error(facts, 'records cannot be read and are left out');
    return skip(partition.stableOffset);
  }
  feed.stream.services.logger.error(facts, 'reading a stream failed, and is tried again');
  return new Promise((resolve) => {
    setTimeout(resolve, RETRY_MS, true).unref();
  });
}
