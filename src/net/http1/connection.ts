import type { Meter } from '../../hub/diagnostics.ts';
import type { Connection, Peer, Receiver } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { HttpContext } from '../http/context.ts';
import { StreamConnection } from '../stream-connection.ts';
import { RequestError } from './errors.ts';
import { type ExchangeCarrier, Http1Exchange } from './exchange.ts';
import { ExchangeQueue } from './exchange-queue.ts';
import type { TextFields } from './fields.ts';
import type { Head } from './head.ts';
import { RequestParser, type RequestSink } from './parser.ts';
import { faultOfRefusal, refusalText } from './refusal.ts';

/** Bytes of a body that wait for a reader before the connection is not read any more. */
const BODY_BACKLOG_BYTES = 65_536;

const CLIENT_LEFT = new Fault('CANCELLED', 'The client left before the exchange was complete.');

/** RFC 9112 section 9.3.2: only safe requests may be worked on side by side. */
function isSafe(head: Head): boolean {
  const method = head.method;
  return (
    head.bodyLength === 0 &&
    !head.upgrade &&
    (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  );
}

/** A connection that speaks HTTP/1.1 (or 1.0), from its first request to its close. */
export class Http1Connection implements Receiver, RequestSink, ExchangeCarrier {
  readonly #connection: Connection;
  readonly #context: HttpContext;
  readonly #parser: RequestParser;
  readonly maxQueuedBytes: number;
  readonly maxBodyBytes: number;
  readonly #exchanges: ExchangeQueue;
  /** Whose body is coming in. */
  #incoming: Http1Exchange | undefined;
  #incomingBytes = 0;
  #continueOwed = false;
  #requests = 0;
  #beganMs: number;
  #progressMs: number;
  #draining: boolean;
  #closing = false;
  #paused = false;
  #gone = false;
  #refusal: RequestError | undefined;
  #upgraded: Receiver | undefined;

  constructor(connection: Connection, context: HttpContext) {
    this.#connection = connection;
    this.#context = context;
    this.#exchanges = new ExchangeQueue(connection);
    this.maxQueuedBytes = context.options.limits.queuedBytes;
    this.maxBodyBytes = context.options.limits.bodyBytes;
    this.#parser = new RequestParser(this, context.options.http);
    this.#incoming = undefined;
    this.#refusal = undefined;
    this.#upgraded = undefined;
    this.#draining = context.draining;
    this.#beganMs = context.ticker.nowMs;
    this.#progressMs = context.ticker.nowMs;
    context.ticker.add(this);
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  // --- What comes from the connection ---

  data(bytes: Buffer): void {
    if (this.#upgraded !== undefined) {
      this.#upgraded.data(bytes);
      return;
    }
    if (this.#closing) return;
    this.#progressMs = this.#context.ticker.nowMs;
    if (!this.#parser.midRequest) this.#beganMs = this.#progressMs;
    try {
      this.#parser.feed(bytes);
    } catch (error) {
      this.#refuse(error);
    }
    this.#regulate();
  }

  ended(): void {
    if (this.#upgraded !== undefined) {
      this.#upgraded.ended();
      return;
    }
    // As most servers do: a client that closes its side does not wait for an answer any more.
    this.#closing = true;
    this.#loseAll();
    this.#connection.end();
  }

  drained(): void {
    if (this.#upgraded !== undefined) this.#upgraded.drained();
    else this.#exchanges.first?.writer?.room();
  }

  closed(): void {
    this.#context.ticker.remove(this);
    this.#gone = true;
    this.#closing = true;
    if (this.#upgraded !== undefined) this.#upgraded.closed();
    else this.#loseAll();
  }

  drain(): void {
    if (this.#upgraded !== undefined) {
      this.#upgraded.drain();
      return;
    }
    this.#draining = true;
    if (this.#exchanges.length === 0 && !this.#parser.midRequest) this.#close();
  }

  tick(nowMs: number): void {
    if (this.#gone || this.#closing) return;
    const http = this.#context.options.http;
    if (this.#parser.midRequest && !this.#paused) {
      const body = this.#incoming?.requestBody;
      const sinceMs = body?.streaming === true ? this.#progressMs : this.#beganMs;
      if (nowMs - sinceMs > (this.#incoming === undefined ? http.headTimeMs : http.requestTimeMs)) {
        this.#refuse(new RequestError(408, 'The request took too long to arrive.'));
        return;
      }
    }
    if (this.#connection.queuedBytes > 0) this.#progressMs = nowMs;
    else if (
      this.#exchanges.length === 0 &&
      this.#incoming === undefined &&
      nowMs - this.#progressMs > http.idleTimeMs
    ) {
      this.#close();
    }
  }

  // --- What comes from the parser ---

  mayBegin(head: Head): boolean {
    const running = this.#exchanges.length;
    if (running === 0) return true;
    return (
      running < this.#context.options.limits.inFlight &&
      isSafe(head) &&
      isSafe(this.#exchanges.last!.head)
    );
  }

  request(head: Head, body: Buffer | undefined): 'continue' | 'hold' | 'stop' {
    const exchange = new Http1Exchange(this, head, body, this.#context.meter);
    this.#exchanges.push(exchange);
    this.#requests++;
    if (body === undefined) {
      this.#incoming = exchange;
      this.#incomingBytes = 0;
      this.#continueOwed = head.expectContinue;
    }
    this.#context.dispatch(exchange);
    exchange.meter.bytesIn += head.byteLength + (body?.length ?? 0);
    if (exchange.finished) {
      if (this.#upgraded !== undefined || this.#closing) return 'stop';
    } else {
      exchange.keepBody();
      if (head.upgrade && body !== undefined) return 'hold';
    }
    this.#beganMs = this.#context.ticker.nowMs;
    return 'continue';
  }

  bodyPiece(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#incoming!;
    exchange.meter.bytesIn += end - start;
    this.#incomingBytes += end - start;
    this.#continueOwed = false;
    if (exchange.finished) {
      if (this.#incomingBytes > this.#context.options.http.discardBytes) {
        exchange.mustClose = true;
        this.#parser.stop();
        this.#close();
      }
      return;
    }
    exchange.requestBody!.push(Buffer.from(bytes.subarray(start, end)));
  }

  bodyEnd(trailers: TextFields | undefined): void {
    const exchange = this.#incoming!;
    this.#incoming = undefined;
    this.#continueOwed = false;
    this.#beganMs = this.#context.ticker.nowMs;
    exchange.requestBody!.end(trailers);
    if (exchange.finished && exchange.mustClose) this.#close();
  }

  // --- What comes from exchanges ---

  bodyWanted(): void {
    if (!this.#continueOwed) return;
    this.#continueOwed = false;
    this.#connection.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  bodyTaken(_byteCount: number): void {
    if (this.#paused) this.#regulate();
  }

  write(exchange: Http1Exchange, chunk: string | Uint8Array): boolean {
    return this.#exchanges.write(exchange, chunk);
  }

  closesAfter(exchange: Http1Exchange): boolean {
    if (!exchange.head.keepAlive) return true;
    if (this.#draining && this.#refusal === undefined) return true;
    const http = this.#context.options.http;
    if (http.requestsPerConnection > 0 && this.#requests >= http.requestsPerConnection) return true;
    if (this.#incoming !== exchange) return false;
    // A client that was not told to continue may send the body, or not: the next request's place
    // would be a guess. Nor is a body read to its end that is too large to throw away.
    if (this.#continueOwed) return true;
    const length = exchange.contentLength;
    return length !== undefined && length - this.#incomingBytes > http.discardBytes;
  }

  done(exchange: Http1Exchange): void {
    if (exchange === this.#incoming) {
      exchange.requestBody!.discard();
      this.#incomingBytes = 0;
    }
    if (exchange !== this.#exchanges.first) return;
    if (this.#exchanges.finish()) {
      this.#close();
      return;
    }
    this.#progressMs = this.#context.ticker.nowMs;
    if (this.#closing || this.#upgraded !== undefined) return;
    if (this.#exchanges.length === 0) {
      if (this.#refusal !== undefined) this.#writeRefusal();
      else if (this.#draining && !this.#parser.midRequest) this.#close();
    }
    if (this.#parser.held) {
      try {
        this.#parser.release();
      } catch (error) {
        this.#refuse(error);
      }
    }
    if (this.#paused) this.#regulate();
  }

  abort(): void {
    this.#closing = true;
    this.#connection.destroy();
  }

  upgraded(
    exchange: Http1Exchange,
    head: string,
    accept: (connection: Connection) => Receiver,
  ): void {
    this.#parser.stop();
    this.#context.ticker.remove(this);
    this.#exchanges.clear();
    if (this.#connection instanceof StreamConnection) {
      this.#connection.countFor(exchange.meter, true);
    }
    this.#connection.write(head);
    let receiver: Receiver;
    try {
      receiver = accept(this.#connection);
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#upgraded = receiver;
    if (this.#draining) receiver.drain();
    // In its own turn, when the parser has let go of the bytes behind the head.
    queueMicrotask(() => this.#deliverRest(receiver, exchange.meter));
  }

  #deliverRest(receiver: Receiver, meter: Meter): void {
    const rest = this.#parser.takeRest();
    if (this.#gone) return;
    try {
      if (rest !== undefined) {
        meter.bytesIn += rest.length;
        receiver.data(rest);
      }
    } catch (error) {
      this.#context.logger.error({ err: error }, 'A connection failed behind its upgrade');
      this.#connection.destroy();
      return;
    }
    if (this.#paused) {
      this.#paused = false;
      this.#connection.resume();
    }
  }

  // --- Own work ---

  /** Reads on, or stops reading while requests or body pieces wait. */
  #regulate(): void {
    if (this.#closing || this.#upgraded !== undefined) return;
    const body = this.#incoming?.requestBody;
    const full =
      this.#parser.held ||
      this.#connection.queuedBytes > this.maxQueuedBytes ||
      (body !== undefined && !body.collecting && body.queuedBytes >= BODY_BACKLOG_BYTES);
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#connection.pause();
    else {
      this.#progressMs = this.#context.ticker.nowMs;
      this.#connection.resume();
    }
  }

  /** Answers what cannot be parsed (or does not arrive) and closes. */
  #refuse(error: unknown): void {
    const refusal =
      error instanceof RequestError ? error : new RequestError(500, 'The server failed.');
    if (!(error instanceof RequestError)) {
      this.#context.logger.error({ err: error }, 'An HTTP/1.1 connection failed');
    }
    this.#parser.stop();
    this.#context.meter.refused++;
    const incoming = this.#incoming;
    this.#incoming = undefined;
    this.#refusal = refusal;
    if (incoming !== undefined) {
      // Its handler answers, with the status of the mistake; the connection closes behind it.
      incoming.mustClose = true;
      incoming.requestBody!.fail(faultOfRefusal(refusal));
      if (incoming.finished) this.#close();
    } else if (this.#exchanges.length === 0) this.#writeRefusal();
  }

  #writeRefusal(): void {
    const text = refusalText(this.#refusal!);
    this.#context.meter.bytesOut += text.length;
    this.#connection.write(text);
    this.#close();
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#parser.stop();
    if (this.#paused) this.#connection.resume();
    this.#loseAll();
    this.#connection.end();
  }

  #loseAll(): void {
    this.#incoming?.requestBody?.fail(CLIENT_LEFT);
    this.#incoming = undefined;
    for (const exchange of this.#exchanges.clear()) exchange.lost(CLIENT_LEFT);
  }
}
