import { ConnectionError, ErrorCode } from './errors.ts';

/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

export const Flag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What a client sends first (RFC 9113 section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME_HEAD_BYTES = 9;

export interface FrameSink {
  /**
   * One whole frame, its payload from `start` to `end` of `bytes`.
   * @param owned whether the bytes may be kept; if not they are valid only during this call of
   *   `push`
   * @throws ConnectionError which ends the parsing
   */
  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void;
}

/**
 * Cuts bytes into frames (RFC 9113 section 4.1). Frames that lie whole within a chunk are handed
 * on in place; the one that a chunk's end cuts is put together in a buffer of its own, each byte
 * copied once.
 */
export class FrameParser {
  readonly #maxFrameBytes: number;
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #payload: Buffer | undefined;
  /** Bytes of the cut frame that have come, its head included. */
  #filled = 0;

  /** @param maxFrameBytes longest payload: our SETTINGS_MAX_FRAME_SIZE */
  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#sink = sink;
  }

  /** Whether a frame has begun and not ended. */
  get partial(): boolean {
    return this.#filled > 0;
  }

  /** @throws ConnectionError FRAME_SIZE_ERROR, or what the sink throws */
  push(bytes: Buffer, from = 0): void {
    const end = bytes.length;
    let position = this.#filled > 0 ? this.#complete(bytes, from) : from;
    while (end - position >= FRAME_HEAD_BYTES) {
      const length = this.#length(bytes, position);
      const start = position + FRAME_HEAD_BYTES;
      if (end - start < length) break;
      position = start + length;
      this.#sink.frame(
        bytes[start - 6]!,
        bytes[start - 5]!,
        streamIdAt(bytes, start - 4),
        bytes,
        start,
        position,
        false,
      );
    }
    if (position < end) this.#begin(bytes, position);
  }

  #length(bytes: Buffer, position: number): number {
    const length = (bytes[position]! << 16) | (bytes[position + 1]! << 8) | bytes[position + 2]!;
    if (length > this.#maxFrameBytes) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `A frame of ${length} bytes; at most ${this.#maxFrameBytes} are accepted.`,
      );
    }
    return length;
  }

  /** Keeps the beginning of a frame that the chunk's end cuts. */
  #begin(bytes: Buffer, position: number): void {
    this.#filled = bytes.copy(this.#head, 0, position);
    if (this.#filled < FRAME_HEAD_BYTES) return;
    this.#payload = Buffer.allocUnsafe(this.#length(this.#head, 0));
    this.#filled += bytes.copy(this.#payload, 0, position + FRAME_HEAD_BYTES);
  }

  /** Continues the cut frame; answers the position behind what belongs to it. */
  #complete(bytes: Buffer, from: number): number {
    let position = from;
    if (this.#filled < FRAME_HEAD_BYTES) {
      const copied = bytes.copy(this.#head, this.#filled, position);
      this.#filled += copied;
      position += copied;
      if (this.#filled < FRAME_HEAD_BYTES) return position;
      this.#payload = Buffer.allocUnsafe(this.#length(this.#head, 0));
    }
    const payload = this.#payload!;
    const copied = bytes.copy(payload, this.#filled - FRAME_HEAD_BYTES, position);
    this.#filled += copied;
    if (this.#filled < FRAME_HEAD_BYTES + payload.length) return position + copied;
    this.#filled = 0;
    this.#payload = undefined;
    const head = this.#head;
    this.#sink.frame(head[3]!, head[4]!, streamIdAt(head, 5), payload, 0, payload.length, true);
    return position + copied;
  }
}

/** 31 bits; the reserved bit is ignored. */
export function streamIdAt(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! & 0x7f) << 24) |
    (bytes[position + 1]! << 16) |
    (bytes[position + 2]! << 8) |
    bytes[position + 3]!
  );
}

export function uint32At(bytes: Uint8Array, position: number): number {
  return (
    bytes[position]! * 0x1000000 +
    ((bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!)
  );
}
