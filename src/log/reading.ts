import { baseOffsetOf, batchBytes, nextOffsetOf } from '../formats/records/batch.ts';
import { checkBatch, wholeBatchBytes } from '../formats/records/check.ts';
import { Fault } from '../model/fault.ts';
import type { Environment } from './environment.ts';
import type { CachedFile } from './file-cache.ts';
import { readIndex } from './index-file.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { SparseIndex } from './sparse-index.ts';

/** What one read asks of the disk beyond what its caller wants: the way from the index's entry. */
const SLACK_BYTES = 40 * 1024;
const STORED = { maxBatchBytes: 2 ** 31, from: 'stored' } as const;

/** Runs `use` with a segment's file and its index. */
export async function withSegment<T>(
  environment: Environment,
  segments: SegmentList,
  segment: Segment,
  use: (file: CachedFile, index: SparseIndex | undefined) => Promise<T>,
): Promise<T> {
  const file = await environment.cache.use(segments.pathOf(segment), 'read');
  try {
    if (segment.index === undefined && file.index === undefined) {
      file.index = await readIndex(environment.files, segments.folder, segment);
    }
    return await use(file, segment.index ?? file.index);
  } finally {
    environment.cache.release(file);
  }
}

/**
 * Whole batches of one segment from the one that holds `from` (or the first after it, where a
 * compaction left a gap), checked against their checksums. Empty where the segment has none of
 * them.
 * @param position byte where a batch begins that begins at or before `from`
 * @throws Fault DATA_LOSS
 */
export async function readBatches(
  file: CachedFile,
  segment: Segment,
  position: number,
  from: number,
  maxBytes: number,
  before: number,
): Promise<{ batches: Buffer[]; next: number; position: number }> {
  const size = segment.size;
  let at = position;
  let bytes = EMPTY;
  let wanted = Math.max(maxBytes, 1) + SLACK_BYTES;
  // First find the beginning, then have all of the first batch.
  let start = 0;
  for (;;) {
    bytes = await readSome(file, at, Math.min(wanted, size - at));
    start = skipTo(bytes, segment, from);
    if (start < bytes.length && wholeBatchBytes(bytes, start, STORED.maxBatchBytes) > 0) break;
    if (at + bytes.length >= size) {
      if (at + start !== size || segment.damaged) throw damaged(segment, from);
      return { batches: [], next: from, position: size };
    }
    // A batch that is longer than what was read, or one that lies behind it.
    at += start;
    const known = bytes.length - start >= 12 ? batchBytes(bytes, start) : 0;
    wanted = Math.max(wanted, known + SLACK_BYTES);
  }
  let end = start;
  while (end < bytes.length) {
    const length = wholeBatchBytes(bytes, end, STORED.maxBatchBytes);
    if (length < 0) break;
    if (length === 0 || baseOffsetOf(bytes, end) >= before) break;
    if (end > start && end - start + length > maxBytes) break;
    if (checkBatch(bytes, end, bytes.length, STORED) !== undefined) break;
    end += length;
  }
  if (end === start && baseOffsetOf(bytes, start) < before) throw damaged(segment, from);
  if (end === start) return { batches: [], next: before, position: at + start };
  const found = bytes.subarray(start, end);
  return { batches: [found], next: lastNext(found), position: at + end };
}

/** Byte of the first batch that ends after `from`; it may lie behind what is there. */
function skipTo(bytes: Buffer, segment: Segment, from: number): number {
  let at = 0;
  while (at + 61 <= bytes.length) {
    const length = batchBytes(bytes, at);
    if (length < 61) throw damaged(segment, from);
    if (nextOffsetOf(bytes, at) > from) return at;
    at += length;
  }
  return at;
}

function lastNext(batches: Buffer): number {
  let at = 0;
  let next = 0;
  while (at < batches.length) {
    next = nextOffsetOf(batches, at);
    at += batchBytes(batches, at);
  }
  return next;
}

async function readSome(file: CachedFile, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(length, 0));
  return bytes.subarray(0, await file.file.read(bytes, at));
}

export function damaged(segment: Segment, offset: number): Fault {
  return new Fault(
    'DATA_LOSS',
    `The record at offset ${offset} is damaged on the disk (file ${segment.name}.log); what lies in later files can be read.`,
  );
}

const EMPTY: Buffer = Buffer.alloc(0);
