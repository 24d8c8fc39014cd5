import type { Connection, Receiver } from '../../hub/transport.ts';
import type { HttpContext } from '../http/context.ts';
import type { Ticking } from '../ticker.ts';
import { ConnectionError, ErrorCode } from './errors.ts';
import { FloodGuard } from './flood-guard.ts';
import { Flag, FrameParser, type FrameSink, FrameType, PREFACE, uint32At } from './frames.ts';
import type { Http2Options } from './options.ts';
import { ReceiveWindow } from './receive-window.ts';
import { Sender } from './sender.ts';
import type { Session } from './session.ts';
import { MAX_FRAME_BYTES, MAX_WINDOW_BYTES, PeerSettings, settingsPayload } from './settings.ts';
import { StreamFrames } from './stream-frames.ts';
import { Streams } from './streams.ts';

/** Payload of the PING that separates the two GOAWAY frames of a graceful end. */
const DRAIN_PING = Buffer.from('draining');
const ALIVE_PING = Buffer.from('alive-? ');
/** PINGs without a sign of life before a client is given up. */
const MAX_UNANSWERED = 3;

/**
 * The server's side of one HTTP/2 connection (RFC 9113). One read is parsed whole; the requests in
 * it run behind its last frame; everything they write goes out as one write.
 */
class Http2Connection implements Receiver, FrameSink, Session, Ticking {
  readonly connection: Connection;
  readonly context: HttpContext;
  readonly options: Http2Options;
  readonly sender: Sender;
  readonly flood: FloodGuard;
  readonly window: ReceiveWindow;
  readonly settings = new PeerSettings();
  readonly #streams: Streams;
  readonly #streamFrames: StreamFrames;
  readonly #parser = new FrameParser(MAX_FRAME_BYTES, this);
  readonly #flushLater = (): void => {
    this.#flushDue = false;
    if (!this.#closed) this.#flush();
  };

  /** Bytes of the preface that have come. */
  #prefaced = 0;
  #settled = false;
  #acknowledged = false;
  #reading = false;
  #flushDue = false;
  #paused = false;
  /** Nothing is read any more: the end is on its way. */
  #ending = false;
  #closed = false;
  #draining = false;
  #lastReadMs: number;
  /** PINGs since the last read, and when the latest of them went out. */
  #asked = 0;
  #askedMs = 0;
  /** When the frame or header block that is incomplete began; 0 for none. */
  #cutSinceMs = 0;
  #framesRead = 0;
  /** When the client's window for the connection was last open, or widened, or not needed. */
  #windowMs: number;
  #endingSinceMs = 0;

  constructor(connection: Connection, context: HttpContext) {
    this.connection = connection;
    this.context = context;
    this.options = context.options.http2;
    this.#lastReadMs = context.ticker.nowMs;
    this.#windowMs = context.ticker.nowMs;
    this.flood = new FloodGuard(this.options, this.#lastReadMs);
    this.window = new ReceiveWindow(
      this.options.connectionWindowBytes,
      this.options.streamWindowBytes,
    );
    this.sender = new Sender(connection, this.settings, () => this.flood.data());
    this.#streams = new Streams(this);
    this.#streamFrames = new StreamFrames(this, this.#streams);
    context.ticker.add(this);
    this.#greet();
  }

  data(bytes: Buffer): void {
    if (this.#ending || this.#closed) return;
    const nowMs = this.context.ticker.nowMs;
    if (nowMs !== this.#lastReadMs) {
      this.#lastReadMs = nowMs;
      this.flood.drain(nowMs);
    }
    this.#asked = 0;
    this.#reading = true;
    const before = this.#framesRead;
    try {
      const from = this.#prefaced < PREFACE.length ? this.#preface(bytes) : 0;
      if (from < bytes.length) this.#parser.push(bytes, from);
      this.#streams.endRead();
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = false;
    if (this.#parser.partial || this.#streamFrames.blockOpen) {
      if (this.#cutSinceMs === 0 || this.#framesRead !== before) this.#cutSinceMs = nowMs;
    } else this.#cutSinceMs = 0;
    this.#flush();
  }

  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    this.#framesRead++;
    if (!this.#settled) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0) {
        throw protocolError('The first frame is not SETTINGS.');
      }
      this.#settled = true;
    }
    if (this.#streamFrames.blockOpen && type !== FrameType.CONTINUATION) {
      throw protocolError('A frame came between HEADERS and its CONTINUATION.');
    }
    switch (type) {
      case FrameType.DATA:
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
      case FrameType.PRIORITY:
      case FrameType.RST_STREAM:
        this.#streamFrames.frame(type, flags, streamId, bytes, start, end, owned);
        break;
      case FrameType.WINDOW_UPDATE:
        this.flood.idleFrame();
        this.#windowUpdate(streamId, bytes, start, end);
        break;
      case FrameType.SETTINGS:
        if (streamId !== 0) throw protocolError('SETTINGS on a stream.');
        this.#settings(flags, bytes, start, end);
        break;
      case FrameType.PING:
        if (streamId !== 0) throw protocolError('PING on a stream.');
        this.#ping(flags, bytes, start, end);
        break;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw protocolError('GOAWAY on a stream.');
        if (end - start < 8) throw sizeError('GOAWAY', end - start);
        this.flood.idleFrame();
        break;
      case FrameType.PUSH_PROMISE:
        throw protocolError('PUSH_PROMISE from a client.');
      default:
        // Unknown types are ignored (RFC 9113 section 4.1).
        this.flood.idleFrame();
    }
  }

  ended(): void {
    // A client that has closed its half cannot acknowledge or widen windows any more.
    if (this.#closed) return;
    this.#streams.loseAll('The client closed the connection.');
    this.#end();
  }

  drained(): void {
    if (this.#closed) return;
    this.sender.drained();
    this.#flush();
    if (this.#paused && this.sender.writer.writable) {
      this.#paused = false;
      this.connection.resume();
    }
  }

  closed(): void {
    this.#closed = true;
    this.context.ticker.remove(this);
    this.#streams.loseAll('The connection to the client was lost.');
  }

  drain(): void {
    if (this.#draining || this.#ending || this.#closed) return;
    this.#draining = true;
    if (!this.#settled) {
      this.#end();
      return;
    }
    // First with the largest number, so that requests on their way are still served (section 6.8).
    this.#goAway(ErrorCode.NO_ERROR, MAX_WINDOW_BYTES, '');
    this.sender.writer.frame(FrameType.PING, 0, 0, DRAIN_PING);
    this.touched();
  }

  touched(): void {
    if (this.#reading || this.#flushDue) return;
    this.#flushDue = true;
    process.nextTick(this.#flushLater);
  }

  idle(): void {
    if (this.#streams.refusing && !this.#ending) this.#end();
  }

  tick(nowMs: number): void {
    if (this.#closed) return;
    const limits = this.context.options.http;
    if (!this.sender.starved) this.#windowMs = nowMs;
    if (this.#ending) {
      if (nowMs - this.#endingSinceMs > limits.headTimeMs) this.connection.destroy();
    } else if (nowMs - this.#windowMs > this.context.options.limits.sendTimeMs) {
      this.context.meter.refused++;
      this.connection.destroy();
    } else if (
      (!this.#settled && nowMs - this.#lastReadMs > limits.headTimeMs) ||
      (this.#cutSinceMs > 0 && nowMs - this.#cutSinceMs > limits.headTimeMs)
    ) {
      this.#fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'A frame came too slowly.'));
    } else if (this.#draining && !this.#streams.refusing) this.#refuse();
    else if (this.#streams.size === 0) {
      if (nowMs - this.#lastReadMs > limits.idleTimeMs) {
        this.#goAway(ErrorCode.NO_ERROR, this.#streams.lastAcceptedId, 'idle');
        this.#end();
      }
    } else {
      this.#streams.tick(nowMs);
      if (this.#streams.size > 0) this.#ask(nowMs);
    }
    this.#flush();
  }

  /** Asks a silent client for a sign of life. It is given up after questions that it was given time
   * for, never by the clock alone: we may be the ones who were late, or who do not read. */
  #ask(nowMs: number): void {
    const intervalMs = this.options.pingIntervalMs;
    if (intervalMs === 0 || this.#paused) return;
    if (nowMs - Math.max(this.#lastReadMs, this.#askedMs) < intervalMs) return;
    if (this.#asked === MAX_UNANSWERED) {
      this.connection.destroy();
      return;
    }
    this.#asked++;
    this.#askedMs = nowMs;
    this.sender.writer.frame(FrameType.PING, 0, 0, ALIVE_PING);
  }

  #greet(): void {
    const { limits, http } = this.context.options;
    this.sender.writer.frame(
      FrameType.SETTINGS,
      0,
      0,
      settingsPayload({
        tableBytes: this.options.tableBytes,
        maxStreams: limits.inFlight,
        windowBytes: this.options.streamWindowBytes,
        maxListBytes: http.headerBytes,
      }),
    );
    this.window.open(this.sender.writer);
    this.touched();
  }

  #preface(bytes: Buffer): number {
    const length = Math.min(bytes.length, PREFACE.length - this.#prefaced);
    if (bytes.compare(PREFACE, this.#prefaced, this.#prefaced + length, 0, length) !== 0) {
      throw protocolError('The connection does not begin with the HTTP/2 preface.');
    }
    this.#prefaced += length;
    return length;
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw sizeError('WINDOW_UPDATE', end - start);
    const increment = uint32At(bytes, start) & MAX_WINDOW_BYTES;
    if (streamId !== 0) this.#streamFrames.windowUpdate(streamId, increment);
    else if (increment === 0) throw protocolError('WINDOW_UPDATE by 0.');
    else if (this.sender.widen(increment)) this.#windowMs = this.context.ticker.nowMs;
    else {
      throw new ConnectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        `WINDOW_UPDATE widens the connection past ${MAX_WINDOW_BYTES} bytes.`,
      );
    }
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    this.flood.idleFrame();
    if ((flags & Flag.ACK) !== 0) {
      if (end > start) throw sizeError('SETTINGS with ACK', end - start);
      if (!this.#acknowledged) this.#streamFrames.setMaxTableBytes(this.options.tableBytes);
      this.#acknowledged = true;
      return;
    }
    const before = this.settings.initialWindowBytes;
    this.settings.apply(bytes, start, end);
    this.flood.idleFrame((end - start) >>> 5);
    this.sender.settingsChanged();
    const shift = this.settings.initialWindowBytes - before;
    if (shift !== 0) this.#streams.shiftSendWindows(shift);
    this.sender.writer.frame(FrameType.SETTINGS, Flag.ACK, 0, bytes.subarray(0, 0));
    if (shift > 0) this.sender.pump();
  }

  #ping(flags: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 8) throw sizeError('PING', end - start);
    this.flood.ping();
    if ((flags & Flag.ACK) === 0) {
      this.sender.writer.frame(FrameType.PING, Flag.ACK, 0, bytes.subarray(start, end));
    } else if (this.#draining && DRAIN_PING.compare(bytes, start, end) === 0) this.#refuse();
  }

  /** Second step of a graceful end: the client knows, nothing new is on its way. */
  #refuse(): void {
    this.#streams.refusing = true;
    this.#goAway(ErrorCode.NO_ERROR, this.#streams.lastAcceptedId, '');
    if (this.#streams.size === 0) this.#end();
  }

  #fail(thrown: unknown): void {
    if (this.#ending) return;
    const known = thrown instanceof ConnectionError;
    const code = known ? thrown.code : ErrorCode.INTERNAL_ERROR;
    const reason = known ? thrown.message : 'The server failed.';
    this.context.meter.refused++;
    const fields = { peer: this.connection.peer.address, code };
    if (known) this.context.logger.info(fields, `HTTP/2 connection refused: ${reason}`);
    else this.context.logger.error({ ...fields, error: thrown }, 'HTTP/2 connection failed');
    this.#streams.loseAll(reason);
    this.#goAway(code, this.#streams.lastDispatchedId, reason);
    this.#end();
  }

  #goAway(code: number, lastStreamId: number, reason: string): void {
    const text = Buffer.from(reason);
    const payload = Buffer.alloc(8 + text.length);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    text.copy(payload, 8);
    this.sender.writer.frame(FrameType.GOAWAY, 0, 0, payload);
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#endingSinceMs = this.context.ticker.nowMs;
    this.sender.writer.flush();
    this.connection.end();
  }

  #flush(): void {
    const writer = this.sender.writer;
    writer.flush();
    if (writer.writable) return;
    // Requests and PINGs that are answered faster than the client reads would grow the queue.
    if (!this.#paused && !this.#ending) {
      this.#paused = true;
      this.connection.pause();
    }
  }
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

function sizeError(frame: string, bytes: number): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${bytes} bytes.`);
}

/** Serves HTTP/2 on a connection; the client's preface is the beginning of the first `data`. */
export function createHttp2Connection(connection: Connection, context: HttpContext): Receiver {
  return new Http2Connection(connection, context);
}
