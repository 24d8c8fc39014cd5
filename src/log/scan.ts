import { baseOffsetOf, batchBytes, nextOffsetOf } from '../formats/records/batch.ts';
import { checkBatch, wholeBatchBytes } from '../formats/records/check.ts';
import type { File } from './files.ts';
import type { Place } from './sparse-index.ts';

/** What reading a segment from some place to its end found. */
export interface Scanned {
  /** Byte behind the last good batch. */
  readonly end: number;
  /** What is wrong there; undefined where the file ends, or has nothing but zeros. */
  readonly wrong: string | undefined;
}

const CHUNK_BYTES = 1024 * 1024;
const STORED = { maxBatchBytes: 2 ** 31, from: 'stored' } as const;

/**
 * Reads batches from a place up to the byte `size` and checks each: structure, checksum, and that its
 * offsets follow those before (the checksum does not cover them). `visit` gets the good ones in
 * their order.
 * @param sparse offsets may be missing
 */
export async function scan(
  file: File,
  place: Place,
  size: number,
  sparse: boolean,
  visit: (buffer: Buffer, at: number) => void,
): Promise<Scanned> {
  let chunk = CHUNK_BYTES;
  let expected = place.offset;
  let end = place.position;
  while (end < size) {
    const bytes = await readChunk(file, end, Math.min(chunk, size - end));
    let at = 0;
    for (;;) {
      const length = wholeBatchBytes(bytes, at, STORED.maxBatchBytes);
      if (length < 0) return { end: end + at, wrong: await whatIs(file, end + at, size) };
      if (length === 0) break;
      const wrong = checkBatch(bytes, at, bytes.length, STORED);
      if (wrong !== undefined) return { end: end + at, wrong: wrong.message };
      const base = baseOffsetOf(bytes, at);
      if (sparse ? base < expected : base !== expected) {
        const text = `a batch begins at offset ${base}, expected ${expected}`;
        return { end: end + at, wrong: text };
      }
      visit(bytes, at);
      expected = nextOffsetOf(bytes, at);
      at += length;
    }
    end += at;
    if (at > 0) continue;
    // Not one whole batch: the file ends within it, or it is longer than what was read.
    const needed = bytes.length >= 12 ? batchBytes(bytes, 0) : size - end + 1;
    if (end + needed > size || bytes.length === size - end) {
      return { end, wrong: await whatIs(file, end, size) };
    }
    chunk = Math.max(CHUNK_BYTES, needed);
  }
  return { end, wrong: undefined };
}

async function readChunk(file: File, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await file.read(bytes, position));
}

/** Zeros are what a file has ahead of its records, or has left of what never reached the disk. */
async function whatIs(file: File, from: number, size: number): Promise<string | undefined> {
  for (let at = from; at < size; at += CHUNK_BYTES) {
    const bytes = await readChunk(file, at, Math.min(CHUNK_BYTES, size - at));
    if (bytes.some((byte) => byte !== 0)) return 'it ends within a batch, or is none';
  }
  return undefined;
}
