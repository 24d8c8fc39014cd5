import { crc32 } from 'node:zlib';
import { BATCH, COMPRESSIONS, type Compression, readInt64 } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import { MAX_UNPACKED_BYTES, unpack } from './compression.ts';
import { RecordsFault } from './fault.ts';

/**
 * The message sets of Kafka before 0.11 (magic 0 and 1), as old producers still send them:
 *
 *     offset int64, size int32 (of what follows), crc int32 (CRC-32 of what follows), magic int8,
 *     attributes int8 (bits 0-2 compression, bit 3 time of append), with magic 1 timestamp int64,
 *     key length int32 (-1 none) and key, value the same
 *
 * A compressed message wraps a message set in its value.
 */
const MESSAGE = { size: 8, crc: 12, magic: 16, attributes: 17, time: 18 } as const;
const COMPRESSION_BITS = 0x07;
const APPEND_TIME = 0x08;
const NO_TIME = -1;

/** Whether the bytes are a message set of an old format, by the magic of its first message. */
export function isLegacy(buffer: Buffer): boolean {
  return buffer.length > MESSAGE.magic && buffer.readInt8(MESSAGE.magic) < 2;
}

/**
 * A message set of magic 0 or 1 as one record batch, in the compression that it had. Its offsets
 * are left out: it comes from a producer. Messages of magic 0 have no time (-1).
 * @throws RecordsFault
 */
export function convertLegacy(messages: Buffer, maxUnpackedBytes = MAX_UNPACKED_BYTES): Buffer {
  const conversion = new Conversion(maxUnpackedBytes);
  conversion.messageSet(messages, undefined);
  return conversion.finish();
}

interface Wrapper {
  readonly magic: number;
  /** The time of all messages in it; undefined where each has its own. */
  readonly appendTimeMs: number | undefined;
}

class Conversion {
  readonly #maxBytes: number;
  readonly #builder = new BatchBuilder();
  #compression: Compression = 'none';

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#builder.start();
  }

  finish(): Buffer {
    if (this.#builder.count === 0) throw refused('invalid', 0, 'there is no message in it');
    return Buffer.from(this.#builder.finish({ compression: this.#compression }));
  }

  messageSet(set: Buffer, wrapper: Wrapper | undefined): void {
    let at = 0;
    while (at < set.length) {
      if (at + BATCH.magic >= set.length) throw refused('corrupt', at, 'it ends within a message');
      const end = at + MESSAGE.crc + set.readInt32BE(at + MESSAGE.size);
      const headBytes = set.readInt8(at + MESSAGE.magic) === 0 ? MESSAGE.time : MESSAGE.time + 8;
      if (end < at + headBytes + 8 || end > set.length) {
        const size = set.readInt32BE(at + MESSAGE.size);
        throw refused('corrupt', at, `a message of ${size} bytes does not fit`);
      }
      this.#message(set.subarray(0, end), at, headBytes, wrapper);
      at = end;
    }
  }

  /** The message from `at` to the end of the bytes. */
  #message(bytes: Buffer, at: number, headBytes: number, wrapper: Wrapper | undefined): void {
    const magic = bytes.readInt8(at + MESSAGE.magic);
    const expected = wrapper?.magic ?? (magic === 1 ? 1 : 0);
    if (magic !== expected) {
      throw refused('invalid', at, `its format (magic) is ${magic}, expected ${expected}`);
    }
    const crc = bytes.readUInt32BE(at + MESSAGE.crc);
    const found = crc32(bytes.subarray(at + MESSAGE.magic));
    if (crc !== found) {
      throw refused('corrupt', at, `its checksum is ${crc}, that of its bytes is ${found}`);
    }
    const attributes = bytes.readUInt8(at + MESSAGE.attributes);
    const timeMs = magic === 0 ? NO_TIME : readInt64(bytes, at + MESSAGE.time);
    if (timeMs < NO_TIME || timeMs > Number.MAX_SAFE_INTEGER) {
      throw refused('invalid', at, `its time is ${timeMs}`);
    }
    const key = field(bytes, at + headBytes);
    const value = field(bytes, at + headBytes + 4 + (key?.length ?? 0));
    const used = at + headBytes + 8 + (key?.length ?? 0) + (value?.length ?? 0);
    if (used !== bytes.length)
      throw refused('corrupt', used, 'bytes follow the value of a message');
    const compression = COMPRESSIONS[attributes & COMPRESSION_BITS];
    if (compression === 'none') {
      this.#builder.add(wrapper?.appendTimeMs ?? timeMs, key, value);
      this.#keepBelowLimit(at);
      return;
    }
    // Zstandard came with magic 2.
    if (compression === undefined || compression === 'zstd') {
      throw refused('invalid', at, `its compression is ${attributes & COMPRESSION_BITS}`);
    }
    if (wrapper !== undefined) throw refused('invalid', at, 'a wrapper lies within a wrapper');
    if (value === null) throw refused('invalid', at, 'a wrapper has no value');
    this.#compression = compression;
    this.messageSet(unpack(compression, value, this.#maxBytes), {
      magic,
      appendTimeMs: attributes & APPEND_TIME ? timeMs : undefined,
    });
  }

  #keepBelowLimit(at: number): void {
    if (this.#builder.bytes <= this.#maxBytes) return;
    throw refused('too-large', at, `its records are larger than ${this.#maxBytes} bytes`);
  }
}

/** A length and so many bytes. */
function field(bytes: Buffer, at: number): Buffer | null {
  const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : Number.NaN;
  if (length === -1) return null;
  if (!(length >= 0 && at + 4 + length <= bytes.length)) {
    throw refused('corrupt', at, 'a key or value does not fit into its message');
  }
  return bytes.subarray(at + 4, at + 4 + length);
}

function refused(reason: RecordsFault['reason'], at: number, what: string): RecordsFault {
  return new RecordsFault(reason, at, `The message set is refused at byte ${at}: ${what}.`);
}
