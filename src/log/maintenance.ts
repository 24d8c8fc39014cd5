import { compact } from './compaction.ts';
import type { Environment } from './environment.ts';
import type { LogPartition } from './partition.ts';
import type { Producer } from './producers.ts';
import { expired, lastTimeMs } from './retention.ts';
import { encodeSnapshot, writeSnapshot } from './snapshot.ts';

interface Settings {
  readonly syncIntervalMs: number;
  readonly maintenanceMs: number;
  readonly producerExpiryMs: number;
}

/** Records of `sync: never` are brought to disk when nothing was appended for so long: the
 * operating system has done it by then, and the file may be closed. */
const IDLE_MS = 60_000;

/** What happens beside reading and writing: interval syncs, snapshots, retention, compaction. */
export class Maintenance {
  readonly #engine: { partitions(): Iterable<LogPartition> };
  readonly #environment: Environment;
  readonly #settings: Settings;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** Snapshots that are being written. */
  readonly #writing = new Set<Promise<void>>();

  constructor(
    engine: { partitions(): Iterable<LogPartition> },
    environment: Environment,
    settings: Settings,
  ) {
    this.#engine = engine;
    this.#environment = environment;
    this.#settings = settings;
  }

  start(): void {
    this.#syncTimer = setInterval(() => void this.sync(), this.#settings.syncIntervalMs).unref();
    this.#timer = setInterval(() => void this.run(), this.#settings.maintenanceMs).unref();
  }

  adopt(partition: LogPartition): void {
    partition.onRoll = (base, producers) => this.#snapshot(partition, base, producers);
  }

  /** Brings what `sync: interval` left in the page cache to the disk, now. */
  sync(): Promise<void> {
    this.#syncing ??= this.#syncAll().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Retention and compaction of all partitions, now. */
  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#syncTimer);
    clearInterval(this.#timer);
    await this.#syncing;
    await this.#running;
    await Promise.all(this.#writing);
  }

  /** Makes a partition durable, and what opening it needs; false where that failed. */
  async seal(partition: LogPartition): Promise<boolean> {
    const { active, folder } = partition.segments;
    if (active === undefined) return true;
    try {
      await partition.mend();
      await partition.segments.seal(active);
      const producers = partition.producerStates.list();
      const bytes = encodeSnapshot(producers, partition.transactions);
      await writeSnapshot(this.#environment.files, folder, partition.endOffset, bytes);
      return true;
    } catch (error) {
      this.#environment.health.failed(error);
      return false;
    }
  }

  async #runAll(): Promise<void> {
    for (const partition of this.#engine.partitions()) {
      if (this.#stopped) return;
      if (partition.ended || partition.segments.active === undefined) continue;
      try {
        await this.#maintain(partition, Date.now());
      } catch (error) {
        if (partition.ended) continue;
        const { name } = partition.stream;
        this.#environment.logger.error(
          { cause: String(error), stream: name, partition: partition.index },
          'old records of a stream could not be deleted or compacted',
        );
      }
    }
  }

  async #maintain(partition: LogPartition, nowMs: number): Promise<void> {
    const { settings } = partition.stream;
    partition.producerStates.expire(nowMs - this.#settings.producerExpiryMs);
    if (isOld(partition, nowMs)) await partition.roll();
    const { segments, stableOffset } = partition;
    await partition.dropFirst(expired(segments.all, settings, stableOffset, nowMs));
    if (settings.compact) await compact(this.#environment, partition, nowMs);
    if (settings.sync === 'never' && nowMs - segments.active!.lastAppendMs > IDLE_MS) {
      await partition.sync();
    }
  }

  async #syncAll(): Promise<void> {
    for (const partition of this.#engine.partitions()) {
      if (partition.stream.settings.sync !== 'interval') continue;
      // The failure is in `health` by then, and writes are refused.
      await partition.sync().catch(() => undefined);
    }
  }

  #snapshot(partition: LogPartition, base: number, producers: readonly Producer[]): void {
    const bytes = encodeSnapshot(producers, partition.transactions);
    const { folder } = partition.segments;
    const writing = writeSnapshot(this.#environment.files, folder, base, bytes)
      // Without it, opening reads more.
      .catch((error: unknown) => {
        this.#environment.logger.warn({ cause: String(error) }, 'a snapshot was not written');
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

/** Is the segment that is written to past its time, or all that it holds past the stream's? */
function isOld(partition: LogPartition, nowMs: number): boolean {
  const segment = partition.segments.active!;
  const { expire, retentionMs, segmentMs, compact: compacts } = partition.stream.settings;
  if (segment.size === 0) return false;
  if (expire && retentionMs >= 0 && lastTimeMs(segment) < nowMs - retentionMs) return true;
  return compacts && nowMs - segment.firstAppendMs >= segmentMs;
}
