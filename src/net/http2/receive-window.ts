import { ConnectionError, ErrorCode } from './errors.ts';
import type { FrameWriter } from './frame-writer.ts';
import { FrameType } from './frames.ts';
import { INITIAL_WINDOW_BYTES } from './settings.ts';

/** The part of a stream that receiving concerns. */
export interface Incoming {
  readonly id: number;
  receiveWindow: number;
  unreported: number;
  readonly remoteClosed: boolean;
  readonly gone: boolean;
}

/**
 * What the client may still send (RFC 9113 section 5.2): windows open again as handlers read, and
 * are told to the client when half of them is free, not for each frame.
 */
export class ReceiveWindow {
  readonly #connectionBytes: number;
  readonly #streamBytes: number;
  #window = INITIAL_WINDOW_BYTES;
  #unreported = 0;

  constructor(connectionBytes: number, streamBytes: number) {
    this.#connectionBytes = connectionBytes;
    this.#streamBytes = streamBytes;
  }

  /** Widens the connection's window from its fixed beginning. */
  open(writer: FrameWriter): void {
    const more = this.#connectionBytes - this.#window;
    this.#window = this.#connectionBytes;
    if (more > 0) writer.number(FrameType.WINDOW_UPDATE, 0, more);
  }

  /** A DATA frame of `bytes`, padding included. @throws ConnectionError past the window */
  take(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) {
      throw new ConnectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        'More DATA than the window of the connection has room for.',
      );
    }
  }

  /** Bytes that nobody holds any more. */
  release(bytes: number, writer: FrameWriter): void {
    this.#unreported += bytes;
    if (this.#unreported * 2 < this.#connectionBytes) return;
    writer.number(FrameType.WINDOW_UPDATE, 0, this.#unreported);
    this.#window += this.#unreported;
    this.#unreported = 0;
  }

  /** Bytes of a stream's body that were read. */
  releaseStream(stream: Incoming, bytes: number, writer: FrameWriter): void {
    this.release(bytes, writer);
    if (stream.remoteClosed || stream.gone) return;
    stream.unreported += bytes;
    if (stream.unreported * 2 < this.#streamBytes) return;
    writer.number(FrameType.WINDOW_UPDATE, stream.id, stream.unreported);
    stream.receiveWindow += stream.unreported;
    stream.unreported = 0;
  }
}
