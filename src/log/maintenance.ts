import type { Environment } from './environment.ts';
import type { LogPartition } from './partition.ts';
import { encodeSnapshot, writeSnapshot } from './snapshot.ts';
import { writeStart } from './start-file.ts';

interface Settings {
  readonly syncIntervalMs: number;
  readonly maintenanceMs: number;
  readonly producerExpiryMs: number;
}

/** What happens beside reading and writing: interval syncs, snapshots, retention, compaction. */
export class Maintenance {
  readonly #engine: { partitions(): Iterable<LogPartition> };
  readonly #environment: Environment;
  readonly #settings: Settings;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
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
    this.#syncTimer = setInterval(() => {
      this.#syncing ??= this.#syncAll().finally(() => {
        this.#syncing = undefined;
      });
    }, this.#settings.syncIntervalMs).unref();
  }

  adopt(partition: LogPartition): void {
    partition.onRoll = (rolled, base) => this.#snapshot(rolled, base);
    partition.onTrim = (trimmed, offset) => this.#trim(trimmed, offset);
  }

  async stop(): Promise<void> {
    clearInterval(this.#syncTimer);
    await this.#syncing;
    await Promise.all(this.#writing);
  }

  /** Makes a partition durable, and what opening it needs; false where that failed. */
  async seal(partition: LogPartition): Promise<boolean> {
    const { active, folder } = partition.segments;
    if (active === undefined) return true;
    try {
      await partition.segments.seal(active);
      const bytes = encodeSnapshot(partition.producerStates, partition.transactions);
      await writeSnapshot(this.#environment.files, folder, partition.endOffset, bytes);
      return true;
    } catch (error) {
      this.#environment.health.failed(error);
      return false;
    }
  }

  async #syncAll(): Promise<void> {
    for (const partition of this.#engine.partitions()) {
      if (partition.stream.settings.sync !== 'interval') continue;
      // The failure is in `health` by then, and writes are refused.
      await partition.sync().catch(() => undefined);
    }
  }

  #snapshot(partition: LogPartition, base: number): void {
    const bytes = encodeSnapshot(partition.producerStates, partition.transactions);
    const { folder } = partition.segments;
    const writing = writeSnapshot(this.#environment.files, folder, base, bytes)
      // Without it, opening reads more.
      .catch((error: unknown) => {
        this.#environment.logger.warn({ cause: String(error) }, 'a snapshot was not written');
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #trim(partition: LogPartition, offset: number): Promise<void> {
    const { segments } = partition;
    if (segments.active === undefined) return;
    await writeStart(this.#environment.files, segments.folder, offset);
    partition.startOffset = Math.max(partition.startOffset, offset);
    const past = segments.all.filter((one) => one.next <= offset && one !== segments.active);
    await segments.drop(past);
  }
}
