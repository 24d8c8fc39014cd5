import type { Environment } from './environment.ts';
import { isMissing } from './files.ts';
import { readBatches, withSegment } from './reading.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** Where a reader that goes on will ask next. */
interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly position: number;
}

const PLACES = 16;

/** Reads a partition's batches from the disk. */
export class PartitionReader {
  readonly #environment: Environment;
  readonly #segments: SegmentList;
  /** The latest last. */
  #places: Place[] = [];

  constructor(environment: Environment, segments: SegmentList) {
    this.#environment = environment;
    this.#segments = segments;
  }

  /**
   * Whole batches from the one that holds `from`, up to `maxBytes` (at least one) and below
   * `before`. Undefined where a segment went away meanwhile.
   * @throws Fault DATA_LOSS
   */
  async read(from: number, maxBytes: number, before: number): Promise<Buffer[] | undefined> {
    let offset = from;
    while (offset < before) {
      const segment = this.#segments.find(offset) ?? this.#segments.all[0];
      if (segment === undefined) return undefined;
      try {
        const found = await this.#readSegment(segment, offset, maxBytes, before);
        if (found.batches.length > 0) {
          this.#remember({ segment, offset: found.next, position: found.position });
          return found.batches;
        }
      } catch (error) {
        if (segment.removed && isMissing(error)) return undefined;
        throw error;
      }
      const after = this.#segments.all[this.#segments.placeOf(segment.base) + 1];
      if (after === undefined) return [];
      offset = Math.max(offset, after.base);
    }
    return [];
  }

  #readSegment(segment: Segment, from: number, maxBytes: number, before: number) {
    return withSegment(this.#environment, this.#segments, segment, (file, index) => {
      const place = this.#places.find((one) => one.segment === segment && one.offset === from);
      const position = place?.position ?? index?.positionOf(from) ?? 0;
      return readBatches(file, segment, position, from, maxBytes, before);
    });
  }

  #remember(place: Place): void {
    if (this.#places.length >= PLACES) this.#places.shift();
    this.#places.push(place);
  }
}
