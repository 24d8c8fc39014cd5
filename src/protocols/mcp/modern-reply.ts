import { headerList, JSON_HEADERS } from '../../hub/header-list.ts';
import type { Abortable, BodyWriter, Exchange } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import type { TraceContext } from '../../model/trace.ts';
import { dataText, EVENT_STREAM_TYPE, HEARTBEAT_TEXT } from '../../wire/event-stream.ts';
import { CallHeaders, deadlineOf, traceOf } from '../../wire/http-call.ts';
import type { Heartbeats } from '../../wire/stream-response.ts';
import type { Listening, ListeningSink } from './listening.ts';
import type { Requester } from './request.ts';

export const STREAM_HEADERS = headerList(
  'content-type',
  EVENT_STREAM_TYPE,
  'cache-control',
  'no-store',
  'x-accel-buffering',
  'no',
);

/**
 * The response to a request without a session: JSON, or an event stream as soon as something is
 * said before the answer. A client that leaves cancels its request.
 */
export class ModernReply implements Requester, Abortable, ListeningSink {
  readonly modern = true;
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  readonly #exchange: Exchange;
  readonly #streams: boolean;
  readonly #heartbeats: Heartbeats;
  #writer: BodyWriter | undefined;
  #call: Call | undefined;
  #listening: Listening | undefined;

  /**
   * @param streams whether the client takes event streams
   * @throws Fault INVALID_ARGUMENT for a bad X-Timeout-Ms
   */
  constructor(exchange: Exchange, principal: Principal, streams: boolean, heartbeats: Heartbeats) {
    const { headers } = exchange;
    this.principal = principal;
    this.metadata = new CallHeaders(headers);
    this.deadlineMs = deadlineOf(headers);
    this.trace = traceOf(headers);
    this.#exchange = exchange;
    this.#streams = streams;
    this.#heartbeats = heartbeats;
  }

  notify(text: string): boolean {
    return this.#streams ? this.send(text) : true;
  }

  send(text: string): boolean {
    if (this.#writer === undefined) {
      if (this.#exchange.finished) return true;
      this.#writer = this.#exchange.open(200, STREAM_HEADERS);
      this.#heartbeats.add(this.#writer, HEARTBEAT_TEXT);
    }
    return this.#writer.write(dataText(text));
  }

  drained(): Promise<void> {
    return this.#writer?.drained() ?? Promise.resolve();
  }

  began(call: Call): void {
    this.#call = call;
    this.#exchange.abortable = this;
  }

  settled(): void {
    this.#call = undefined;
  }

  listen(listening: Listening): void {
    this.#listening = listening;
    this.#exchange.abortable = this;
  }

  abort(): void {
    if (this.#writer !== undefined) this.#heartbeats.remove(this.#writer);
    this.#call?.abort();
    this.#listening?.close();
  }

  /** The response; nothing where the client has left. */
  end(text: string, status = 200): void {
    if (this.#writer !== undefined) {
      this.#heartbeats.remove(this.#writer);
      if (this.#writer.closed) return;
      this.#writer.write(dataText(text));
      this.#writer.end();
    } else if (!this.#exchange.finished) {
      this.#exchange.respond(status, JSON_HEADERS, text);
    }
  }
}
