import { dirname } from 'node:path';
import type { Environment } from './environment.ts';
import { writeIndex } from './index-file.ts';
import { Segment } from './segment.ts';
import { indexPath, logPath, segmentName } from './segment-names.ts';

/** The segments of a partition, by offset; the last one is written to. */
export class SegmentList {
  readonly folder: string;
  readonly #environment: Environment;
  all: Segment[];
  #folderMade: boolean;

  constructor(environment: Environment, folder: string, segments: Segment[]) {
    this.#environment = environment;
    this.folder = folder;
    this.all = segments;
    this.#folderMade = segments.length > 0;
  }

  get active(): Segment | undefined {
    return this.all.at(-1);
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.all) bytes += segment.size;
    return bytes;
  }

  pathOf(segment: Segment): string {
    return logPath(this.folder, segment.name);
  }

  /** The last segment that begins at or before the offset. */
  find(offset: number): Segment | undefined {
    return this.all[this.placeOf(offset)];
  }

  placeOf(offset: number): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.all[middle]!.base <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Begins a new segment; the one before is durable and has its index file from now on. */
  async roll(base: number): Promise<Segment> {
    const { files, cache } = this.#environment;
    const before = this.active;
    if (before !== undefined) await this.seal(before);
    if (!this.#folderMade) {
      await files.makeFolder(this.folder);
      await files.syncFolder(dirname(this.folder));
      this.#folderMade = true;
    }
    const segment = new Segment(base, segmentName(base));
    const path = this.pathOf(segment);
    const file = await cache.use(path, 'write');
    try {
      // Of an attempt that failed.
      if ((await file.file.size()) > 0) await file.file.truncate(0);
      await files.syncFolder(this.folder);
    } finally {
      cache.release(file);
    }
    this.all.push(segment);
    if (before !== undefined) before.index = undefined;
    return segment;
  }

  /** Makes a segment durable, and what is known of it, so that opening need not read it. */
  async seal(segment: Segment): Promise<void> {
    if (segment.index === undefined) return;
    if (segment.allocated > segment.size) await this.#cutZeros(segment);
    await this.sync(segment);
    await writeIndex(this.#environment.files, this.folder, segment);
  }

  async #cutZeros(segment: Segment): Promise<void> {
    const { cache } = this.#environment;
    const file = await cache.use(this.pathOf(segment), 'write');
    try {
      file.dirty = true;
      await file.file.truncate(segment.size);
      segment.allocated = segment.size;
    } finally {
      cache.release(file);
    }
  }

  async sync(segment: Segment): Promise<void> {
    const { cache } = this.#environment;
    const file = cache.peek(this.pathOf(segment), 'write');
    if (file === undefined) return;
    try {
      if (!file.dirty) return;
      const size = segment.size;
      file.dirty = false;
      try {
        await file.file.sync();
      } catch (error) {
        file.dirty = true;
        throw error;
      }
      segment.synced = size;
    } finally {
      cache.release(file);
    }
  }

  /** Closes its file. */
  forget(segment: Segment): void {
    this.#environment.cache.forget(this.pathOf(segment));
  }

  /** One segment stands for several from now on; their files go with `drop`. */
  replace(old: readonly Segment[], segment: Segment): void {
    for (const one of old) one.removed = true;
    const place = this.all.indexOf(old[0]!);
    this.all = this.all.toSpliced(place, old.length, segment);
  }

  /** Deletes segments, the first ones first. */
  async drop(segments: readonly Segment[]): Promise<void> {
    const { files } = this.#environment;
    for (const segment of segments) segment.removed = true;
    this.all = this.all.filter((segment) => !segment.removed);
    for (const segment of segments) {
      this.forget(segment);
      await files.remove(this.pathOf(segment));
      await files.remove(indexPath(this.folder, segment.name));
    }
  }
}
