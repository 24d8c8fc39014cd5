import { ConnectionError, ErrorCode } from './errors.ts';
import { Flag, FrameType, streamIdAt } from './frames.ts';
import { HeaderBlock } from './header-block.ts';
import type { HeaderField } from './header-field.ts';
import { Decoder } from './hpack/decoder.ts';
import type { Session } from './session.ts';
import type { Streams } from './streams.ts';

const PRIORITY_BYTES = 5;

/** The frames that belong to a stream: their layout, and where their parts go. */
export class StreamFrames {
  readonly #session: Session;
  readonly #streams: Streams;
  readonly #decoder: Decoder;
  readonly #block: HeaderBlock;
  readonly #maxBlockBytes: number;

  constructor(session: Session, streams: Streams) {
    this.#session = session;
    this.#streams = streams;
    const http = session.context.options.http;
    this.#decoder = new Decoder({ maxListBytes: http.headerBytes, maxFields: http.headers + 4 });
    // Compressed is not larger than decoded, but for lists that a client expects to be refused.
    this.#maxBlockBytes = 2 * http.headerBytes;
    this.#block = new HeaderBlock(this.#maxBlockBytes, session.options.continuations);
  }

  /** A header block has begun and not ended. */
  get blockOpen(): boolean {
    return this.#block.streamId !== 0;
  }

  setMaxTableBytes(maxBytes: number): void {
    this.#decoder.setMaxTableBytes(maxBytes);
  }

  /** @throws ConnectionError */
  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    if (streamId === 0) {
      throw new ConnectionError(
        ErrorCode.PROTOCOL_ERROR,
        `A frame of type ${type} without a stream.`,
      );
    }
    switch (type) {
      case FrameType.DATA:
        this.#data(flags, streamId, bytes, start, end, owned);
        break;
      case FrameType.HEADERS:
        this.#headers(flags, streamId, bytes, start, end);
        break;
      case FrameType.CONTINUATION:
        this.#continuation(flags, streamId, bytes, start, end);
        break;
      case FrameType.PRIORITY:
        this.#priority(streamId, bytes, start, end);
        break;
      default:
        if (end - start !== 4) throw sizeError('RST_STREAM', end - start);
        this.#streams.resetByPeer(streamId);
    }
  }

  /** @throws ConnectionError */
  windowUpdate(streamId: number, increment: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // A closed stream may still get some, sent before the client knew (RFC 9113 section 5.1).
      this.#streams.refuseIdle(streamId, 'WINDOW_UPDATE');
    } else if (increment === 0) this.#streams.fail(stream, ErrorCode.PROTOCOL_ERROR);
    else if (!this.#session.sender.widenStream(stream, increment)) {
      this.#streams.fail(stream, ErrorCode.FLOW_CONTROL_ERROR);
    } else this.#session.sender.pump();
  }

  #data(
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    const padding = (flags & Flag.PADDED) === 0 ? 0 : paddingAt(bytes, start, end);
    const from = (flags & Flag.PADDED) === 0 ? start : start + 1;
    this.#streams.data(
      streamId,
      bytes.subarray(from, end - padding),
      end - start,
      (flags & Flag.END_STREAM) !== 0,
      owned,
    );
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId % 2 === 0) {
      throw new ConnectionError(
        ErrorCode.PROTOCOL_ERROR,
        `A client opened stream ${streamId}; its streams have odd numbers.`,
      );
    }
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      to -= paddingAt(bytes, start, end);
      from++;
    }
    let selfDependent = false;
    if ((flags & Flag.PRIORITY) !== 0) {
      if (to - from < PRIORITY_BYTES) throw sizeError('HEADERS with priority', end - start);
      selfDependent = streamIdAt(bytes, from) === streamId;
      from += PRIORITY_BYTES;
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#decoded(streamId, bytes, from, to, endStream, selfDependent);
    } else this.#block.begin(streamId, endStream, selfDependent, bytes.subarray(from, to));
  }

  #continuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (streamId !== block.streamId) {
      throw new ConnectionError(
        ErrorCode.PROTOCOL_ERROR,
        `CONTINUATION on stream ${streamId}, whose header block is not open.`,
      );
    }
    block.continue(bytes.subarray(start, end));
    if ((flags & Flag.END_HEADERS) === 0) return;
    const whole = block.end();
    this.#decoded(streamId, whole, 0, whole.length, block.endStream, block.selfDependent);
  }

  #decoded(
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    endStream: boolean,
    selfDependent: boolean,
  ): void {
    const fields: HeaderField[] = [];
    const complete = this.#decoder.decode(bytes, start, end, fields);
    this.#streams.headers(streamId, fields, complete, endStream, selfDependent, end - start);
  }

  /** Priorities are deprecated and have no effect here (RFC 9113 section 5.3). */
  #priority(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#session.flood.idleFrame();
    const stream = this.#streams.get(streamId);
    const code =
      end - start !== PRIORITY_BYTES
        ? ErrorCode.FRAME_SIZE_ERROR
        : streamIdAt(bytes, start) === streamId
          ? ErrorCode.PROTOCOL_ERROR
          : ErrorCode.NO_ERROR;
    if (code === ErrorCode.NO_ERROR) return;
    if (stream !== undefined) this.#streams.fail(stream, code);
    else throw new ConnectionError(code, 'A PRIORITY frame that is not valid.');
  }
}

/** How much padding ends the payload, whose first byte tells (RFC 9113 section 6.1). */
function paddingAt(bytes: Buffer, start: number, end: number): number {
  const padding = start < end ? bytes[start]! : 0;
  if (start === end) throw sizeError('padded frame', 0);
  if (padding >= end - start) {
    throw new ConnectionError(
      ErrorCode.PROTOCOL_ERROR,
      `Padding of ${padding} bytes in a frame of ${end - start}.`,
    );
  }
  return padding;
}

function sizeError(frame: string, bytes: number): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${bytes} bytes.`);
}
