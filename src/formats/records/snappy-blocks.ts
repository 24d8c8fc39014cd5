import { RecordsFault } from './fault.ts';
import { snappyPackage } from './native.ts';

/**
 * Snappy as Kafka clients write it: one raw block (snappy's format_description.txt), or the stream
 * of Java's SnappyOutputStream (xerial snappy-java): 0x82 "SNAPPY" 0x00, version and compatible
 * version (int32 each), then blocks, each a length (int32) and a raw block.
 */

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;
const BLOCK_BYTES = 32_768;
/** Three bytes of a raw block make at most 64. */
const MAX_RATIO = 22;

function broken(at: number, what: string, cause?: unknown): RecordsFault {
  return new RecordsFault(
    'corrupt',
    at,
    `The snappy data is broken at byte ${at}: ${what}.`,
    cause,
  );
}

export function packSnappy(bytes: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const parts: Buffer[] = [header];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = snappyPackage().compressSync(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** @throws RecordsFault 'corrupt', 'too-large' for more than `maxBytes` */
export function unpackSnappy(input: Buffer, maxBytes: number): Buffer {
  if (input.length < HEADER_BYTES || !MAGIC.equals(input.subarray(0, MAGIC.length))) {
    return unpackBlock(input, 0, input.length, maxBytes);
  }
  const parts: Buffer[] = [];
  let room = maxBytes;
  let at = HEADER_BYTES;
  while (at < input.length) {
    const length = at + 4 <= input.length ? input.readInt32BE(at) : -1;
    at += 4;
    if (length < 0 || at + length > input.length) throw broken(at, 'a block does not fit');
    const block = unpackBlock(input, at, at + length, room, maxBytes);
    room -= block.length;
    parts.push(block);
    at += length;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function unpackBlock(
  input: Buffer,
  at: number,
  end: number,
  room: number,
  maxBytes = room,
): Buffer {
  const size = unpackedSize(input, at, end);
  if (size > (end - at) * MAX_RATIO) throw broken(at, `it cannot unpack to ${size} bytes`);
  if (size > room) {
    throw new RecordsFault(
      'too-large',
      at,
      `The records are larger than ${maxBytes} bytes when they are unpacked.`,
    );
  }
  try {
    return snappyPackage().uncompressSync(input.subarray(at, end), { asBuffer: true }) as Buffer;
  } catch (error) {
    throw broken(at, 'the block does not unpack', error);
  }
}

/** The length that a raw block begins with: a little-endian base-128 number of 32 bits. */
function unpackedSize(input: Buffer, at: number, end: number): number {
  let size = 0;
  for (let factor = 1, index = at; index < Math.min(end, at + 5); index++, factor *= 128) {
    const byte = input[index]!;
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) return size;
  }
  throw broken(at, 'it states no length');
}
