import { checkBatches, wholeBatchBytes } from '../formats/records/check.ts';
import type { AppendFault, StreamSettings } from '../hub/engine.ts';
import type { Environment } from './environment.ts';
import type { CachedFile } from './file-cache.ts';
import type { PendingBatches } from './pending.ts';
import { type SegmentLimits, segmentLimits } from './retention.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** What the committer asks of its partition. */
export interface CommitTarget {
  readonly stream: { readonly settings: StreamSettings };
  /** These are stored, and in the segment. */
  committed(pending: readonly PendingBatches[], buffers: readonly Buffer[]): void;
  /** None of these is stored, and what waits behind them builds on them; the first ones first. */
  failed(pending: readonly PendingBatches[], fault: AppendFault): void;
  /** A new segment begins at `base`; nothing that waits is stored yet. */
  rolled(base: number, waiting: readonly PendingBatches[]): void;
}

/** Of one commit; what is beyond waits for the next, so that a burst does not delay the first. */
const MAX_COMMIT_BYTES = 2 * 1024 * 1024;
/** Larger writes to the page cache go through the thread pool, smaller ones cost less here. */
const MAX_WRITE_NOW = 64 * 1024;
/** What a file grows by at a time, where commits are small: as much as it has, within these. */
const LEAST_AHEAD = 64 * 1024;
const ZEROS: Buffer = Buffer.alloc(1024 * 1024);
const STORED = { maxBatchBytes: 2 ** 31, from: 'stored' } as const;

/**
 * Writes what waits, all of it in one write and (for `sync: always`) one fdatasync; meanwhile the
 * next lot gathers. There is one at a time for a partition.
 */
export class Committer {
  readonly #target: CommitTarget;
  readonly #environment: Environment;
  readonly #segments: SegmentList;
  #waiting: PendingBatches[] = [];
  #planned = false;
  /** The commits that are under way, one after the other. */
  #running: Promise<void> | undefined;
  /** Bytes past the committed ones may be in the file, or committed ones missing on the disk. */
  #suspect = false;
  /** Those that the limits were made of. */
  #settings: StreamSettings | undefined;
  #limitsOfSettings: SegmentLimits | undefined;

  constructor(target: CommitTarget, environment: Environment, segments: SegmentList) {
    this.#target = target;
    this.#environment = environment;
    this.#segments = segments;
  }

  /** The last that waits and is not yet under way. */
  get last(): PendingBatches | undefined {
    return this.#waiting.at(-1);
  }

  add(pending: PendingBatches): void {
    this.#waiting.push(pending);
    if (this.#planned || this.#running !== undefined) return;
    this.#planned = true;
    // At the end of the turn: all that the turn brings is one commit.
    setImmediate(commitTurn, this);
  }

  turn(): void {
    this.#planned = false;
    if (this.#running !== undefined || this.#waiting.length === 0) return;
    if (this.#commitNow()) return;
    this.#running = this.#run();
  }

  /** Answers when nothing waits any more. */
  async drain(): Promise<void> {
    if (this.#planned) this.turn();
    while (this.#running !== undefined) await this.#running;
  }

  /** Brings the segment's file in line with what is committed. */
  repair(): Promise<void> {
    return this.#alone(() => this.#repair());
  }

  /** Begins a new segment, so that what there is can go as a whole. */
  roll(): Promise<void> {
    return this.#alone(async () => {
      const active = this.#segments.active;
      if (active === undefined || active.size === 0 || this.#suspect) return;
      await this.#roll(active.next);
    });
  }

  /** The page cache may have lost committed bytes: an fdatasync failed. */
  suspect(): void {
    this.#suspect = true;
  }

  /** Does something while nothing is being committed; what comes meanwhile waits. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    let failure: unknown;
    this.#running = work()
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#waiting.length > 0) this.turn();
      });
    await this.#running;
    if (failure !== undefined) throw failure;
  }

  /** There is nothing to be mended any more. */
  abandon(): void {
    this.#suspect = false;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#commit();
    } finally {
      this.#running = undefined;
    }
  }

  async #commit(): Promise<void> {
    let taken: PendingBatches[] = [];
    try {
      if (this.#suspect) await this.#repair();
      const segment = await this.#segment();
      taken = this.#take(segment);
      const buffers = taken.map((pending) => pending.finish());
      const file = await this.#environment.cache.use(this.#segments.pathOf(segment), 'write');
      try {
        file.dirty = true;
        const bytes = bytesOf(buffers);
        if (bytes > MAX_WRITE_NOW) await file.file.write(buffers, segment.size);
        else this.#writeNow(file, segment, buffers, bytes);
        if (this.#target.stream.settings.sync === 'always') {
          await file.file.sync();
          file.dirty = false;
          segment.synced = segment.size + bytes;
        }
        this.#target.committed(taken, buffers);
      } finally {
        this.#environment.cache.release(file);
      }
    } catch (error) {
      this.#fail(taken, error);
    }
  }

  /** The same without a hop to the thread pool, where the page cache is enough. */
  #commitNow(): boolean {
    const segment = this.#segments.active;
    if (this.#target.stream.settings.sync === 'always' || this.#suspect) return false;
    if (segment === undefined || this.#mustRoll(segment)) return false;
    let bytes = 0;
    for (const pending of this.#waiting) bytes += pending.bytes;
    if (bytes > MAX_WRITE_NOW || segment.size + bytes > this.#limits.bytes) return false;
    const file = this.#environment.cache.peek(this.#segments.pathOf(segment), 'write');
    if (file === undefined) return false;
    const taken = this.#waiting;
    this.#waiting = [];
    try {
      const buffers = taken.map((pending) => pending.finish());
      file.dirty = true;
      file.file.writeNow(buffers, segment.size);
      this.#target.committed(taken, buffers);
    } catch (error) {
      this.#fail(taken, error);
    } finally {
      this.#environment.cache.release(file);
    }
    return true;
  }

  /**
   * Writes, and zeros behind it when the file grows: an fdatasync of bytes that are there already
   * has no metadata to write, which halves the time of small commits.
   */
  #writeNow(file: CachedFile, segment: Segment, buffers: readonly Buffer[], bytes: number): void {
    const end = segment.size + bytes;
    const always = this.#target.stream.settings.sync === 'always';
    if (always && end > segment.allocated) {
      const ahead = Math.min(Math.max(segment.size, LEAST_AHEAD), ZEROS.length);
      const zeros = ZEROS.subarray(0, Math.max(0, Math.min(ahead, this.#limits.bytes - end)));
      try {
        file.file.writeNow([...buffers, zeros], segment.size);
        segment.allocated = end + zeros.length;
        return;
      } catch {
        // There may be room for the records alone.
      }
    }
    file.file.writeNow(buffers, segment.size);
  }

  get #limits(): SegmentLimits {
    const { settings } = this.#target.stream;
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#limitsOfSettings = segmentLimits(settings);
    }
    return this.#limitsOfSettings!;
  }

  #mustRoll(segment: Segment): boolean {
    if (segment.size === 0) return false;
    const first = this.#waiting[0]!;
    const limits = this.#limits;
    return (
      segment.size + first.bytes > limits.bytes ||
      segment.next - segment.base >= limits.records ||
      Date.now() - segment.firstAppendMs >= limits.ageMs
    );
  }

  /** The segment that the next commit goes to. */
  async #segment(): Promise<Segment> {
    const active = this.#segments.active;
    if (active !== undefined && !this.#mustRoll(active)) return active;
    return this.#roll(this.#waiting[0]!.base);
  }

  async #roll(base: number): Promise<Segment> {
    const segment = await this.#segments.roll(base);
    this.#target.rolled(base, this.#waiting);
    return segment;
  }

  #take(segment: Segment): PendingBatches[] {
    const room = Math.min(MAX_COMMIT_BYTES, this.#limits.bytes - segment.size);
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      bytes += this.#waiting[count]!.bytes;
      if (count > 0 && bytes > room) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #fail(taken: readonly PendingBatches[], error: unknown): void {
    this.#suspect = true;
    const fault = this.#environment.health.failed(error, this);
    const all = [...taken, ...this.#waiting];
    this.#waiting = [];
    this.#target.failed(all, fault);
  }

  async #repair(): Promise<void> {
    const segment = this.#segments.active;
    if (!this.#suspect) return;
    if (segment !== undefined) {
      const { cache } = this.#environment;
      const file = await cache.use(this.#segments.pathOf(segment), 'write');
      try {
        await file.file.truncate(segment.size);
        segment.allocated = segment.size;
        if (segment.synced < segment.size) await this.#rewrite(file, segment);
        await file.file.sync();
        segment.synced = segment.size;
        file.dirty = false;
      } finally {
        cache.release(file);
      }
    }
    this.#suspect = false;
  }

  /**
   * After a failed fdatasync the operating system holds pages for written that never reached the
   * disk. It still has them in memory: what was committed since the last good sync is written anew.
   */
  async #rewrite(file: CachedFile, segment: Segment): Promise<void> {
    let at = segment.synced;
    let most = MAX_COMMIT_BYTES;
    while (at < segment.size) {
      const bytes = Buffer.allocUnsafe(Math.min(most, segment.size - at));
      const got = await file.file.read(bytes, at);
      const whole = bytes.subarray(0, wholeBatches(bytes.subarray(0, got)));
      const wrong = checkBatches(whole, STORED);
      if (whole.length > 0 && wrong !== undefined) throw wrong;
      if (whole.length === 0 && got < bytes.length) throw new Error(`no batch at byte ${at}`);
      await file.file.write([whole], at);
      at += whole.length;
      // A batch may be larger than what was read.
      most = whole.length > 0 ? MAX_COMMIT_BYTES : most * 2;
    }
  }
}

function commitTurn(committer: Committer): void {
  committer.turn();
}

function bytesOf(buffers: readonly Buffer[]): number {
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.length;
  return bytes;
}

/** Bytes of the batches that are wholly there. */
function wholeBatches(bytes: Buffer): number {
  let at = 0;
  for (;;) {
    const length = wholeBatchBytes(bytes, at, STORED.maxBatchBytes);
    if (length <= 0) return at;
    at += length;
  }
}
