import { randomUUID } from 'node:crypto';
import { parseJson } from '../../formats/json.ts';
import { headerList } from '../../hub/header-list.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import { HEARTBEAT_TEXT } from '../../wire/event-stream.ts';
import { CallHeaders, deadlineOf, principalOf, traceOf } from '../../wire/http-call.ts';
import { HttpFault } from '../../wire/problem.ts';
import type { Heartbeats } from '../../wire/stream-response.ts';
import { EVENT_STREAM_HEADERS } from './events.ts';
import { httpError, RequestError } from './execute/errors.ts';
import type { Caller } from './execute/run.ts';
import { type GraphqlRequest, requestOf } from './request.ts';
import { type Results, resultsOf } from './results.ts';
import type { Service } from './service.ts';

const TOKEN_HEADER = 'x-graphql-event-stream-token';
const DRAIN_CHECK_MS = 200;
const TEXT_HEADERS = headerList('content-type', 'text/plain; charset=utf-8');
const JSON_HEADERS = headerList('content-type', 'application/json; charset=utf-8');

/**
 * Single connection mode of GraphQL over server-sent events: a client reserves a stream (PUT),
 * connects to it (GET), and has the results of all its operations (POST, ended by DELETE) sent
 * there.
 */
export class ReservedStreams {
  readonly #service: Service;
  readonly #heartbeats: Heartbeats;
  readonly #streams = new Map<string, ReservedStream>();
  #watch: NodeJS.Timeout | undefined;

  constructor(service: Service, heartbeats: Heartbeats) {
    this.#service = service;
    this.#heartbeats = heartbeats;
  }

  async handle(method: 'PUT' | 'GET' | 'POST' | 'DELETE', exchange: Exchange): Promise<void> {
    try {
      switch (method) {
        case 'PUT':
          return await this.#reserve(exchange);
        case 'GET':
          return await this.#connect(exchange);
        case 'POST':
          return await this.#operate(exchange);
        case 'DELETE':
          return await this.#end(exchange);
      }
    } catch (thrown) {
      this.#refuse(exchange, thrown);
    }
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    clearInterval(this.#watch);
  }

  /** A hub that stops waits for responses that are open: those on which nothing runs end. */
  #endWhenDraining(): void {
    if (this.#service.hub.state === 'ready') return;
    for (const stream of this.#streams.values()) if (stream.running.size === 0) stream.close();
  }

  #refuse(exchange: Exchange, thrown: unknown): void {
    this.#service.countRefused();
    if (exchange.finished) return;
    const error = httpError(thrown);
    exchange.respond(error.status, JSON_HEADERS.with(...error.headers), error.text);
  }

  async #reserve(exchange: Exchange): Promise<void> {
    const { initTimeoutMs, maxEventStreams } = this.#service.options;
    await principalOf(this.#service.hub, exchange);
    if (this.#streams.size >= maxEventStreams) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `${maxEventStreams} event streams are open, the limit.`,
      );
    }
    this.#watch ??= setInterval(() => this.#endWhenDraining(), DRAIN_CHECK_MS).unref();
    const token = randomUUID();
    const stream = new ReservedStream(initTimeoutMs, this.#heartbeats, () =>
      this.#streams.delete(token),
    );
    this.#streams.set(token, stream);
    exchange.respond(201, TEXT_HEADERS, token);
  }

  #streamOf(exchange: Exchange): ReservedStream {
    const token =
      exchange.headers.get(TOKEN_HEADER) ?? new URLSearchParams(exchange.query).get('token') ?? '';
    const stream = this.#streams.get(token);
    if (stream !== undefined) return stream;
    throw new Fault(
      'NOT_FOUND',
      `There is no event stream of this token; PUT ${exchange.path} makes one.`,
    );
  }

  async #connect(exchange: Exchange): Promise<void> {
    await principalOf(this.#service.hub, exchange);
    const stream = this.#streamOf(exchange);
    if (stream.connected) {
      throw new HttpFault(409, 'ALREADY_EXISTS', 'The event stream has a connection already.');
    }
    if (exchange.method === 'HEAD') {
      exchange.respond(200, EVENT_STREAM_HEADERS);
      return;
    }
    exchange.abortable = { abort: () => stream.close() };
    stream.connect(exchange.open(200, EVENT_STREAM_HEADERS));
  }

  async #operate(exchange: Exchange): Promise<void> {
    const { options, hub } = this.#service;
    const stream = this.#streamOf(exchange);
    const value = parseJson(await exchange.bytes(options.maxBodyBytes), options.maxJsonDepth);
    const principal = await principalOf(hub, exchange);
    const request = requestOf(value);
    const { operationId } = request.extensions;
    if (typeof operationId !== 'string' || operationId === '' || operationId.length > 256) {
      throw new Fault('INVALID_ARGUMENT', '"extensions.operationId" must name the operation.');
    }
    if (stream.running.has(operationId)) {
      throw new HttpFault(409, 'ALREADY_EXISTS', 'An operation of this id runs already.');
    }
    if (stream.running.size >= options.maxSubscriptions) {
      throw new Fault(
        'RESOURCE_EXHAUSTED',
        `The event stream carries ${options.maxSubscriptions} operations, its limit.`,
      );
    }
    const results = await this.#results(request, new DetachedCaller(exchange, principal));
    stream.run(operationId, results).catch(() => stream.close());
    exchange.respond(202, TEXT_HEADERS, '');
  }

  /** A document that cannot be executed is told where results are expected: on the stream. */
  async #results(request: GraphqlRequest, caller: Caller): Promise<Results> {
    try {
      const engine = await this.#service.engine;
      const operation = this.#service.prepare(engine, request).bind(request.variables);
      return resultsOf(this.#service, caller, operation, this.#service.options.streamWindow);
    } catch (thrown) {
      if (!(thrown instanceof RequestError)) throw thrown;
      this.#service.countRefused();
      return new RefusedResults(thrown.text);
    }
  }

  async #end(exchange: Exchange): Promise<void> {
    await principalOf(this.#service.hub, exchange);
    const stream = this.#streamOf(exchange);
    const id = new URLSearchParams(exchange.query).get('operationId') ?? '';
    stream.running.get(id)?.close();
    exchange.respond(200, TEXT_HEADERS, '');
  }
}

class RefusedResults implements Results {
  #text: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  async next(): Promise<string | undefined> {
    const text = this.#text;
    this.#text = undefined;
    return text;
  }

  close(): void {
    this.#text = undefined;
  }
}

/** The request that began an operation is over before its calls are: the stream ends them. */
class DetachedCaller implements Caller {
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: Caller['deadlineMs'];
  readonly trace: Caller['trace'];

  constructor(exchange: Exchange, principal: Principal) {
    this.principal = principal;
    this.metadata = new CallHeaders(exchange.headers);
    this.deadlineMs = deadlineOf(exchange.headers);
    this.trace = traceOf(exchange.headers);
  }

  began(_call: Call): void {
    // The results that the calls are made for end them.
  }

  settled(_call: Call): void {
    // See above.
  }
}

/** One event stream for many operations. */
class ReservedStream {
  readonly running = new Map<string, Results>();
  readonly #heartbeats: Heartbeats;
  readonly #onClosed: () => void;
  readonly #expiry: NodeJS.Timeout;
  readonly #ready = Promise.withResolvers<void>();
  #writer: BodyWriter | undefined;
  #closed = false;

  constructor(expiresMs: number, heartbeats: Heartbeats, onClosed: () => void) {
    this.#heartbeats = heartbeats;
    this.#onClosed = onClosed;
    this.#expiry = setTimeout(() => this.close(), expiresMs).unref();
  }

  get connected(): boolean {
    return this.#writer !== undefined;
  }

  connect(writer: BodyWriter): void {
    clearTimeout(this.#expiry);
    this.#writer = writer;
    this.#heartbeats.add(writer, HEARTBEAT_TEXT);
    writer.write(HEARTBEAT_TEXT);
    this.#ready.resolve();
  }

  /** Sends the results of an operation; those that come before the connection wait for it. */
  async run(id: string, results: Results): Promise<void> {
    if (this.#closed) return results.close();
    this.running.set(id, results);
    const key = JSON.stringify(id);
    await this.#ready.promise;
    for (;;) {
      const text = this.#closed ? undefined : await results.next();
      if (text === undefined) break;
      await this.#write(`event: next\ndata: {"id":${key},"payload":${text}}\n\n`);
    }
    this.running.delete(id);
    await this.#write(`event: complete\ndata: {"id":${key}}\n\n`);
  }

  async #write(text: string): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined || writer.closed) return;
    if (!writer.write(text)) await writer.drained();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#onClosed();
    for (const results of this.running.values()) results.close();
    this.#ready.resolve();
    if (this.#writer === undefined) return;
    this.#heartbeats.remove(this.#writer);
    if (!this.#writer.closed) this.#writer.end();
  }
}
