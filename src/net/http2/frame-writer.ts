import { Flag, FRAME_HEAD_BYTES, FrameType } from './frames.ts';

/** Where gathered bytes go: a Connection. */
export interface ByteSink {
  write(chunk: Uint8Array): boolean;
}

const SLAB_BYTES = 65_536;
/** A payload from this size on is handed over instead of being copied. */
const COPY_LIMIT_BYTES = 4_096;

/**
 * One slab for all connections of the process: what a connection writes within a turn is one
 * region of it. Regions are never written again, because the bytes are given away.
 */
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabEnd = 0;
let slabOwner: FrameWriter | undefined;

/** Gathers frames, so that those of one turn go out as one write. */
export class FrameWriter {
  readonly #sink: ByteSink;
  #start = 0;
  /** False after the sink asked to stop; the owner sets it again when the sink has drained. */
  writable = true;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (slabOwner !== this) return;
    slabOwner = undefined;
    if (slabEnd === this.#start) return;
    if (!this.#sink.write(slab.subarray(this.#start, slabEnd))) this.writable = false;
  }

  /** Makes room for `bytes` more in one piece; answers the position to write at in `target()`. */
  reserve(bytes: number): number {
    if (slabOwner !== this) {
      slabOwner?.flush();
      slabOwner = this;
      this.#start = slabEnd;
    }
    if (slabEnd + bytes > slab.length) {
      this.flush();
      slab = Buffer.allocUnsafeSlow(bytes > SLAB_BYTES ? bytes : SLAB_BYTES);
      slabEnd = 0;
      slabOwner = this;
      this.#start = 0;
    }
    return slabEnd;
  }

  /** The buffer that `reserve` answers positions of. */
  target(): Buffer {
    return slab;
  }

  /** Everything before `position` is written. */
  commit(position: number): void {
    slabEnd = position;
  }

  /** A frame's head; its payload is written behind it by the caller, who has reserved room. */
  head(position: number, length: number, type: number, flags: number, streamId: number): number {
    const target = slab;
    target[position] = length >>> 16;
    target[position + 1] = length >>> 8;
    target[position + 2] = length;
    target[position + 3] = type;
    target[position + 4] = flags;
    target[position + 5] = streamId >>> 24;
    target[position + 6] = streamId >>> 16;
    target[position + 7] = streamId >>> 8;
    target[position + 8] = streamId;
    return position + FRAME_HEAD_BYTES;
  }

  /** A DATA frame with the bytes from `start` to `end`; they must not change any more. */
  data(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    const flags = endStream ? Flag.END_STREAM : 0;
    if (length < COPY_LIMIT_BYTES) {
      const position = this.reserve(FRAME_HEAD_BYTES + length);
      const payload = this.head(position, length, FrameType.DATA, flags, streamId);
      copyBytes(bytes, start, end, slab, payload);
      this.commit(payload + length);
      return;
    }
    const position = this.reserve(FRAME_HEAD_BYTES);
    this.commit(this.head(position, length, FrameType.DATA, flags, streamId));
    this.flush();
    if (!this.#sink.write(bytes.subarray(start, end))) this.writable = false;
  }

  /** A frame whose payload is one 32-bit number: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number): void {
    const position = this.reserve(FRAME_HEAD_BYTES + 4);
    const payload = this.head(position, 4, type, 0, streamId);
    this.commit(slab.writeUInt32BE(value, payload));
  }

  /** A frame with a small payload: SETTINGS, PING, GOAWAY. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const position = this.reserve(FRAME_HEAD_BYTES + payload.length);
    const start = this.head(position, payload.length, type, flags, streamId);
    slab.set(payload, start);
    this.commit(start + payload.length);
  }

  /** A header block: HEADERS, and CONTINUATION frames where it is longer than one frame. */
  headers(streamId: number, block: Uint8Array, endStream: boolean, maxFrameBytes: number): void {
    let type: number = FrameType.HEADERS;
    let start = 0;
    do {
      const end = Math.min(block.length, start + maxFrameBytes);
      const flags =
        (end === block.length ? Flag.END_HEADERS : 0) |
        (start === 0 && endStream ? Flag.END_STREAM : 0);
      this.frame(type, flags, streamId, block.subarray(start, end));
      type = FrameType.CONTINUATION;
      start = end;
    } while (start < block.length);
  }
}

/** A native copy costs more than a loop for few bytes. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): void {
  if (end - start > 48) {
    target.set(
      start === 0 && end === source.length ? source : source.subarray(start, end),
      position,
    );
    return;
  }
  let at = position;
  for (let index = start; index < end; index++) target[at++] = source[index]!;
}
