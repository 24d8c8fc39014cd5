import { type HeaderList, headerList, JSON_HEADERS } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import type { TraceContext } from '../../model/trace.ts';
import { HEARTBEAT_TEXT } from '../../wire/event-stream.ts';
import { CallHeaders, deadlineOf, traceOf } from '../../wire/http-call.ts';
import type { Heartbeats } from '../../wire/stream-response.ts';
import type { EventLog } from './event-log.ts';
import { SESSION_HEADER } from './headers.ts';
import { STREAM_HEADERS } from './modern-reply.ts';
import type { Requester } from './request.ts';
import type { Session } from './session.ts';

/** Sends a session's stream to a client until either ends. */
export function attachLog(
  exchange: Exchange,
  log: EventLog,
  heartbeats: Heartbeats,
  after?: number,
): void {
  const writer = exchange.open(200, STREAM_HEADERS);
  heartbeats.add(writer, HEARTBEAT_TEXT);
  exchange.abortable = {
    abort: () => {
      heartbeats.remove(writer);
      log.detach(writer);
    },
  };
  // One client at a time: whoever comes back takes the place of the connection that broke.
  log.attach(writer, after)?.end();
}

/**
 * The response to a request of a session: JSON when the answer is there at once, else an event
 * stream that the client may resume. A client that leaves does not cancel its request: it says so.
 */
export class SessionReply implements Requester {
  readonly modern = false;
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  readonly #exchange: Exchange;
  readonly #session: Session;
  readonly #id: string;
  #log: EventLog | undefined;
  #cancelled = false;

  /**
   * @param id of the request, JSON text
   * @throws Fault INVALID_ARGUMENT for a bad X-Timeout-Ms
   */
  constructor(exchange: Exchange, principal: Principal, session: Session, id: string) {
    const { headers } = exchange;
    this.principal = principal;
    this.metadata = new CallHeaders(headers);
    this.deadlineMs = deadlineOf(headers);
    this.trace = traceOf(headers);
    this.#exchange = exchange;
    this.#session = session;
    this.#id = id;
  }

  /** Answers with an event stream from now on. */
  openStream(heartbeats: Heartbeats): void {
    if (this.#exchange.finished) return;
    this.#log = this.#session.openLog();
    attachLog(this.#exchange, this.#log, heartbeats);
  }

  notify(text: string): boolean {
    if (this.#log === undefined) return true;
    const room = this.#log.send(text);
    this.#session.trim();
    return room;
  }

  drained(): Promise<void> {
    return this.#log?.drained() ?? Promise.resolve();
  }

  began(call: Call): void {
    this.#session.conversation.began(this.#id, call);
  }

  settled(call: Call): void {
    this.#session.conversation.settled(this.#id, call);
    this.#cancelled ||= call.aborted?.code === 'CANCELLED';
  }

  end(text: string, status: number, headers: HeaderList = JSON_HEADERS): void {
    if (this.#log !== undefined) {
      // Whoever cancelled a request gets no answer to it (2025-11-25, "Cancellation").
      if (!this.#cancelled) this.#log.send(text);
      this.#log.end();
      this.#session.trim();
    } else if (!this.#exchange.finished) this.#exchange.respond(status, headers, text);
  }
}

export function sessionHeaders(session: Session): HeaderList {
  return headerList('content-type', 'application/json', SESSION_HEADER, session.id);
}
