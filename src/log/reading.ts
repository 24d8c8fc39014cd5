import {
  BATCH_HEADER_BYTES,
  baseOffsetOf,
  batchBytes,
  nextOffsetOf,
} from '../formats/records/batch.ts';
import { checkBatch, wholeBatchBytes } from '../formats/records/check.ts';
import { Fault } from '../model/fault.ts';
import type { Environment } from './environment.ts';
import type { CachedFile } from './file-cache.ts';
import { readIndex } from './index-file.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { Place, SparseIndex } from './sparse-index.ts';

/** What one read asks of the disk beyond what its caller wants: the way from the index's entry. */
const SLACK_BYTES = 40 * 1024;
const MOST = 2 ** 31;
const STORED = { maxBatchBytes: MOST, from: 'stored' } as const;

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
 * compaction left a gap), checked against their checksums, and that their offsets follow each
 * other (the checksum does not cover them). Empty where the segment has none of them.
 * @param place where a batch begins, at or before `from`
 * @throws Fault DATA_LOSS
 */
export async function readBatches(
  file: CachedFile,
  segment: Segment,
  place: Place,
  from: number,
  maxBytes: number,
  before: number,
): Promise<{ batches: Buffer[]; next: Place }> {
  const size = segment.size;
  let at = place;
  let bytes = EMPTY;
  let wanted = Math.max(maxBytes, 1) + SLACK_BYTES;
  // First find the beginning, then have all of the first batch.
  let start: Place;
  for (;;) {
    bytes = await readSome(file, at.position, Math.min(wanted, size - at.position));
    start = skipTo(bytes, at.offset, from, segment);
    const whole = start.position < bytes.length && wholeBatchBytes(bytes, start.position, MOST) > 0;
    if (whole) break;
    const position = at.position + start.position;
    if (at.position + bytes.length >= size) {
      if (position !== size || segment.damaged) throw damaged(segment, from);
      return { batches: [], next: { offset: from, position: size } };
    }
    // A batch that is longer than what was read, or one that lies behind it.
    const known =
      bytes.length - start.position >= 12 ? batchBytes(bytes, start.position) : SLACK_BYTES;
    wanted = Math.max(wanted, known + SLACK_BYTES);
    at = { offset: start.offset, position };
  }
  const end = endOf(bytes, start, maxBytes, before, segment);
  if (end.position === start.position) {
    if (baseOffsetOf(bytes, start.position) < before) throw damaged(segment, from);
    return { batches: [], next: { offset: before, position: at.position + start.position } };
  }
  return {
    batches: [bytes.subarray(start.position, end.position)],
    next: { offset: end.offset, position: at.position + end.position },
  };
}

/** The first batch that ends after `from`; it may lie behind what is there. */
function skipTo(bytes: Buffer, offset: number, from: number, segment: Segment): Place {
  let position = 0;
  let expected = offset;
  while (position + BATCH_HEADER_BYTES <= bytes.length) {
    const length = batchBytes(bytes, position);
    if (length < BATCH_HEADER_BYTES || !follows(bytes, position, expected, segment)) {
      throw damaged(segment, from);
    }
    if (nextOffsetOf(bytes, position) > from) break;
    expected = nextOffsetOf(bytes, position);
    position += length;
  }
  return { offset: expected, position };
}

/** Behind the last whole, good batch that fits and begins below `before`. */
function endOf(
  bytes: Buffer,
  start: Place,
  maxBytes: number,
  before: number,
  segment: Segment,
): Place {
  let { offset, position } = start;
  while (position < bytes.length) {
    const length = wholeBatchBytes(bytes, position, MOST);
    if (length <= 0 || baseOffsetOf(bytes, position) >= before) break;
    if (position > start.position && position - start.position + length > maxBytes) break;
    if (!follows(bytes, position, offset, segment)) break;
    if (checkBatch(bytes, position, bytes.length, STORED) !== undefined) break;
    offset = nextOffsetOf(bytes, position);
    position += length;
  }
  return { offset, position };
}

function follows(bytes: Buffer, position: number, expected: number, segment: Segment): boolean {
  const base = baseOffsetOf(bytes, position);
  return segment.sparse ? base >= expected && base < segment.next : base === expected;
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
