/**
 * Record batches: what streams store, and what Kafka clients send and read. How to use this folder:
 *
 *     const wrong = checkBatches(bytes, { maxBatchBytes, from: 'producer' });  // check.ts: headers, CRC
 *     const deep = checkRecords(bytes, at, { from: 'producer', keys: true });  // check-records.ts
 *     for (let at = 0; at < bytes.length; at += batchBytes(bytes, at)) ...     // batches, no copies
 *     wholeBatchBytes(bytes, at, maxBatchBytes)                                // of bytes in doubt
 *     setBaseOffset(bytes, offset, at), setLeaderEpoch, setAppendTime, seal    // stamp.ts
 *     new BatchBuilder(), new RecordReader()          // batch-builder.ts, record-reader.ts
 *     buildMarker(marker, timeMs), readMarker(batch)  // marker.ts: ends of transactions
 *     isLegacy(bytes), convertLegacy(bytes)           // legacy.ts: magic 0 and 1 to 2
 *     partitionOfKey(key, partitions)                 // murmur2.ts
 *
 * Whatever is refused is a `RecordsFault` (fault.ts): reason, place, what was expected.
 */

/**
 * The header of a record batch, magic 2 (Apache Kafka, "Record Batch" in the protocol guide and
 * org.apache.kafka.common.record.DefaultRecordBatch). All integers are big-endian.
 *
 *     0  baseOffset           int64
 *     8  batchLength          int32   bytes after this field
 *    12  partitionLeaderEpoch int32
 *    16  magic                int8    2
 *    17  crc                  uint32  CRC-32C of everything from attributes on
 *    21  attributes           int16   bits 0-2 compression, 3 time is of the append,
 *                                     4 transactional, 5 control, 6 has a delete horizon
 *    23  lastOffsetDelta      int32
 *    27  baseTimestamp        int64
 *    35  maxTimestamp         int64
 *    43  producerId           int64
 *    51  producerEpoch        int16
 *    53  baseSequence         int32
 *    57  records              int32   how many
 *    61  records ...
 */
export const BATCH = {
  baseOffset: 0,
  length: 8,
  epoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTime: 27,
  maxTime: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bytes before what `batchLength` counts. */
export const BATCH_OVERHEAD = 12;
/** Bytes of a batch without records. */
export const BATCH_HEADER_BYTES = 61;

export const ATTRIBUTE = {
  compression: 0x07,
  appendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** By the number in a batch's attributes. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** Bytes of the whole batch that begins at `at`; its first 12 bytes must be there. */
export function batchBytes(buffer: Buffer, at: number): number {
  return BATCH_OVERHEAD + buffer.readInt32BE(at + BATCH.length);
}

/** A 64-bit offset or time as a number. It is exact up to 2^53. */
export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 4_294_967_296 + buffer.readUInt32BE(at + 4);
}

export function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 4_294_967_296);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 4_294_967_296, at + 4);
}

export function baseOffsetOf(batch: Buffer, at = 0): number {
  return readInt64(batch, at + BATCH.baseOffset);
}

/** The offset after the batch's last record. */
export function nextOffsetOf(batch: Buffer, at = 0): number {
  return baseOffsetOf(batch, at) + batch.readInt32BE(at + BATCH.lastOffsetDelta) + 1;
}

export function compressionOf(batch: Buffer, at = 0): Compression | undefined {
  return COMPRESSIONS[batch.readUInt16BE(at + BATCH.attributes) & ATTRIBUTE.compression];
}

export function isControl(batch: Buffer, at = 0): boolean {
  return (batch.readUInt16BE(at + BATCH.attributes) & ATTRIBUTE.control) !== 0;
}

export function isTransactional(batch: Buffer, at = 0): boolean {
  return (batch.readUInt16BE(at + BATCH.attributes) & ATTRIBUTE.transactional) !== 0;
}
