import type { SubscribeOptions } from '../hub.ts';
import type { Start } from './log-reader.ts';
import { decodePlaces, type Places } from './position.ts';
import type { PartitionFeed } from './stream-feed.ts';
import type { StreamTable } from './stream-table.ts';

/** Where a subscription begins in each partition, and whether something is missing there. */
export class Resume {
  gap = false;
  readonly start: Start;

  constructor(options: SubscribeOptions, table: StreamTable) {
    const { after, from = 'now', last } = options;
    if (after !== undefined) this.start = this.#after(after, table);
    else if (last !== undefined) {
      this.start = ({ partition: { startOffset, stableOffset } }) => ({
        next: Math.max(startOffset, stableOffset - last),
      });
    } else if (from === 'now') this.start = ({ partition }) => ({ next: partition.stableOffset });
    else if (from === 'start') this.start = ({ partition }) => ({ next: partition.startOffset });
    else {
      this.start = ({ partition }) => ({ next: partition.startOffset, seekMs: from });
    }
  }

  #after(after: string, table: StreamTable): Start {
    const text = after.split('.', 2)[1];
    const places = text === undefined ? undefined : decodePlaces(text);
    if (places === undefined) {
      // Not a position, or of a hub without streams: everything is news to whoever has it.
      return (feed) => ({ next: this.#fromStart(feed, text !== undefined || !isPlain(after)) });
    }
    if (listsOther(places, table)) this.gap = true;
    return (feed) => ({ next: this.#placeIn(feed, places) });
  }

  #placeIn(feed: PartitionFeed, places: Places): number {
    const { partition, stream } = feed;
    const known = places.streams.get(stream.number);
    if (known === undefined) {
      // Made after the position, unless it was asked for with another filter.
      return stream.number > places.newest ? this.#fromStart(feed, false) : this.#fromNow(feed);
    }
    if (known.tag !== stream.tag) return this.#fromStart(feed, true);
    const place = known.partitions.get(partition.index);
    if (place === undefined) {
      return places.complete ? this.#fromStart(feed, false) : this.#fromNow(feed);
    }
    let { next } = place;
    // Records after this place were lost in a crash: what stands there now has not been seen.
    if (place.epoch < partition.epoch) {
      next = Math.min(next, partition.epochEnd(place.epoch).endOffset);
    }
    if (next > partition.endOffset) return this.#fromNow(feed);
    if (next >= partition.startOffset) return next;
    this.gap = true;
    return partition.startOffset;
  }

  #fromStart({ partition }: PartitionFeed, gap: boolean): number {
    if (gap || partition.startOffset > 0) this.gap = true;
    return partition.startOffset;
  }

  #fromNow({ partition }: PartitionFeed): number {
    if (partition.endOffset > 0) this.gap = true;
    return partition.stableOffset;
  }
}

/** A position of a hub without streams. */
function isPlain(after: string): boolean {
  return /^[a-z0-9]+-[0-9]+$/.test(after);
}

/** Whether a position lists a stream that is gone, with what it may have held since. */
function listsOther(places: Places, table: StreamTable): boolean {
  const here = new Set<number>();
  for (const { stream } of table.values()) here.add(stream.number);
  for (const number of places.streams.keys()) if (!here.has(number)) return true;
  return false;
}
