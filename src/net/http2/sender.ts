import type { HeaderList } from '../../hub/header-list.ts';
import { type ByteSink, FrameWriter } from './frame-writer.ts';
import { encodedBlock, TABLE_SIZE_ZERO } from './hpack/encoder.ts';
import { type ResponseHead, writeResponseHead } from './response-head.ts';
import { SendQueue } from './send-queue.ts';
import {
  INITIAL_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  type PeerSettings,
} from './settings.ts';

/** The sending half of a stream, as the sender sees it. */
export interface Outgoing {
  readonly id: number;
  /** Bytes that the client takes now; below zero after it shrank its windows. */
  sendWindow: number;
  queue: SendQueue | undefined;
  /** Nothing goes out any more: reset, or the connection is lost. */
  readonly gone: boolean;
  /** END_STREAM is sent. */
  sent(): void;
  /** Something of the queue went out. */
  progressed(): void;
}

/**
 * Sends responses within the client's windows (RFC 9113 section 5.2). What fits goes straight into
 * the turn's write; what does not waits in its stream's queue, and streams that can send take turns,
 * one frame each. Frames stay at 16 KiB, which every client takes, so that turns are short.
 */
export class Sender {
  readonly writer: FrameWriter;
  readonly #settings: PeerSettings;
  readonly #sentData: () => void;
  #window = INITIAL_WINDOW_BYTES;
  /** The client shrank its table below what its decoder began with; told in the next block. */
  #shrinkDue = false;
  #shrunk = false;
  #line: Outgoing[] = [];
  #lineHead = 0;

  /** @param sentData called for each DATA frame with content */
  constructor(sink: ByteSink, settings: PeerSettings, sentData: () => void) {
    this.writer = new FrameWriter(sink);
    this.#settings = settings;
    this.#sentData = sentData;
  }

  /** Answers how many bytes the head took. */
  head(head: ResponseHead): number {
    return writeResponseHead(this.writer, head, MAX_FRAME_BYTES, this.#shrink());
  }

  /** An interim response or trailers: fields as they are. */
  fields(streamId: number, fields: HeaderList, endStream: boolean): void {
    let block = encodedBlock(fields);
    if (this.#shrink()) block = Buffer.concat([Uint8Array.of(TABLE_SIZE_ZERO), block]);
    this.writer.headers(streamId, block, endStream, MAX_FRAME_BYTES);
  }

  /** A piece of a body; `last` ends the stream behind it. */
  data(stream: Outgoing, bytes: Uint8Array, last: boolean): void {
    const length = bytes.length;
    const queue = stream.queue;
    if (
      (queue === undefined || queue.bytes === 0) &&
      length <= this.#window &&
      length <= stream.sendWindow &&
      length <= MAX_FRAME_BYTES &&
      this.writer.writable
    ) {
      this.#frame(stream, bytes, last);
      if (last) stream.sent();
      return;
    }
    const waiting = (stream.queue ??= new SendQueue());
    if (length > 0) waiting.push(bytes);
    waiting.ended = last;
    this.#enter(stream);
    this.pump();
  }

  /** Ends a body, behind what is queued. */
  end(stream: Outgoing, trailers: HeaderList | undefined): void {
    const queue = stream.queue;
    if (queue !== undefined && queue.bytes > 0) {
      queue.ended = true;
      queue.trailers = trailers;
      return;
    }
    this.#finish(stream, trailers);
  }

  /** WINDOW_UPDATE of the connection. Answers false when the window is past its largest size. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW_BYTES) return false;
    this.pump();
    return true;
  }

  /** WINDOW_UPDATE of a stream, or a change of the initial window. Answers false likewise. */
  widenStream(stream: Outgoing, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW_BYTES) return false;
    if (stream.queue !== undefined && stream.queue.bytes > 0) this.#enter(stream);
    return true;
  }

  /** Something waits, and the client's window for the connection is closed. */
  get starved(): boolean {
    return this.#window <= 0 && this.#lineHead < this.#line.length;
  }

  /** Drops what a stream that is lost has queued. */
  forget(stream: Outgoing): void {
    if (stream.queue?.inLine === true) {
      this.#line.splice(this.#line.indexOf(stream, this.#lineHead), 1);
    }
    stream.queue = undefined;
  }

  /** The client's SETTINGS changed. */
  settingsChanged(): void {
    if (this.#settings.headerTableBytes < 4_096 && !this.#shrunk) this.#shrinkDue = true;
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.writer.writable = true;
    this.pump();
  }

  /** Sends what windows and socket allow, a frame for each stream in turn. */
  pump(): void {
    while (this.#lineHead < this.#line.length && this.writer.writable) {
      const stream = this.#line[this.#lineHead]!;
      const queue = stream.queue!;
      const open = queue.bytes > 0 && stream.sendWindow > 0;
      if (open) {
        if (this.#window <= 0) return;
        const bytes = queue.take(Math.min(this.#window, stream.sendWindow, MAX_FRAME_BYTES));
        const last = queue.bytes === 0 && queue.ended && queue.trailers === undefined;
        this.#frame(stream, bytes, last);
        if (last) stream.sent();
      }
      this.#leave(queue);
      if (queue.bytes > 0) {
        if (stream.sendWindow > 0) this.#enter(stream);
      } else if (queue.ended && queue.trailers !== undefined) {
        const trailers = queue.trailers;
        queue.trailers = undefined;
        this.#finish(stream, trailers);
      }
      if (open) stream.progressed();
    }
  }

  #finish(stream: Outgoing, trailers: HeaderList | undefined): void {
    if (trailers !== undefined && trailers.flat.length > 0) {
      this.fields(stream.id, trailers, true);
    } else this.writer.data(stream.id, NOTHING, 0, 0, true);
    stream.sent();
  }

  #frame(stream: Outgoing, bytes: Uint8Array, last: boolean): void {
    const length = bytes.length;
    this.#window -= length;
    stream.sendWindow -= length;
    this.writer.data(stream.id, bytes, 0, length, last);
    if (length > 0) this.#sentData();
  }

  #enter(stream: Outgoing): void {
    const queue = stream.queue!;
    if (queue.inLine) return;
    queue.inLine = true;
    this.#line.push(stream);
  }

  #leave(queue: SendQueue): void {
    queue.inLine = false;
    this.#lineHead++;
    if (this.#lineHead === this.#line.length || this.#lineHead > 256) {
      this.#line = this.#line.slice(this.#lineHead);
      this.#lineHead = 0;
    }
  }

  #shrink(): boolean {
    if (!this.#shrinkDue) return false;
    this.#shrinkDue = false;
    this.#shrunk = true;
    return true;
  }
}

const NOTHING = new Uint8Array(0);
