import type { Partition, Stream, StreamSettings } from '../../hub/engine.ts';

/** A stream in a list. */
export interface StreamSummary {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly partitions: number;
  /** Offsets that are kept: at least the number of records, as compaction leaves gaps. */
  readonly records: number;
  readonly bytes: number;
}

/** Answer of GET /streams. */
export interface StreamList {
  readonly engine: string;
  readonly streams: readonly StreamSummary[];
}

/** Answer of GET /streams/:name. */
export interface StreamDetails {
  readonly name: string;
  readonly id: string;
  readonly createdMs: number;
  readonly settings: StreamSettings;
  readonly partitions: readonly PartitionView[];
}

export interface PartitionView {
  readonly partition: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Less than `endOffset` while a transaction is open. */
  readonly stableOffset: number;
  readonly bytes: number;
  readonly epoch: number;
  /** Of the latest record; undefined where there is none. */
  readonly latestMs: number | undefined;
}

export function summaryOf(stream: Stream): StreamSummary {
  let records = 0;
  let bytes = 0;
  for (const partition of stream.partitions) {
    records += partition.endOffset - partition.startOffset;
    bytes += partition.bytes;
  }
  const { subjects } = stream.settings;
  return { name: stream.name, subjects, partitions: stream.partitions.length, records, bytes };
}

export async function detailsOf(stream: Stream): Promise<StreamDetails> {
  const partitions: PartitionView[] = [];
  for (const partition of stream.partitions) partitions.push(await partitionView(partition));
  const { name, id, createdMs, settings } = stream;
  return { name, id, createdMs, settings, partitions };
}

async function partitionView(partition: Partition): Promise<PartitionView> {
  const { index, startOffset, endOffset, stableOffset, bytes, epoch } = partition;
  const latestMs = endOffset > startOffset ? (await partition.latestTime())?.timeMs : undefined;
  return { partition: index, startOffset, endOffset, stableOffset, bytes, epoch, latestMs };
}
