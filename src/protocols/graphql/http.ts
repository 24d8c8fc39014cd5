import { parseJson } from '../../formats/json.ts';
import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { compress, requestBytes, responseCoding } from '../../wire/compression.ts';
import { HeaderMemory, jsonBodyOf, preferredType } from '../../wire/content-negotiation.ts';
import { EVENT_STREAM_TYPE } from '../../wire/event-stream.ts';
import { principalOf } from '../../wire/http-call.ts';
import { HttpCaller } from '../../wire/http-caller.ts';
import { HttpFault } from '../../wire/problem.ts';
import type { Engine } from './engine.ts';
import { COMPLETE_EVENT, EVENT_STREAM_HEADERS, nextEvent } from './events.ts';
import { httpError, requestError } from './execute/errors.ts';
import { Execution } from './execute/run.ts';
import { type GraphqlRequest, requestOf, requestOfQuery } from './request.ts';
import { type Results, resultsOf } from './results.ts';
import type { Service } from './service.ts';

const RESPONSE_TYPE = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';

type MediaType = typeof RESPONSE_TYPE | typeof JSON_TYPE | typeof EVENT_STREAM_TYPE;

const OFFERS: readonly MediaType[] = [RESPONSE_TYPE, JSON_TYPE, EVENT_STREAM_TYPE];

const HEADERS: { readonly [type in MediaType]: HeaderList } = {
  [RESPONSE_TYPE]: responseHeaders(RESPONSE_TYPE),
  [JSON_TYPE]: responseHeaders(JSON_TYPE),
  [EVENT_STREAM_TYPE]: EVENT_STREAM_HEADERS,
};

function responseHeaders(type: string): HeaderList {
  return headerList(
    'content-type',
    `${type}; charset=utf-8`,
    'cache-control',
    'no-store',
    'vary',
    'accept, accept-encoding',
  );
}

const accepted = new HeaderMemory(
  (header) => preferredType(header, OFFERS) as MediaType | undefined,
);
const jsonBodies = new HeaderMemory(jsonBodyOf);

/** Opens an event stream for results; ends when they do. */
export type SendEvents = (exchange: Exchange, results: Results) => MaybePromise<void>;

/** GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/). */
export class HttpGraphql {
  readonly #service: Service;
  readonly #sendEvents: SendEvents;

  constructor(service: Service, sendEvents: SendEvents) {
    this.#service = service;
    this.#sendEvents = sendEvents;
  }

  get(exchange: Exchange): MaybePromise<void> {
    return this.#guard(exchange, (type) => {
      const request = requestOfQuery(exchange.query, this.#service.options.maxJsonDepth);
      return this.#execute(exchange, request, type);
    });
  }

  post(exchange: Exchange): MaybePromise<void> {
    return this.#guard(exchange, (type) => {
      const { maxBodyBytes } = this.#service.options;
      requireJson(exchange.headers.get('content-type'));
      const body = requestBytes(exchange, maxBodyBytes);
      if (isPromise(body)) return body.then((bytes) => this.#read(exchange, bytes, type));
      return this.#read(exchange, body, type);
    });
  }

  #read(exchange: Exchange, body: Buffer, type: MediaType): MaybePromise<void> {
    const value = parseJson(body, this.#service.options.maxJsonDepth);
    return this.#execute(exchange, requestOf(value), type);
  }

  /** Whatever goes wrong before the execution becomes a response in the form of GraphQL. */
  #guard(exchange: Exchange, work: (type: MediaType) => MaybePromise<void>): MaybePromise<void> {
    let type: MediaType = RESPONSE_TYPE;
    try {
      type = mediaTypeOf(exchange.headers.get('accept'));
      const done = work(type);
      if (!isPromise(done)) return;
      return done.catch((thrown: unknown) => this.#refuse(exchange, thrown, type));
    } catch (thrown) {
      this.#refuse(exchange, thrown, type);
    }
  }

  #refuse(exchange: Exchange, thrown: unknown, type: MediaType): void {
    this.#service.countRefused();
    if (exchange.finished) return;
    const error = httpError(thrown);
    if (type === EVENT_STREAM_TYPE && error.legacyStatus === 200) {
      // Browsers' event sources see nothing of a response that is no 200.
      exchange.respond(200, EVENT_STREAM_HEADERS, nextEvent(error.text) + COMPLETE_EVENT);
      return;
    }
    const form = type === EVENT_STREAM_TYPE ? RESPONSE_TYPE : type;
    const status = form === JSON_TYPE ? error.legacyStatus : error.status;
    exchange.respond(status, HEADERS[form].with(...error.headers), error.text);
  }

  #execute(exchange: Exchange, request: GraphqlRequest, type: MediaType): MaybePromise<void> {
    const principal = principalOf(this.#service.hub, exchange);
    const { engine } = this.#service;
    if (isPromise(principal) || isPromise(engine)) {
      return this.#executeLater(exchange, request, type, principal, engine);
    }
    return this.#run(exchange, request, type, principal, engine);
  }

  async #executeLater(
    exchange: Exchange,
    request: GraphqlRequest,
    type: MediaType,
    principal: MaybePromise<Principal>,
    engine: MaybePromise<Engine>,
  ): Promise<void> {
    const [who, ready] = await Promise.all([principal, engine]);
    return this.#run(exchange, request, type, who, ready);
  }

  #run(
    exchange: Exchange,
    request: GraphqlRequest,
    type: MediaType,
    principal: Principal,
    engine: Engine,
  ): MaybePromise<void> {
    const prepared = this.#service.prepare(engine, request);
    if (exchange.method !== 'POST' && prepared.kind === 'mutation') {
      throw new HttpFault(405, 'INVALID_ARGUMENT', 'A mutation needs POST: GET changes nothing.', [
        'allow',
        'POST',
      ]);
    }
    if (type !== EVENT_STREAM_TYPE && prepared.kind === 'subscription') {
      throw requestError(
        'INVALID_ARGUMENT',
        'A subscription needs Accept: text/event-stream, or a WebSocket with graphql-transport-ws.',
      );
    }
    const operation = prepared.bind(request.variables);
    const caller = new HttpCaller(exchange, principal);
    if (type === EVENT_STREAM_TYPE) {
      const window = this.#service.options.streamWindow;
      return this.#sendEvents(exchange, resultsOf(this.#service, caller, operation, window));
    }
    const text = new Execution(this.#service, caller).run(operation);
    return isPromise(text)
      ? text.then((one) => this.#respond(exchange, type, one))
      : this.#respond(exchange, type, text);
  }

  #respond(exchange: Exchange, type: MediaType, text: string): MaybePromise<void> {
    if (exchange.finished) return;
    if (text.length >= this.#service.options.compressFromBytes) {
      const coding = responseCoding(exchange.headers.get('accept-encoding'));
      if (coding !== undefined) return respondCompressed(exchange, HEADERS[type], text, coding);
    }
    exchange.respond(200, HEADERS[type], text);
  }
}

async function respondCompressed(
  exchange: Exchange,
  headers: HeaderList,
  text: string,
  coding: string,
): Promise<void> {
  const bytes = await compress(text, coding);
  if (!exchange.finished) exchange.respond(200, headers.with('content-encoding', coding), bytes);
}

/** Without a wish, older clients are meant: they know only application/json.
 * @throws HttpFault 406 */
function mediaTypeOf(accept: string | undefined): MediaType {
  if (accept === undefined || accept === '*/*') return JSON_TYPE;
  const type = accepted.get(accept);
  if (type !== undefined) return type;
  throw new HttpFault(
    406,
    'INVALID_ARGUMENT',
    `Answers are ${OFFERS.join(', ')}; the Accept header takes none of them.`,
  );
}

/** A body without a type is refused too: a browser would send it for any page, without asking.
 * @throws HttpFault 415 */
function requireJson(contentType: string | undefined): void {
  if (contentType === JSON_TYPE) return;
  if (contentType !== undefined && jsonBodies.get(contentType) === 'json') return;
  throw new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `A request comes as application/json in UTF-8; Content-Type was ${JSON.stringify((contentType ?? 'absent').slice(0, 80))}.`,
    ['accept-post', JSON_TYPE],
  );
}
