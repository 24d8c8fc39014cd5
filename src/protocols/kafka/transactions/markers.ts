import type { Engine, Partition, TransactionMarker } from '../../../hub/engine.ts';
import { AppendFault } from '../../../hub/engine.ts';

/** Ends transactions in the partitions that they wrote to. */
export interface MarkerWriter {
  /** Resolves when all markers are durable; those of streams that are gone are none. May be
   * repeated. @throws AppendFault */
  write(
    marker: TransactionMarker,
    partitions: ReadonlyMap<string, ReadonlySet<number>>,
  ): Promise<void>;
}

export type StreamById = (id: string) => ReturnType<Engine['streamById']>;

export function markerWriter(streamById: StreamById): MarkerWriter {
  return {
    async write(marker, partitions) {
      const open: Partition[] = [];
      for (const [streamId, indexes] of partitions) {
        const stream = streamById(streamId);
        for (const index of indexes) {
          const partition = stream?.partitions[index];
          if (partition !== undefined) open.push(partition);
        }
      }
      await Promise.all(open.map((partition) => writeOne(partition, marker)));
    },
  };
}

async function writeOne(partition: Partition, marker: TransactionMarker): Promise<void> {
  try {
    await partition.writeMarker(marker);
  } catch (error) {
    // A newer producer is there already, so this one has nothing open any more.
    if (error instanceof AppendFault && error.reason === 'fenced') return;
    throw error;
  }
}
