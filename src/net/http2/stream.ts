import type { Meter } from '../../hub/diagnostics.ts';
import { HeaderList } from '../../hub/header-list.ts';
import type { Abortable, BodyWriter, Peer } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { RoutableExchange } from '../http/context.ts';
import type { HeaderField } from './header-field.ts';
import { HeaderFields } from './header-fields.ts';
import { IncomingBody } from './incoming-body.ts';
import type { RequestHead } from './request-head.ts';
import { ResponseWriter } from './response-writer.ts';
import type { SendQueue } from './send-queue.ts';
import type { Outgoing, Sender } from './sender.ts';

/** What a stream asks of its connection. */
export interface StreamOwner {
  readonly peer: Peer;
  readonly meter: Meter;
  readonly sender: Sender;
  readonly sendWindowBytes: number;
  readonly receiveWindowBytes: number;
  readonly responseBytes: number;
  /** The most that any request's body may have when it is read as a whole. */
  readonly maxBodyBytes: number;
  /** Something was written outside of a read: it goes out at the turn's end. */
  touched(): void;
  /** END_STREAM is sent. */
  sent(stream: Stream): void;
  /** Bytes of its body were read or dropped. */
  consumed(stream: Stream, bytes: number): void;
  /** Gives the stream up with RST_STREAM. */
  abandon(stream: Stream, code: number): void;
  nowMs(): number;
}

const NO_BODY = Buffer.alloc(0);
const NO_PARAMETERS = Object.freeze({});
const CONTINUE = new HeaderList([':status', '100']);

/**
 * One request and its response (RFC 9113 section 8.1). Its states are those of section 5.1: open;
 * half-closed (remote) when `remoteClosed`; half-closed (local) when `localClosed`; closed when both
 * or when `gone`.
 */
export class Stream implements RoutableExchange, Outgoing {
  readonly id: number;
  readonly owner: StreamOwner;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Metadata;
  readonly authority: string;
  readonly contentLength: number | undefined;
  parameters: Readonly<Record<string, string | undefined>>;
  meter: Meter;
  extraHeaders: HeaderList | undefined;
  trailers: Metadata | undefined;

  remoteClosed: boolean;
  localClosed: boolean;
  gone: boolean;
  sendWindow: number;
  queue: SendQueue | undefined;
  /** Bytes that the client may still send. */
  receiveWindow: number;
  /** Bytes read and not yet given back to its window. */
  unreported: number;
  /** Bytes of the body that have come. */
  received: number;
  /** Bytes of the compressed head, for the figures. */
  headBytes: number;
  /** When the body was last waited for or grew. */
  waitingSinceMs: number;
  /** When the client last took something of the response, or nothing waited for it. */
  takenMs: number;
  incoming: IncomingBody | undefined;

  #expectContinue: boolean;
  #answered: boolean;
  #writer: ResponseWriter | undefined;
  #abortable: Abortable | undefined;

  constructor(
    id: number,
    owner: StreamOwner,
    head: RequestHead,
    fields: readonly HeaderField[],
    endStream: boolean,
  ) {
    this.id = id;
    this.owner = owner;
    this.method = head.method;
    const mark = head.path.indexOf('?');
    this.path = mark < 0 ? head.path : head.path.slice(0, mark);
    this.query = mark < 0 ? '' : head.path.slice(mark + 1);
    this.headers = new HeaderFields(fields);
    this.authority = head.authority;
    this.contentLength = endStream ? 0 : head.contentLength;
    this.parameters = NO_PARAMETERS;
    this.meter = owner.meter;
    this.extraHeaders = undefined;
    this.trailers = undefined;
    this.remoteClosed = endStream;
    this.localClosed = false;
    this.gone = false;
    this.sendWindow = owner.sendWindowBytes;
    this.queue = undefined;
    this.receiveWindow = owner.receiveWindowBytes;
    this.unreported = 0;
    this.received = 0;
    this.headBytes = 0;
    this.waitingSinceMs = 0;
    this.takenMs = owner.nowMs();
    this.incoming = endStream ? undefined : new IncomingBody(this);
    this.#expectContinue = head.expectContinue && !endStream;
    this.#answered = false;
    this.#writer = undefined;
    this.#abortable = undefined;
  }

  get httpVersion(): '2' {
    return '2';
  }

  get peer(): Peer {
    return this.owner.peer;
  }

  get finished(): boolean {
    return this.gone || this.localClosed || (this.#answered && this.#writer === undefined);
  }

  get abortable(): Abortable | undefined {
    return this.#abortable;
  }

  set abortable(abortable: Abortable | undefined) {
    this.#abortable = abortable;
    if (this.gone && !this.localClosed) abortable?.abort();
  }

  /** Whether the response has begun. */
  get answered(): boolean {
    return this.#answered;
  }

  bytes(maxBytes: number): MaybePromise<Buffer> {
    if (this.incoming === undefined) return NO_BODY;
    return this.incoming.whole(Math.min(maxBytes, this.owner.maxBodyBytes), this.contentLength);
  }

  body(): AsyncIterable<Buffer> {
    if (this.incoming !== undefined) return this.incoming;
    const none = new IncomingBody(this);
    none.end();
    return none;
  }

  respond(status: number, headers: HeaderList, body?: string | Uint8Array): void {
    if (!this.#begins(status)) return;
    const bodiless = this.#bodiless(status);
    if (bodiless && this.method !== 'HEAD' && (body?.length ?? 0) > 0) {
      throw new TypeError(`a response with status ${status} has no body`);
    }
    this.#answered = true;
    const bytes =
      body === undefined ? NO_BODY : typeof body === 'string' ? Buffer.from(body) : body;
    const empty = bytes.length === 0 || bodiless;
    const sender = this.owner.sender;
    this.meter.bytesOut += bodiless ? 0 : bytes.length;
    this.meter.bytesOut += sender.head({
      streamId: this.id,
      status,
      headers,
      extra: this.extraHeaders,
      contentLength: status === 204 || status === 304 ? -1 : bytes.length,
      endStream: empty,
    });
    if (empty) this.sent();
    else sender.data(this, bytes, true);
    this.owner.touched();
  }

  open(status: number, headers: HeaderList): BodyWriter {
    const bodiless = this.#bodiless(status);
    const writer = new ResponseWriter(this, this.owner.responseBytes, bodiless);
    if (!this.#begins(status)) return writer;
    this.#answered = true;
    this.#writer = writer;
    this.meter.bytesOut += this.owner.sender.head({
      streamId: this.id,
      status,
      headers,
      extra: this.extraHeaders,
      contentLength: -1,
      endStream: bodiless,
    });
    if (bodiless) this.sent();
    this.owner.touched();
    return writer;
  }

  /** Whether a response may begin: nobody hears one when the client is gone.
   * @throws Error where it has begun before */
  #begins(status: number): boolean {
    if (!(status >= 200 && status <= 999)) {
      throw new TypeError(`${status} is no status of a final response`);
    }
    if (this.gone) return false;
    if (!this.#answered) return true;
    throw new Error('This exchange is answered already.');
  }

  #bodiless(status: number): boolean {
    return status === 204 || status === 304 || this.method === 'HEAD';
  }

  sent(): void {
    this.localClosed = true;
    this.owner.sent(this);
  }

  /** Something waits for the client to widen the stream's window. */
  get stalled(): boolean {
    return this.sendWindow <= 0 && (this.queue?.bytes ?? 0) > 0;
  }

  progressed(): void {
    this.takenMs = this.owner.nowMs();
    this.#writer?.wake();
  }

  consumed(bytes: number): void {
    if (bytes > 0) this.owner.consumed(this, bytes);
  }

  awaited(): void {
    this.waitingSinceMs = this.owner.nowMs();
    if (!this.#expectContinue || this.#answered || this.gone) return;
    this.#expectContinue = false;
    this.owner.sender.fields(this.id, CONTINUE, false);
    this.owner.touched();
  }

  /** The stream is reset or the connection is lost: whoever works for it is told. */
  lose(reason: string): void {
    if (this.gone) return;
    this.gone = true;
    this.owner.sender.forget(this);
    this.incoming?.fail(new Fault('CANCELLED', reason));
    this.#writer?.wake();
    if (!this.localClosed) this.#abortable?.abort();
  }
}
