import type { Meter } from '../../hub/diagnostics.ts';
import { headerList } from '../../hub/header-list.ts';
import type { Peer } from '../../hub/transport.ts';
import { HttpFault } from '../../wire/problem.ts';
import { ConnectionError, ErrorCode } from './errors.ts';
import { FrameType } from './frames.ts';
import type { HeaderField } from './header-field.ts';
import { HeaderFields } from './header-fields.ts';
import { Ending, RecentStreams } from './recent-streams.ts';
import { clearHead, HEAD, readRequestHead, trailerDefect } from './request-head.ts';
import type { Sender } from './sender.ts';
import type { Session } from './session.ts';
import { Stream, type StreamOwner } from './stream.ts';

const NO_HEADERS = headerList();

/** The streams of one connection, and the rules of RFC 9113 section 5.1 for what happens to them. */
export class Streams implements StreamOwner {
  readonly peer: Peer;
  readonly meter: Meter;
  readonly sender: Sender;
  readonly receiveWindowBytes: number;
  readonly maxBodyBytes: number;
  readonly responseBytes: number;
  /** Largest stream that a handler has seen. */
  lastDispatchedId = 0;
  /** Largest stream that was not refused. */
  lastAcceptedId = 0;
  /** New requests are refused: the connection is going away. */
  refusing = false;

  readonly #session: Session;
  readonly #open = new Map<number, Stream>();
  readonly #recent = new RecentStreams();
  #lastId = 0;
  /** Requests of this read; they run when it is over, with the body that came along. */
  #arrived: Stream[] = [];
  /** Streams whose bodies hold views of the read buffer. */
  #viewing: Stream[] = [];

  constructor(session: Session) {
    this.#session = session;
    this.peer = session.connection.peer;
    this.meter = session.context.meter;
    this.sender = session.sender;
    this.receiveWindowBytes = session.options.streamWindowBytes;
    this.maxBodyBytes = session.context.options.limits.bodyBytes;
    this.responseBytes = session.options.responseBytes;
  }

  get size(): number {
    return this.#open.size;
  }

  get sendWindowBytes(): number {
    return this.#session.settings.initialWindowBytes;
  }

  values(): Iterable<Stream> {
    return this.#open.values();
  }

  get(id: number): Stream | undefined {
    return this.#open.get(id);
  }

  nowMs(): number {
    return this.#session.context.ticker.nowMs;
  }

  touched(): void {
    this.#session.touched();
  }

  /** @throws ConnectionError for a frame that an idle stream cannot have */
  refuseIdle(id: number, frame: string): void {
    if (id > this.#lastId || id % 2 === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${frame} on a stream that is idle.`);
    }
  }

  /**
   * A decoded header block.
   * @param complete false when the list was past a limit
   * @throws ConnectionError
   */
  headers(
    id: number,
    fields: HeaderField[],
    complete: boolean,
    endStream: boolean,
    selfDependent: boolean,
    blockBytes: number,
  ): void {
    const stream = this.#open.get(id);
    if (stream !== undefined) this.#trailers(stream, fields, complete, endStream);
    else if (id <= this.#lastId) this.#headersAfterEnd(id);
    else this.#request(id, fields, complete, endStream, selfDependent, blockBytes);
  }

  #request(
    id: number,
    fields: HeaderField[],
    complete: boolean,
    endStream: boolean,
    selfDependent: boolean,
    blockBytes: number,
  ): void {
    this.#lastId = id;
    this.#session.flood.request();
    if (this.refusing || this.#open.size >= this.#session.context.options.limits.inFlight) {
      this.reset(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    const defect = complete ? readRequestHead(fields) : clearHead();
    if (defect !== undefined || selfDependent || (endStream && (HEAD.contentLength ?? 0) > 0)) {
      this.reset(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    const stream = new Stream(id, this, HEAD, fields, endStream);
    stream.headBytes = blockBytes;
    this.lastAcceptedId = id;
    this.#open.set(id, stream);
    if (!complete) this.#answer(stream, 431);
    else if (stream.method === 'CONNECT') this.#answer(stream, 501);
    else this.#arrived.push(stream);
  }

  /** An answer that no handler is needed for. */
  #answer(stream: Stream, status: number): void {
    this.meter.refused++;
    stream.respond(status, NO_HEADERS);
  }

  #trailers(stream: Stream, fields: HeaderField[], complete: boolean, endStream: boolean): void {
    if (stream.remoteClosed) this.fail(stream, ErrorCode.STREAM_CLOSED);
    else if (!endStream || !complete || trailerDefect(fields) !== undefined) {
      this.fail(stream, ErrorCode.PROTOCOL_ERROR);
    } else {
      if (fields.length > 0) stream.trailers = new HeaderFields(fields);
      this.#endOfBody(stream);
    }
  }

  #headersAfterEnd(id: number): void {
    switch (this.#recent.ending(id)) {
      case Ending.RESET_BY_US:
        this.#session.flood.idleFrame();
        return;
      case Ending.UNKNOWN:
        throw new ConnectionError(
          ErrorCode.PROTOCOL_ERROR,
          `Stream ${id} was opened behind stream ${this.#lastId}; numbers must ascend.`,
        );
      default:
        throw new ConnectionError(ErrorCode.STREAM_CLOSED, `HEADERS on stream ${id}, closed.`);
    }
  }

  /**
   * A DATA frame without its padding.
   * @param flowBytes what it counts for flow control, padding included
   * @throws ConnectionError
   */
  data(id: number, bytes: Buffer, flowBytes: number, endStream: boolean, owned: boolean): void {
    const session = this.#session;
    session.window.take(flowBytes);
    const stream = this.#open.get(id);
    if (stream === undefined) {
      this.refuseIdle(id, 'DATA');
      session.window.release(flowBytes, this.sender.writer);
      if (this.#recent.ending(id) !== Ending.RESET_BY_US) this.reset(id, ErrorCode.STREAM_CLOSED);
      return;
    }
    stream.receiveWindow -= flowBytes;
    stream.received += bytes.length;
    const wrong = dataDefect(stream, endStream);
    if (wrong !== ErrorCode.NO_ERROR) {
      session.window.release(flowBytes, this.sender.writer);
      this.fail(stream, wrong);
      return;
    }
    if (flowBytes > bytes.length) this.consumed(stream, flowBytes - bytes.length);
    if (bytes.length > 0) {
      session.flood.data();
      stream.waitingSinceMs = session.context.ticker.nowMs;
      if (stream.id <= this.lastDispatchedId) stream.meter.bytesIn += bytes.length;
      stream.incoming!.push(bytes, owned);
      if (!owned) this.#viewing.push(stream);
    } else if (!endStream) session.flood.idleFrame();
    if (endStream) this.#endOfBody(stream);
    else if (stream.localClosed && stream.received > session.context.options.http.discardBytes) {
      this.abandon(stream, ErrorCode.NO_ERROR);
    }
  }

  #endOfBody(stream: Stream): void {
    if (stream.contentLength !== undefined && stream.contentLength !== stream.received) {
      this.fail(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    stream.remoteClosed = true;
    stream.incoming?.end();
    if (stream.localClosed) this.#close(stream, Ending.COMPLETE);
  }

  /** RST_STREAM from the client. @throws ConnectionError */
  resetByPeer(id: number): void {
    const stream = this.#open.get(id);
    if (stream === undefined) {
      this.refuseIdle(id, 'RST_STREAM');
      this.#session.flood.idleFrame();
      return;
    }
    this.#close(stream, Ending.RESET_BY_PEER);
    stream.lose('The client cancelled the request.');
    this.#session.flood.reset();
  }

  /** The client broke a rule on this stream. @throws ConnectionError when it does so too often */
  fail(stream: Stream, code: number): void {
    this.#close(stream, Ending.RESET_BY_US);
    stream.lose('The request broke a rule of HTTP/2.');
    this.reset(stream.id, code);
  }

  /** RST_STREAM for what is no open stream (any more). @throws ConnectionError likewise */
  reset(id: number, code: number): void {
    this.meter.refused++;
    this.#recent.add(id, Ending.RESET_BY_US);
    this.sender.writer.number(FrameType.RST_STREAM, id, code);
    this.#session.flood.reset();
  }

  /** Our side gives a stream up. */
  abandon(stream: Stream, code: number): void {
    if (stream.gone || !this.#open.has(stream.id)) return;
    this.#close(stream, Ending.RESET_BY_US);
    stream.lose('The response was cut off.');
    this.sender.writer.number(FrameType.RST_STREAM, stream.id, code);
    this.touched();
  }

  /** The response is complete. What the client still sends for it is thrown away for a while,
   * because most of it is on its way already; then it is told to stop (RFC 9113 section 8.1). */
  sent(stream: Stream): void {
    stream.incoming?.discard();
    if (stream.remoteClosed) this.#close(stream, Ending.COMPLETE);
  }

  consumed(stream: Stream, bytes: number): void {
    this.#session.window.releaseStream(stream, bytes, this.sender.writer);
    this.touched();
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changed by `bytes` (RFC 9113 section 6.9.2). */
  shiftSendWindows(bytes: number): void {
    for (const stream of this.#open.values()) {
      if (!this.sender.widenStream(stream, bytes)) {
        throw new ConnectionError(
          ErrorCode.FLOW_CONTROL_ERROR,
          'A new initial window widens a stream past the largest window.',
        );
      }
    }
  }

  /** The read is over: runs the requests that came with it. */
  endRead(): void {
    const arrived = this.#arrived;
    if (arrived.length > 0) {
      this.#arrived = [];
      for (let index = 0; index < arrived.length; index++) {
        const stream = arrived[index]!;
        if (stream.gone) continue;
        this.lastDispatchedId = stream.id;
        this.#session.context.dispatch(stream);
        // The router has found whose figures count it.
        stream.meter.bytesIn += stream.headBytes + stream.received;
      }
    }
    const viewing = this.#viewing;
    if (viewing.length > 0) {
      this.#viewing = [];
      for (let index = 0; index < viewing.length; index++) viewing[index]!.incoming!.keep();
    }
  }

  /** Gives up requests whose bodies do not come, and responses that are not taken. */
  tick(nowMs: number): void {
    const { http, limits } = this.#session.context.options;
    for (const stream of [...this.#open.values()]) {
      if (!stream.stalled) stream.takenMs = nowMs;
      else if (nowMs - stream.takenMs > limits.sendTimeMs) {
        this.meter.refused++;
        this.abandon(stream, ErrorCode.CANCEL);
      }
      if (stream.remoteClosed) continue;
      if (stream.localClosed) this.abandon(stream, ErrorCode.NO_ERROR);
      if (stream.answered || stream.incoming?.awaited !== true) continue;
      if (nowMs - stream.waitingSinceMs > http.requestTimeMs) {
        stream.incoming.fail(
          new HttpFault(408, 'DEADLINE_EXCEEDED', 'The body of the request did not come in time.'),
        );
      }
    }
  }

  /** The connection is lost. */
  loseAll(reason: string): void {
    this.#arrived = [];
    this.#viewing = [];
    const streams = [...this.#open.values()];
    this.#open.clear();
    for (const stream of streams) stream.lose(reason);
  }

  #close(stream: Stream, ending: number): void {
    if (!this.#open.delete(stream.id)) return;
    this.#recent.add(stream.id, ending);
    if (this.#open.size === 0) this.#session.idle();
  }
}

function dataDefect(stream: Stream, endStream: boolean): number {
  if (stream.remoteClosed) return ErrorCode.STREAM_CLOSED;
  if (stream.receiveWindow < 0) return ErrorCode.FLOW_CONTROL_ERROR;
  const declared = stream.contentLength;
  if (declared === undefined) return ErrorCode.NO_ERROR;
  return stream.received > declared || (endStream && stream.received < declared)
    ? ErrorCode.PROTOCOL_ERROR
    : ErrorCode.NO_ERROR;
}
