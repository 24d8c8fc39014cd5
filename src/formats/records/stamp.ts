import { ATTRIBUTE, BATCH, batchBytes, writeInt64 } from './batch.ts';
import { crc32c } from './native.ts';

/**
 * What a broker writes into a batch that it takes, in place. Base offset and leader epoch stand
 * before the checksum's range: they cost nothing. The time of append needs a new checksum.
 */

export function setBaseOffset(batch: Buffer, offset: number, at = 0): void {
  writeInt64(batch, offset, at + BATCH.baseOffset);
}

export function setLeaderEpoch(batch: Buffer, epoch: number, at = 0): void {
  batch.writeInt32BE(epoch, at + BATCH.epoch);
}

/** All records of the batch have this time from now on, in milliseconds. */
export function setAppendTime(batch: Buffer, timeMs: number, at = 0): void {
  const attributes = batch.readUInt16BE(at + BATCH.attributes);
  batch.writeUInt16BE(attributes | ATTRIBUTE.appendTime, at + BATCH.attributes);
  writeInt64(batch, timeMs, at + BATCH.maxTime);
  seal(batch, at);
}

/** The checksum that the batch must have. */
export function checksumOf(batch: Buffer, at = 0, end = at + batchBytes(batch, at)): number {
  return crc32c(batch.subarray(at + BATCH.attributes, end));
}

/** Writes the checksum of what is there. */
export function seal(batch: Buffer, at = 0): void {
  batch.writeUInt32BE(checksumOf(batch, at), at + BATCH.crc);
}
