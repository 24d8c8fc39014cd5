import { crc32c } from '../formats/records/native.ts';
import { type Files, replaceFile } from './files.ts';
import type { Segment, SegmentFacts } from './segment.ts';
import { indexPath } from './segment-names.ts';
import { SparseIndex } from './sparse-index.ts';

/**
 * `<segment>.index`: what is known of a segment whose bytes are safely on disk, up to the size that
 * it states. It is only a shortcut: without it, or when it is damaged, the segment is read instead.
 *
 *     magic "PWINDEX1", length of the facts (uint32), their CRC-32C (uint32), facts as JSON,
 *     length of the entries (uint32), their CRC-32C (uint32), entries of the sparse index
 */
const MAGIC = Buffer.from('PWINDEX1', 'latin1');
const PREFIX_BYTES = MAGIC.length + 8;
/** Enough for the facts of nearly every segment. */
const FIRST_READ = 4096;

export async function writeIndex(files: Files, folder: string, segment: Segment): Promise<void> {
  const text = JSON.stringify(segment.facts(), (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const facts = Buffer.from(text);
  const entries = (segment.index ?? new SparseIndex(segment.base)).encode();
  const bytes = Buffer.concat([MAGIC, ...part(facts), ...part(entries)]);
  await replaceFile(files, indexPath(folder, segment.name), bytes);
}

/** The facts alone. Undefined where there is no index file, or no good one. */
export async function readFacts(
  files: Files,
  folder: string,
  segment: string,
): Promise<SegmentFacts | undefined> {
  const path = indexPath(folder, segment);
  try {
    const file = await files.open(path, 'read');
    try {
      let bytes: Buffer = Buffer.allocUnsafe(FIRST_READ);
      bytes = bytes.subarray(0, await file.read(bytes, 0));
      const needed = factsEnd(bytes);
      if (needed > bytes.length && needed <= (await file.size())) {
        bytes = Buffer.allocUnsafe(needed);
        bytes = bytes.subarray(0, await file.read(bytes, 0));
      }
      return decodeFacts(bytes);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** The sparse index alone. Undefined where there is no index file, or no good one. */
export async function readIndex(
  files: Files,
  folder: string,
  segment: Segment,
): Promise<SparseIndex | undefined> {
  const bytes = await files.readWhole(indexPath(folder, segment.name));
  if (bytes === undefined || decodeFacts(bytes) === undefined) return undefined;
  const entries = readPart(bytes, factsEnd(bytes));
  return entries === undefined ? undefined : SparseIndex.decode(segment.base, entries);
}

function part(bytes: Buffer): Buffer[] {
  const prefix = Buffer.allocUnsafe(8);
  prefix.writeUInt32BE(bytes.length, 0);
  prefix.writeUInt32BE(crc32c(bytes), 4);
  return [prefix, bytes];
}

function readPart(bytes: Buffer, at: number): Buffer | undefined {
  if (bytes.length < at + 8) return undefined;
  const end = at + 8 + bytes.readUInt32BE(at);
  if (end > bytes.length) return undefined;
  const content = bytes.subarray(at + 8, end);
  return crc32c(content) === bytes.readUInt32BE(at + 4) ? content : undefined;
}

function factsEnd(bytes: Buffer): number {
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 0;
  return PREFIX_BYTES + bytes.readUInt32BE(MAGIC.length);
}

function decodeFacts(bytes: Buffer): SegmentFacts | undefined {
  if (factsEnd(bytes) === 0) return undefined;
  const facts = readPart(bytes, MAGIC.length);
  if (facts === undefined) return undefined;
  return JSON.parse(facts.toString(), (key, value) =>
    key === 'producerId' ? BigInt(value as string) : value,
  ) as SegmentFacts;
}
