import type { Logger } from '../logger.ts';
import { Chunks } from './chunks.ts';
import { LogReader, type LogReceiver, type Start } from './log-reader.ts';
import { StreamFeed } from './stream-feed.ts';
import type { StreamRoute } from './stream-route.ts';
import type { StreamTable } from './stream-table.ts';
import { Turns } from './turns.ts';

/** All streams with the subscriptions that follow them; keeps both together as streams come, grow
 * and go. */
export class LiveFeeds {
  readonly #table: StreamTable;
  readonly #feeds = new Map<StreamRoute, StreamFeed>();
  readonly #readers = new Set<LogReader>();
  readonly #services: { chunks: Chunks; turns: Turns; logger: Logger };

  /** @param source of messages whose records the hub did not make */
  constructor(table: StreamTable, source: string, logger: Logger) {
    this.#table = table;
    this.#services = { chunks: new Chunks(source, logger), turns: new Turns(), logger };
    for (const route of table.values()) this.#feeds.set(route, this.#feed(route));
    table.onChange((route, change) => {
      if (change === 'removed') this.#removed(route);
      else if (change === 'created') this.#created(route);
      else this.#changed(route);
    });
  }

  /** Begins a subscription in every stream that its filter touches. */
  join(receiver: LogReceiver, start: Start): LogReader {
    const reader = new LogReader(receiver);
    this.#readers.add(reader);
    for (const feed of this.#feeds.values()) {
      if (feed.route.mayHold(receiver.filter)) reader.follow(feed, start);
    }
    return reader;
  }

  leave(reader: LogReader): void {
    this.#readers.delete(reader);
    reader.close();
  }

  /** The contracts have changed, and with them the scopes of subjects. */
  eventsChanged(): void {
    this.#table.eventsChanged();
    for (const feed of this.#feeds.values()) this.#forget(feed);
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
  }

  #feed(route: StreamRoute): StreamFeed {
    return new StreamFeed(route, this.#services);
  }

  #created(route: StreamRoute): void {
    const feed = this.#feed(route);
    this.#feeds.set(route, feed);
    // Whoever subscribed before has seen nothing of it.
    this.#follow(feed, true);
  }

  #changed(route: StreamRoute): void {
    const feed = this.#feeds.get(route);
    if (feed === undefined) return;
    this.#forget(feed);
    feed.grow();
    this.#follow(feed, false);
  }

  #removed(route: StreamRoute): void {
    const feed = this.#feeds.get(route);
    if (feed === undefined) return;
    this.#feeds.delete(route);
    feed.close();
    for (const reader of this.#readers) reader.drop(feed);
  }

  /** @param created whether the stream itself is new, or has new partitions or subjects */
  #follow(feed: StreamFeed, created: boolean): void {
    for (const reader of this.#readers) {
      const known = created || reader.follows(feed);
      if (!feed.route.mayHold(reader.receiver.filter)) continue;
      reader.follow(feed, ({ partition }) => ({
        next: known ? partition.startOffset : partition.stableOffset,
      }));
    }
  }

  /** What its records mean may have changed. */
  #forget(feed: StreamFeed): void {
    for (const { partition } of feed.partitions) this.#services.chunks.forget(partition);
  }
}
