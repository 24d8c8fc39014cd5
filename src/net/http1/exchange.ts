import type { Meter } from '../../hub/diagnostics.ts';
import type { HeaderList } from '../../hub/header-list.ts';
import type { Abortable, BodyWriter, Connection, Peer, Receiver } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { RoutableExchange } from '../http/context.ts';
import { type BodyFlow, bodyTooLarge, RequestBody } from '../http/request-body.ts';
import { Http1BodyWriter } from './body-writer.ts';
import type { TextFields } from './fields.ts';
import type { Head } from './head.ts';
import { dateLine, headerLines, statusLine } from './response-head.ts';

/** What an exchange asks of the connection that carries it. */
export interface ExchangeCarrier extends BodyFlow {
  readonly peer: Peer;
  /** Bytes that wait for the client. */
  readonly queuedBytes: number;
  readonly maxQueuedBytes: number;
  /** The most that any request's body may have when it is read as a whole. */
  readonly maxBodyBytes: number;
  /** Writes now, or when the responses before this one are out. */
  write(exchange: Http1Exchange, chunk: string | Uint8Array): boolean;
  /** Whether the connection closes behind this response. */
  closesAfter(exchange: Http1Exchange): boolean;
  /** The response is complete. */
  done(exchange: Http1Exchange): void;
  /** Cuts the connection. */
  abort(): void;
  upgraded(
    exchange: Http1Exchange,
    head: string,
    accept: (connection: Connection) => Receiver,
  ): void;
}

const NO_PARAMETERS = Object.freeze({});

const UNANSWERED = 0;
const OPEN = 1;
const FINISHED = 2;

/** One request of an HTTP/1.1 connection and its response. */
export class Http1Exchange implements RoutableExchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: TextFields;
  readonly authority: string;
  readonly httpVersion: '1.0' | '1.1';
  readonly contentLength: number | undefined;
  parameters: Readonly<Record<string, string | undefined>> = NO_PARAMETERS;
  meter: Meter;
  extraHeaders: HeaderList | undefined;

  readonly head: Head;
  readonly #carrier: ExchangeCarrier;
  #state = UNANSWERED;
  #lost = false;
  #abortable: Abortable | undefined;
  /** The body that came with the head: a view until `keepBody`. */
  #view: Buffer | undefined;
  requestBody: RequestBody | undefined;
  /** Output that waits for earlier responses; used by the connection. */
  held: (string | Uint8Array)[] | undefined;
  heldBytes = 0;
  /** The connection closes behind this response. */
  mustClose = false;
  writer: Http1BodyWriter | undefined;

  constructor(carrier: ExchangeCarrier, head: Head, body: Buffer | undefined, meter: Meter) {
    this.method = head.method;
    this.path = head.path;
    this.query = head.query;
    this.headers = head.fields;
    this.authority = head.authority;
    this.httpVersion = head.minor === 1 ? '1.1' : '1.0';
    this.contentLength = head.bodyLength === -1 ? undefined : head.bodyLength;
    this.meter = meter;
    this.extraHeaders = undefined;
    this.head = head;
    this.#carrier = carrier;
    this.#abortable = undefined;
    this.#view = body;
    this.requestBody = body === undefined ? new RequestBody(carrier) : undefined;
    this.held = undefined;
    this.writer = undefined;
  }

  get peer(): Peer {
    return this.#carrier.peer;
  }

  get finished(): boolean {
    return this.#state === FINISHED;
  }

  get answered(): boolean {
    return this.#state !== UNANSWERED;
  }

  get trailers(): Metadata | undefined {
    return this.requestBody?.trailers;
  }

  get abortable(): Abortable | undefined {
    return this.#abortable;
  }

  set abortable(abortable: Abortable | undefined) {
    this.#abortable = abortable;
    if (this.#state === FINISHED) abortable?.abort();
  }

  bytes(maxBytes: number): MaybePromise<Buffer> {
    const most = Math.min(maxBytes, this.#carrier.maxBodyBytes);
    const length = this.contentLength;
    if (length !== undefined && length > most) return Promise.reject(bodyTooLarge(most));
    return this.#view ?? this.requestBody!.bytes(most);
  }

  body(): AsyncIterable<Buffer> {
    if (this.requestBody !== undefined) return this.requestBody.stream();
    const body = new RequestBody(this.#carrier);
    if (this.#view!.length > 0) body.push(Buffer.from(this.#view!));
    body.end(undefined);
    return body.stream();
  }

  /** The bytes behind the view are about to change: whoever reads the body later gets a copy. */
  keepBody(): void {
    if (this.#view !== undefined && this.#view.length > 0) this.#view = Buffer.from(this.#view);
  }

  respond(status: number, headers: HeaderList, body?: string | Uint8Array): void {
    if (!this.#begin(status)) return;
    const noBody = status === 204 || status === 304;
    if (noBody && body !== undefined && body.length > 0) {
      throw new TypeError(`a response with status ${status} has no body`);
    }
    this.#state = FINISHED;
    const length =
      body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    let text = this.#headText(status, headers);
    text += noBody ? '\r\n' : `content-length: ${length}\r\n\r\n`;
    this.meter.bytesOut += text.length;
    if (length > 0 && this.method !== 'HEAD') {
      this.meter.bytesOut += length;
      if (typeof body === 'string') this.#carrier.write(this, text + body);
      else {
        this.#carrier.write(this, text);
        this.#carrier.write(this, body!);
      }
    } else this.#carrier.write(this, text);
    this.#carrier.done(this);
  }

  open(status: number, headers: HeaderList): BodyWriter {
    if (!this.#begin(status)) return new Http1BodyWriter(this, false, true);
    this.#state = OPEN;
    const noBody = status === 204 || status === 304 || this.method === 'HEAD';
    const chunked = this.head.minor === 1;
    // Without chunks (HTTP/1.0) the body ends where the connection does.
    if (!chunked) this.mustClose = true;
    let text = this.#headText(status, headers);
    text +=
      chunked && !(status === 204 || status === 304)
        ? 'transfer-encoding: chunked\r\n\r\n'
        : '\r\n';
    this.meter.bytesOut += text.length;
    this.#carrier.write(this, text);
    const writer = new Http1BodyWriter(this, chunked, noBody);
    this.writer = writer;
    return writer;
  }

  upgrade(headers: HeaderList, accept: (connection: Connection) => Receiver): void {
    if (!this.head.upgrade || this.head.bodyLength !== 0) {
      throw new Fault('INVALID_ARGUMENT', 'The request does not ask for an upgrade.');
    }
    if (!this.#begin(200)) return;
    this.#state = FINISHED;
    let text = statusLine(101) + headerLines(headers);
    const protocol = upgradeProtocol(headers);
    text += `connection: upgrade\r\nupgrade: ${protocol}\r\n${dateLine()}\r\n`;
    this.#carrier.upgraded(this, text, accept);
  }

  /** For the body's writer. */
  write(chunk: string | Uint8Array, byteCount: number): boolean {
    this.meter.bytesOut += byteCount;
    return this.#carrier.write(this, chunk);
  }

  get backlogged(): boolean {
    return this.#carrier.queuedBytes + this.heldBytes >= this.#carrier.maxQueuedBytes;
  }

  /** For the body's writer: the response is complete. */
  finish(): void {
    if (this.#state === FINISHED) return;
    this.#state = FINISHED;
    this.#carrier.done(this);
  }

  /** For the body's writer: the response cannot be completed. */
  cut(): void {
    if (this.#state !== FINISHED) this.#carrier.abort();
  }

  /** The client is gone, or its request turned out to be malformed behind the head. */
  lost(fault: Fault): void {
    this.requestBody?.fail(fault);
    if (this.#state === FINISHED) return;
    this.#lost = true;
    this.#state = FINISHED;
    this.#abortable?.abort();
    this.writer?.lost();
  }

  #begin(status: number): boolean {
    if (status < 200) throw new TypeError(`${status} is no status of a final response`);
    // Gone before the answer: nobody hears it.
    if (this.#lost) return false;
    if (this.#state === UNANSWERED) return true;
    throw new Error('This exchange is answered already.');
  }

  #headText(status: number, headers: HeaderList): string {
    let text = statusLine(status) + headerLines(headers);
    if (this.extraHeaders !== undefined) text += headerLines(this.extraHeaders);
    text += dateLine();
    // RFC 9110 section 15.5.22: the answer names what is required.
    if (status === 426) text += `upgrade: ${upgradeProtocol(headers)}\r\nconnection: upgrade\r\n`;
    if (this.mustClose || this.#carrier.closesAfter(this)) {
      this.mustClose = true;
      text += 'connection: close\r\n';
    } else if (this.head.minor === 0) text += 'connection: keep-alive\r\n';
    return text;
  }
}

function upgradeProtocol(headers: HeaderList): string {
  const at = headers.flat.indexOf('upgrade');
  return at < 0 ? 'websocket' : headers.flat[at + 1]!;
}
