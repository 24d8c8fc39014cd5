import type { Partition, PartitionListener } from '../hub/engine.ts';

/** Who is told of commits. They may come and go while they are told. */
export class Watchers {
  readonly #watches = new Set<{ readonly listener: PartitionListener }>();

  add(listener: PartitionListener): () => void {
    const watch = { listener };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  committed(partition: Partition): void {
    for (const watch of this.#watches) watch.listener.committed(partition);
  }

  ended(partition: Partition): void {
    const watches = [...this.#watches];
    this.#watches.clear();
    for (const watch of watches) watch.listener.ended(partition);
  }
}
