import { RecordsFault } from './fault.ts';

/**
 * Unpacks LZ4 frames (LZ4 Frame Format Description 1.6, LZ4 Block Format). The package that packs
 * has no limit on what it unpacks and refuses the frames of old clients, whose header checksum is
 * of the wrong bytes; here the checksums are left alone, because the batch has its own.
 */

const MAGIC = 0x184d2204;
const FLAG = {
  independent: 0x20,
  blockChecksum: 0x10,
  size: 0x08,
  checksum: 0x04,
  dictionary: 0x01,
};
/** Largest block in bytes, by the number in the frame's header. */
const BLOCK_BYTES = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];
const RAW_BLOCK = 0x8000_0000;
/** A byte of a long match makes at most so many. */
const MAX_RATIO = 255;
const FIRST_OUTPUT_BYTES = 4096;

function broken(at: number, what: string): RecordsFault {
  return new RecordsFault('corrupt', at, `The LZ4 frame is broken at byte ${at}: ${what}.`);
}

/** @throws RecordsFault 'corrupt', 'too-large' for more than `maxBytes` */
export function unpackLz4(input: Buffer, maxBytes: number): Buffer {
  const unpacker = new Unpacker(input, maxBytes);
  let at = 0;
  while (at < input.length) at = unpacker.frame(at);
  return unpacker.output();
}

class Unpacker {
  readonly #input: Buffer;
  readonly #maxBytes: number;
  #out: Buffer;
  #filled = 0;

  constructor(input: Buffer, maxBytes: number) {
    this.#input = input;
    this.#maxBytes = maxBytes;
    const guess = Math.max(FIRST_OUTPUT_BYTES, input.length * 4);
    this.#out = Buffer.allocUnsafe(Math.min(guess, maxBytes));
  }

  output(): Buffer {
    return this.#out.subarray(0, this.#filled);
  }

  /** Answers where the frame ends. */
  frame(start: number): number {
    const input = this.#input;
    if (start + 7 > input.length) throw broken(start, 'it ends within its header');
    if (input.readUInt32LE(start) !== MAGIC) throw broken(start, 'it has not the magic number');
    const flags = input[start + 4]!;
    if (flags >> 6 !== 1) throw broken(start + 4, `version ${flags >> 6} is not known`);
    if (flags & FLAG.dictionary) throw broken(start + 4, 'it needs a dictionary');
    const blockBytes = BLOCK_BYTES[(input[start + 5]! >> 4) & 7]!;
    if (blockBytes === 0) throw broken(start + 5, 'it states no block size');
    const frameStart = this.#filled;
    let at = start + 7 + (flags & FLAG.size ? 8 : 0);
    for (;;) {
      if (at + 4 > input.length) throw broken(at, 'it ends before its end mark');
      const size = input.readUInt32LE(at);
      at += 4;
      if (size === 0) break;
      const length = size % RAW_BLOCK;
      if (length > blockBytes || at + length > input.length) {
        throw broken(at - 4, `a block of ${length} bytes does not fit`);
      }
      const window = flags & FLAG.independent ? this.#filled : frameStart;
      this.#block(at, length, size >= RAW_BLOCK, blockBytes, window);
      at += length + (flags & FLAG.blockChecksum ? 4 : 0);
    }
    at += flags & FLAG.checksum ? 4 : 0;
    if (at > input.length) throw broken(at, 'it ends within a checksum');
    return at;
  }

  #block(at: number, length: number, raw: boolean, blockBytes: number, window: number): void {
    const most = raw ? length : Math.min(blockBytes, length * MAX_RATIO);
    const limit = Math.min(this.#filled + most, this.#maxBytes);
    this.#reserve(limit);
    if (!raw) {
      const capped = limit === this.#maxBytes ? this.#maxBytes : undefined;
      const end = at + length;
      this.#filled = decodeBlock(
        this.#input,
        at,
        end,
        this.#out,
        this.#filled,
        window,
        limit,
        capped,
      );
      return;
    }
    if (this.#filled + length > limit) throw tooLarge(at, this.#maxBytes);
    this.#input.copy(this.#out, this.#filled, at, at + length);
    this.#filled += length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#out.length) return;
    const grown = Buffer.allocUnsafe(
      Math.min(this.#maxBytes, Math.max(bytes, this.#out.length * 2)),
    );
    this.#out.copy(grown, 0, 0, this.#filled);
    this.#out = grown;
  }
}

function tooLarge(at: number, maxBytes: number): RecordsFault {
  return new RecordsFault(
    'too-large',
    at,
    `The records are larger than ${maxBytes} bytes when they are unpacked.`,
  );
}

/** Unpacks input[at, end) to out[to, limit), with matches that reach back to `window`; answers
 * where the output ends. */
function decodeBlock(
  input: Buffer,
  at: number,
  end: number,
  out: Buffer,
  to: number,
  window: number,
  limit: number,
  maxBytes: number | undefined,
): number {
  const full = (): RecordsFault =>
    maxBytes === undefined
      ? broken(at, 'a block is longer than it may be')
      : tooLarge(at, maxBytes);
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= end) throw broken(at, 'a block ends within a length');
        more = input[at++]!;
        literals += more;
      }
    }
    if (at + literals > end) throw broken(at, 'a block ends within its literals');
    if (to + literals > limit) throw full();
    if (literals > 16) input.copy(out, to, at, at + literals);
    else for (let index = 0; index < literals; index++) out[to + index] = input[at + index]!;
    at += literals;
    to += literals;
    if (at === end) return to;
    if (at + 2 > end) throw broken(at, 'a block ends within an offset');
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let match = (token & 15) + 4;
    if (match === 19) {
      let more = 255;
      while (more === 255) {
        if (at >= end) throw broken(at, 'a block ends within a length');
        more = input[at++]!;
        match += more;
      }
    }
    const from = to - distance;
    if (distance === 0 || from < window) throw broken(at, 'a match reaches before the start');
    if (to + match > limit) throw full();
    if (match > 32 && distance >= match) out.copyWithin(to, from, from + match);
    else for (let index = 0; index < match; index++) out[to + index] = out[from + index]!;
    to += match;
  }
  throw broken(at, 'a block does not end in literals');
}
