import type { Partition, PartitionListener } from '../hub/engine.ts';
import type { Logger } from '../hub/logger.ts';

/** Who is told of commits. They may come and go while they are told. */
export class Watchers {
  readonly #logger: Logger;
  readonly #watches = new Set<{ readonly listener: PartitionListener }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: PartitionListener): () => void {
    const watch = { listener };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** Whether one of them reads what is committed now. */
  get reading(): boolean {
    for (const { listener } of this.#watches) if (listener.reading !== false) return true;
    return false;
  }

  committed(partition: Partition): void {
    for (const { listener } of this.#watches) {
      this.#tell(partition, () => listener.committed(partition));
    }
  }

  ended(partition: Partition): void {
    const watches = [...this.#watches];
    this.#watches.clear();
    for (const { listener } of watches) this.#tell(partition, () => listener.ended(partition));
  }

  /** A listener that fails does not undo a commit. */
  #tell(partition: Partition, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      const fields = { cause: String(error), stream: partition.stream.name };
      this.#logger.error(fields, 'a listener of a partition failed');
    }
  }
}
