import { JSON_HEADERS, NO_HEADERS } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import { LOCAL, type Principal } from '../../model/principal.ts';
import { HeaderMemory, preferredType } from '../../wire/content-negotiation.ts';
import { EVENT_STREAM_TYPE } from '../../wire/event-stream.ts';
import { principalOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import { Heartbeats } from '../../wire/stream-response.ts';
import { parseEventId } from './event-log.ts';
import { badRequest, ProtocolFault } from './faults.ts';
import {
  checkModernHeaders,
  checkModernMeta,
  isModern,
  SESSION_HEADER,
  unsupported,
  VERSION_HEADER,
} from './headers.ts';
import { Listening } from './listening.ts';
import {
  errorText,
  type Incoming,
  parseMessage,
  requestIdText,
  UnreadRequest,
} from './messages.ts';
import { ModernReply, STREAM_HEADERS } from './modern-reply.ts';
import { SESSION_VERSIONS } from './names.ts';
import { parametersOf, textParameter } from './request.ts';
import { EMPTY, type Result } from './results.ts';
import { type McpService, requireCaller } from './service.ts';
import type { Session } from './session.ts';
import { attachLog, SessionReply, sessionHeaders } from './session-reply.ts';
import { SessionStore } from './session-store.ts';

type Request = Incoming & { readonly kind: 'request' };

const jsonAccepted = new HeaderMemory(
  (header) => preferredType(header, ['application/json']) ?? '',
);
const streamAccepted = new HeaderMemory(
  (header) => preferredType(header, [EVENT_STREAM_TYPE]) ?? '',
);

/** Streamable HTTP, of the revision without sessions and of those with them, on one path. */
export class HttpEndpoint {
  readonly #service: McpService;
  readonly #heartbeats: Heartbeats;
  readonly #sessions: SessionStore;
  #watchesHub = false;

  constructor(service: McpService) {
    this.#service = service;
    this.#heartbeats = new Heartbeats(service.options.heartbeatMs);
    this.#sessions = new SessionStore(service);
  }

  close(): void {
    this.#sessions.close();
    this.#heartbeats.close();
  }

  /** @throws (or rejects with) Fault, which becomes a problem document */
  async post(exchange: Exchange, body: Buffer): Promise<void> {
    let modern = false;
    let id: string | undefined;
    try {
      // At once: the bytes are gone after this turn of the event loop.
      const message = parseMessage(body, this.#service.options.maxDepth);
      checkAccept(exchange);
      const principal = await this.#principal(exchange);
      id = message.kind === 'request' ? message.id : undefined;
      modern = message.kind !== 'response' && isModern(exchange.headers, message.params);
      if (message.kind === 'request' && message.method === 'initialize' && !modern) {
        return this.#initialize(exchange, message, principal);
      }
      return await (modern
        ? this.#modern(exchange, message, principal)
        : this.#inSession(exchange, message, principal));
    } catch (error) {
      const fault = Fault.from(error);
      this.#service.refused(fault);
      // Credentials are a matter of HTTP, and what HTTP has words for is said by it.
      if (fault instanceof HttpFault || fault.code === 'UNAUTHENTICATED') throw fault;
      if (exchange.finished) return;
      const known = fault instanceof UnreadRequest ? fault.id : id;
      const status = fault instanceof ProtocolFault ? fault.status : 400;
      exchange.respond(status, JSON_HEADERS, errorText(known, fault, modern));
    }
  }

  /** Opens the stream of what belongs to no request, or resumes one. */
  async get(exchange: Exchange): Promise<void> {
    const session = await this.#requireSession(exchange);
    if (streamAccepted.get(exchange.headers.get('accept') ?? '*/*') === '') {
      throw new HttpFault(
        406,
        'INVALID_ARGUMENT',
        'This is text/event-stream, which the Accept header does not take.',
      );
    }
    if (exchange.method === 'HEAD') {
      exchange.respond(200, STREAM_HEADERS);
      return;
    }
    const last = exchange.headers.get('last-event-id');
    if (last === undefined || last === '') {
      this.#watchHub();
      attachLog(exchange, session.standalone, this.#heartbeats);
    } else {
      const place = parseEventId(last);
      const log = place === undefined ? undefined : session.log(place.log);
      if (place === undefined || log === undefined || !log.reaches(place.after)) {
        throw new HttpFault(
          400,
          'OUT_OF_RANGE',
          'What followed the last event is not held any more: begin without Last-Event-ID.',
        );
      }
      attachLog(exchange, log, this.#heartbeats, place.after);
    }
    session.conversation.flush();
  }

  /** Ends a session. */
  async delete(exchange: Exchange): Promise<void> {
    this.#sessions.end(await this.#requireSession(exchange));
    exchange.respond(204, NO_HEADERS);
  }

  async #principal(exchange: Exchange): Promise<Principal> {
    const principal = await principalOf(this.#service.hub, exchange);
    requireCaller(this.#service.hub, { principal });
    return principal;
  }

  async #modern(exchange: Exchange, message: Incoming, principal: Principal): Promise<void> {
    if (message.kind !== 'request') {
      exchange.respond(202, NO_HEADERS);
      return;
    }
    const { id, method } = message;
    const parameters = parametersOf(message.params);
    checkModernHeaders(exchange.headers, method, parameters);
    checkModernMeta(parameters);
    const streams = streamAccepted.get(exchange.headers.get('accept') ?? '*/*') !== '';
    const reply = new ModernReply(exchange, principal, streams, this.#heartbeats);
    if (method === 'subscriptions/listen') {
      if (!streams) throw notAccepted(EVENT_STREAM_TYPE);
      const listening = new Listening(this.#service, id, reply);
      reply.listen(listening);
      await listening.begin(parameters, reply);
      return;
    }
    let text: string;
    let status = 200;
    try {
      const answer = this.#service.answer(method, parameters, reply);
      text = this.#service.resultText(id, isPromise(answer) ? await answer : answer, true);
    } catch (error) {
      const fault = Fault.from(error);
      if (fault instanceof ProtocolFault) status = fault.status;
      this.#service.refused(fault);
      text = errorText(id, fault, true);
    }
    reply.end(text, status);
  }

  #initialize(exchange: Exchange, message: Request, principal: Principal): void {
    const session = this.#sessions.create(principal);
    try {
      const reply = new SessionReply(exchange, principal, session, message.id);
      const answer = this.#service.answer('initialize', parametersOf(message.params), reply);
      const text = this.#service.resultText(message.id, answer as Result, false);
      reply.end(text, 200, sessionHeaders(session));
    } catch (error) {
      this.#sessions.end(session);
      throw error;
    }
  }

  async #inSession(exchange: Exchange, message: Incoming, principal: Principal): Promise<void> {
    const session = this.#session(exchange, principal);
    const { conversation } = session;
    if (message.kind !== 'request') {
      if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
        conversation.cancel(requestIdText(parametersOf(message.params).members.requestId));
      }
      exchange.respond(202, NO_HEADERS);
      return;
    }
    const { maxInFlight } = this.#service.options;
    if (conversation.running >= maxInFlight) {
      throw new Fault('RESOURCE_EXHAUSTED', `${maxInFlight} requests of this session run already.`);
    }
    const reply = new SessionReply(exchange, principal, session, message.id);
    let text: string;
    try {
      const answer = this.#answerInSession(message, session, reply);
      if (isPromise(answer) && streamAccepted.get(exchange.headers.get('accept') ?? '*/*') !== '') {
        reply.openStream(this.#heartbeats);
      }
      text = this.#service.resultText(message.id, isPromise(answer) ? await answer : answer, false);
    } catch (error) {
      const fault = Fault.from(error);
      this.#service.refused(fault);
      text = errorText(message.id, fault, false);
    }
    session.lastUsedMs = Date.now();
    reply.end(text, 200);
  }

  #answerInSession(
    { method, params }: Request,
    { conversation }: Session,
    reply: SessionReply,
  ): MaybePromise<Result> {
    const parameters = parametersOf(params);
    if (method === 'resources/subscribe') {
      return conversation.subscribe(textParameter(parameters, 'uri'), reply).then(() => EMPTY);
    }
    if (method === 'resources/unsubscribe') {
      conversation.unsubscribe(textParameter(parameters, 'uri'));
      return EMPTY;
    }
    return this.#service.answer(method, parameters, reply);
  }

  async #requireSession(exchange: Exchange): Promise<Session> {
    if (exchange.headers.get(SESSION_HEADER) === undefined) {
      throw new HttpFault(
        405,
        'UNIMPLEMENTED',
        'Without a session there is only POST; GET and DELETE take the header Mcp-Session-Id.',
        ['allow', 'POST'],
      );
    }
    const principal = await this.#principal(exchange);
    try {
      return this.#session(exchange, principal);
    } catch (error) {
      const fault = Fault.from(error);
      throw fault instanceof ProtocolFault
        ? new HttpFault(fault.status, fault.code, fault.message)
        : fault;
    }
  }

  /** @throws ProtocolFault with status 400 or 404 */
  #session({ headers }: Exchange, principal: Principal): Session {
    const version = headers.get(VERSION_HEADER);
    if (version !== undefined && !SESSION_VERSIONS.includes(version)) throw unsupported(version);
    const id = headers.get(SESSION_HEADER);
    if (id === undefined) {
      throw badRequest(
        'The header Mcp-Session-Id is missing; begin with "initialize", or send requests of revision 2026-07-28.',
      );
    }
    const session = this.#sessions.find(id, principal);
    if (session !== undefined) return session;
    throw new ProtocolFault(
      -32600,
      'There is no such session (any more); begin with "initialize".',
      {
        code: 'NOT_FOUND',
        status: 404,
      },
    );
  }

  /** Streams that belong to no request end when the hub stops: it ends its subscriptions then. */
  #watchHub(): void {
    if (this.#watchesHub) return;
    this.#watchesHub = true;
    this.#service.hub.subscribe(
      { filter: 'polywire.mcp.streams', credit: 0 },
      { deliver: () => undefined, closed: () => this.#sessions.endStreams() },
      { principal: LOCAL, meter: this.#service.meter },
    );
  }
}

/** @throws HttpFault 406 where the client takes no JSON */
function checkAccept({ headers }: Exchange): void {
  const accept = headers.get('accept');
  if (accept === undefined || jsonAccepted.get(accept) !== '') return;
  throw notAccepted('application/json');
}

function notAccepted(type: string): HttpFault {
  return new HttpFault(
    406,
    'INVALID_ARGUMENT',
    `The answer is ${type}, which the Accept header does not take; send "application/json, text/event-stream".`,
  );
}
