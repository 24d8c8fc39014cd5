import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compression } from './batch.ts';
import { RecordsFault } from './fault.ts';
import { unpackLz4 } from './lz4-frame.ts';
import { lz4Package } from './native.ts';
import { packSnappy, unpackSnappy } from './snappy-blocks.ts';

/** What the records of a batch may unpack to where nothing else is said. */
export const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

export function pack(compression: Compression, bytes: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return packSnappy(bytes);
    case 'lz4':
      return lz4Package().compressFrameSync(bytes);
    case 'zstd':
      return zstdCompressSync(bytes);
  }
}

/** Never makes more than `maxBytes`, and without compression no copy.
 * @throws RecordsFault 'corrupt', 'too-large' */
export function unpack(compression: Compression, bytes: Buffer, maxBytes: number): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return inflated(gunzipSync, compression, bytes, maxBytes);
    case 'snappy':
      return unpackSnappy(bytes, maxBytes);
    case 'lz4':
      return unpackLz4(bytes, maxBytes);
    case 'zstd':
      return inflated(zstdDecompressSync, compression, bytes, maxBytes);
  }
}

function inflated(
  codec: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer,
  name: string,
  bytes: Buffer,
  maxBytes: number,
): Buffer {
  try {
    return codec(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      const text = `The records are larger than ${maxBytes} bytes when they are unpacked.`;
      throw new RecordsFault('too-large', 0, text, error);
    }
    throw new RecordsFault('corrupt', 0, `The records are no valid ${name} data.`, error);
  }
}
