import {
  ATTRIBUTE,
  BATCH,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD,
  batchBytes,
  COMPRESSIONS,
  readInt64,
} from './batch.ts';
import { RecordsFault } from './fault.ts';
import { checksumOf } from './stamp.ts';

export interface BatchRules {
  /** Of one batch, header included. */
  readonly maxBatchBytes: number;
  /**
   * `producer`: a new batch of a client: offsets without gaps, no control batch, no time of append.
   * `stored`: as it lies in a log, perhaps compacted.
   */
  readonly from: 'producer' | 'stored';
}

/** Length, attributes, time delta, offset delta, key length, value length, count of headers. */
const MIN_RECORD_BYTES = 7;

/**
 * Checks all batches of a buffer by their headers and checksums, with no step per record. Answers
 * what is wrong with the first that is refused. `checkRecords` looks into one.
 */
export function checkBatches(buffer: Buffer, rules: BatchRules): RecordsFault | undefined {
  if (buffer.length === 0) return fault('corrupt', 0, 'there is no record batch');
  for (let at = 0; at < buffer.length; at += batchBytes(buffer, at)) {
    const wrong = checkBatch(buffer, at, buffer.length, rules);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/**
 * Bytes of the batch that begins at `at`, when it is wholly there; 0 when more bytes are needed to
 * know or to have it; -1 when what stands there is no batch of at most `maxBatchBytes`.
 */
export function wholeBatchBytes(buffer: Buffer, at: number, maxBatchBytes: number): number {
  if (buffer.length - at < BATCH_OVERHEAD) return 0;
  const bytes = batchBytes(buffer, at);
  if (bytes < BATCH_HEADER_BYTES || bytes > maxBatchBytes) return -1;
  return at + bytes <= buffer.length ? bytes : 0;
}

/** Checks the batch at `at`, which must end at or before `end`. */
export function checkBatch(
  buffer: Buffer,
  at: number,
  end: number,
  rules: BatchRules,
): RecordsFault | undefined {
  if (end - at <= BATCH.magic) {
    return fault('corrupt', at, `it ends after ${end - at} bytes, within its header`);
  }
  const magic = buffer.readInt8(at + BATCH.magic);
  if (magic !== 2) {
    return fault('invalid', at + BATCH.magic, `its format (magic) is ${magic}, expected 2`);
  }
  const bytes = batchBytes(buffer, at);
  if (bytes < BATCH_HEADER_BYTES) {
    return fault('corrupt', at + BATCH.length, `its length of ${bytes} is less than a header's`);
  }
  if (bytes > rules.maxBatchBytes) {
    const most = rules.maxBatchBytes;
    return fault('too-large', at, `it has ${bytes} bytes, more than the ${most} that are taken`);
  }
  if (at + bytes > end) {
    return fault('corrupt', at, `it has ${end - at} bytes, its length says ${bytes}`);
  }
  const stated = buffer.readUInt32BE(at + BATCH.crc);
  const found = checksumOf(buffer, at, at + bytes);
  if (stated !== found) {
    const text = `its checksum is ${hex(stated)}, that of its bytes is ${hex(found)}`;
    return fault('corrupt', at + BATCH.crc, text);
  }
  return (
    checkCounts(buffer, at, bytes, rules) ?? checkTimes(buffer, at) ?? checkMaker(buffer, at, rules)
  );
}

function checkCounts(
  buffer: Buffer,
  at: number,
  bytes: number,
  rules: BatchRules,
): RecordsFault | undefined {
  const compression = buffer.readUInt16BE(at + BATCH.attributes) & ATTRIBUTE.compression;
  if (COMPRESSIONS[compression] === undefined) {
    const known = `expected 0 to ${COMPRESSIONS.length - 1} (${COMPRESSIONS.join(', ')})`;
    return fault('invalid', at + BATCH.attributes, `its compression is ${compression}, ${known}`);
  }
  const count = buffer.readInt32BE(at + BATCH.count);
  const last = buffer.readInt32BE(at + BATCH.lastOffsetDelta);
  const producer = rules.from === 'producer';
  if (count < (producer ? 1 : 0)) {
    return fault('invalid', at + BATCH.count, `it states ${count} records`);
  }
  if (producer ? last !== count - 1 : last < Math.max(count - 1, 0)) {
    const text = `its last offset delta is ${last}, expected ${count - 1} for ${count} records`;
    return fault('invalid', at + BATCH.lastOffsetDelta, text);
  }
  if (compression === 0 && count * MIN_RECORD_BYTES > bytes - BATCH_HEADER_BYTES) {
    const text = `it states ${count} records, more than its ${bytes} bytes can hold`;
    return fault('corrupt', at + BATCH.count, text);
  }
  const base = readInt64(buffer, at + BATCH.baseOffset);
  if (!producer && (base < 0 || base + last > Number.MAX_SAFE_INTEGER)) {
    return fault('corrupt', at, `its base offset is ${base}`);
  }
  return undefined;
}

/**
 * That the maximum is the records' true maximum is not checked: clients are known to leave it out,
 * and brokers take that.
 */
function checkTimes(buffer: Buffer, at: number): RecordsFault | undefined {
  for (const field of [BATCH.baseTime, BATCH.maxTime]) {
    const time = readInt64(buffer, at + field);
    if (time >= -1 && time <= Number.MAX_SAFE_INTEGER) continue;
    const expected = 'expected milliseconds since 1970, or -1 for none';
    return fault('invalid', at + field, `one of its times is ${time}, ${expected}`);
  }
  return undefined;
}

function checkMaker(buffer: Buffer, at: number, rules: BatchRules): RecordsFault | undefined {
  const attributes = buffer.readUInt16BE(at + BATCH.attributes);
  const known = buffer.readInt32BE(at + BATCH.producerId) >= 0;
  if ((attributes & ATTRIBUTE.transactional) !== 0 && !known) {
    return fault('invalid', at + BATCH.producerId, 'it is transactional without a producer id');
  }
  if (rules.from === 'stored') return undefined;
  if ((attributes & ATTRIBUTE.control) !== 0) {
    return fault('invalid', at + BATCH.attributes, 'control batches are not for clients to write');
  }
  if ((attributes & (ATTRIBUTE.appendTime | ATTRIBUTE.deleteHorizon)) !== 0) {
    const text = 'its times are said to be of the append, or of a compaction';
    return fault('invalid', at + BATCH.attributes, text);
  }
  const epoch = buffer.readInt16BE(at + BATCH.producerEpoch);
  const sequence = buffer.readInt32BE(at + BATCH.baseSequence);
  if (known && (epoch < 0 || sequence < 0)) {
    const text = `it has a producer id, and epoch ${epoch} and sequence ${sequence}`;
    return fault('invalid', at + BATCH.producerEpoch, text);
  }
  return undefined;
}

function fault(reason: RecordsFault['reason'], at: number, what: string): RecordsFault {
  return new RecordsFault(reason, at, `The record batch is refused at byte ${at}: ${what}.`);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
