import type { Environment } from './environment.ts';
import { readBatches, withSegment } from './reading.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { Place } from './sparse-index.ts';

/** Where a reader that goes on will ask next. */
interface KnownPlace extends Place {
  readonly segment: Segment;
}

const PLACES = 16;

/** Reads a partition's batches from the disk. */
export class PartitionReader {
  readonly #environment: Environment;
  readonly #segments: SegmentList;
  /** The latest last. */
  #places: KnownPlace[] = [];

  constructor(environment: Environment, segments: SegmentList) {
    this.#environment = environment;
    this.#segments = segments;
  }

  /**
   * Whole batches from the one that holds `from`, up to `maxBytes` (at least one) and below
   * `before`, and the offset behind them.
   * @throws Fault DATA_LOSS
   */
  async read(
    from: number,
    maxBytes: number,
    before: number,
  ): Promise<{ batches: Buffer[]; next: number }> {
    let offset = from;
    while (offset < before) {
      const segment = this.#segments.find(offset) ?? this.#segments.all[0];
      if (segment === undefined) break;
      const found = await this.#readSegment(segment, offset, maxBytes, before);
      if (found.batches.length > 0) {
        this.#remember({ segment, ...found.next });
        return { batches: found.batches, next: found.next.offset };
      }
      const after = this.#segments.all[this.#segments.placeOf(segment.base) + 1];
      if (after === undefined) break;
      offset = Math.max(offset, after.base);
    }
    return { batches: [], next: offset };
  }

  #readSegment(segment: Segment, from: number, maxBytes: number, before: number) {
    return withSegment(this.#environment, this.#segments, segment, (file, index) => {
      const known = this.#places.find((one) => one.segment === segment && one.offset === from);
      const place = known ?? index?.placeOf(from) ?? segment.start;
      return readBatches(file, segment, place, from, maxBytes, before);
    });
  }

  #remember(place: KnownPlace): void {
    if (this.#places.length >= PLACES) this.#places.shift();
    this.#places.push(place);
  }
}
