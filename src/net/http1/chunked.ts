import { CR, HEX, LF, SEMICOLON, VALUE } from './characters.ts';
import { RequestError } from './errors.ts';
import { parseFields, TextFields } from './fields.ts';

const MAX_EXTENSION_BYTES = 4_096;

/** chunk-ext of RFC 9112 section 7.1.1, but for white space before the first semicolon. */
const EXTENSIONS =
  /^(?:;[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*(?:=[ \t]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*")[ \t]*)?)+$/;

/** States, small integers: what is expected next. */
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER = 6;
const DONE = 7;

/**
 * The chunked transfer coding (RFC 9112 section 7.1), incremental: any split of the bytes gives
 * the same pieces joined. Extensions are read past, up to a bound over the whole body.
 */
export class ChunkedDecoder {
  /** Set when the body has ended: its trailer fields, undefined for none. */
  trailers: TextFields | undefined;
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extension = '';
  #trailer: Buffer | undefined;
  readonly #maxTrailerBytes: number;
  readonly #maxFields: number;

  constructor(maxTrailerBytes: number, maxFields: number) {
    this.#maxTrailerBytes = maxTrailerBytes;
    this.#maxFields = maxFields;
    this.trailers = undefined;
    this.#trailer = undefined;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  /**
   * Takes bytes until the body's end; gives data to `sink` as views. Answers the offset behind
   * what it took: `end`, or where the next request begins.
   * @throws RequestError 400 for bad chunks, 431 for a trailer past the limits
   */
  decode(bytes: Buffer, from: number, end: number, sink: ChunkSink): number {
    let position = from;
    while (position < end && this.#state !== DONE) {
      if (this.#state === DATA) {
        const take = Math.min(this.#size, end - position);
        sink.bodyPiece(bytes, position, position + take);
        position += take;
        this.#size -= take;
        if (this.#size === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILER) {
        position = this.#takeTrailer(bytes, position, end);
      } else {
        this.#step(bytes[position]!);
        position++;
      }
    }
    return position;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE: {
        const digit = HEX[byte]!;
        if (digit !== 0) {
          // 12 digits stay exact in a double and are far beyond any real chunk.
          if (++this.#digits > 12) throw new RequestError(400, 'A chunk size is too long.');
          this.#size = this.#size * 16 + digit - 1;
          return;
        }
        if (this.#digits === 0) throw new RequestError(400, 'A chunk has no size.');
        if (byte === CR) this.#state = SIZE_LF;
        else if (byte === SEMICOLON) {
          this.#state = EXTENSION;
          this.#extension = ';';
        } else throw new RequestError(400, `A chunk size has the byte 0x${byte.toString(16)}.`);
        return;
      }
      case EXTENSION:
        if (byte === CR) {
          if (!EXTENSIONS.test(this.#extension)) {
            throw new RequestError(400, 'A chunk extension is malformed.');
          }
          this.#state = SIZE_LF;
        } else if (VALUE[byte] === 0) {
          throw new RequestError(400, `A chunk extension has the byte 0x${byte.toString(16)}.`);
        } else if (++this.#extensionBytes > MAX_EXTENSION_BYTES) {
          throw new RequestError(400, 'The chunk extensions are too long.');
        } else this.#extension += String.fromCharCode(byte);
        return;
      case SIZE_LF:
        this.#expect(byte, LF);
        this.#state = this.#size === 0 ? TRAILER : DATA;
        this.#digits = 0;
        return;
      case DATA_CR:
        this.#expect(byte, CR);
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        this.#expect(byte, LF);
        this.#state = SIZE;
        return;
    }
  }

  #expect(byte: number, wanted: number): void {
    if (byte === wanted) return;
    throw new RequestError(400, 'A chunk is not followed by CR LF where its size says it ends.');
  }

  /** The trailer section up to its empty line; most often that line alone. */
  #takeTrailer(bytes: Buffer, position: number, end: number): number {
    const before = this.#trailer?.length ?? 0;
    const all =
      this.#trailer === undefined
        ? bytes.subarray(position, end)
        : Buffer.concat([this.#trailer, bytes.subarray(position, end)]);
    const taken = parseFields(all, 0, all.length, 0, this.#maxFields);
    if ((taken === -1 ? all.length : taken) > this.#maxTrailerBytes) {
      throw new RequestError(431, `The trailer is longer than ${this.#maxTrailerBytes} bytes.`);
    }
    if (taken === -1) {
      this.#trailer = Buffer.from(all);
      return end;
    }
    if (taken > 2) {
      this.trailers = new TextFields(all.toString('latin1', 0, taken));
      this.trailers.keep();
    }
    this.#trailer = undefined;
    this.#state = DONE;
    return position + taken - before;
  }
}

export interface ChunkSink {
  /** A piece of the body: a view, valid during the call. */
  bodyPiece(bytes: Buffer, start: number, end: number): void;
}
