import { readInt64, writeInt64 } from '../../../../formats/records/batch.ts';

/** What a group has committed for a partition. */
export interface CommittedOffset {
  readonly offset: number;
  /** Of the record before it, as the consumer knows it; -1 for unknown. */
  readonly leaderEpoch: number;
  /** The consumer's own text. */
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly commitMs: number;
  /** When it goes, where the consumer said so (versions 2 to 4); -1 for the group's retention. */
  readonly expireMs: number;
  /** `Stream.number`: an offset does not outlive its topic. */
  readonly streamNumber: number;
  /** Orders all commits: of two for a partition the later counts, also where the earlier was in a
   * transaction that ends after the later. */
  readonly sequence: number;
}

/** What an offset takes in memory beside its metadata: two maps' entries, key and value. */
export const OFFSET_BYTES = 512;

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

/**
 * A stored offset:
 *
 *     version(int8 = 1) streamNumber(int32) offset(int64) leaderEpoch(int32) commitMs(int64)
 *     expireMs(int64) sequence(int64) metadata(UTF-8, the rest)
 */
const VERSION = 1;
const HEAD_BYTES = 41;

export function encodeOffset(one: CommittedOffset): Buffer {
  const buffer = Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(one.metadata));
  buffer.writeInt8(VERSION, 0);
  buffer.writeInt32BE(one.streamNumber, 1);
  writeInt64(buffer, one.offset, 5);
  buffer.writeInt32BE(one.leaderEpoch, 13);
  writeInt64(buffer, one.commitMs, 17);
  writeInt64(buffer, one.expireMs, 25);
  writeInt64(buffer, one.sequence, 33);
  buffer.write(one.metadata, HEAD_BYTES);
  return buffer;
}

/** @throws Error for bytes that this version did not write */
export function decodeOffset(buffer: Buffer): CommittedOffset {
  if (buffer.length < HEAD_BYTES || buffer.readInt8(0) !== VERSION) {
    throw new Error('A stored offset has a form that this version does not know.');
  }
  return {
    streamNumber: buffer.readInt32BE(1),
    offset: readInt64(buffer, 5),
    leaderEpoch: buffer.readInt32BE(13),
    commitMs: readInt64(buffer, 17),
    expireMs: readInt64(buffer, 25),
    sequence: readInt64(buffer, 33),
    metadata: buffer.toString('utf8', HEAD_BYTES),
  };
}

/** Where an offset is stored: of a group, or of a transaction that has not ended. */
export interface OffsetPlace {
  /** Undefined for an offset that is committed. */
  readonly producerId: bigint | undefined;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** `group/<group>/<topic>/<partition>`, `txn/<producer id>/<group>/<topic>/<partition>` */
export function offsetKey({ producerId, group, topic, partition }: OffsetPlace): string {
  const place = `${encodeURIComponent(group)}/${encodeURIComponent(topic)}/${partition}`;
  return producerId === undefined ? `group/${place}` : `txn/${producerId}/${place}`;
}

export function readOffsetKey(key: string): OffsetPlace {
  const parts = key.split('/');
  const producerId = parts[0] === 'txn' ? BigInt(parts[1]!) : undefined;
  const [group, topic, partition] = parts.slice(producerId === undefined ? 1 : 2);
  return {
    producerId,
    group: decodeURIComponent(group!),
    topic: decodeURIComponent(topic!),
    partition: Number(partition),
  };
}
