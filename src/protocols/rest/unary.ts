import type { Meter } from '../../hub/diagnostics.ts';
import type { HeaderList } from '../../hub/header-list.ts';
import type { Hub } from '../../hub/hub.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { compress, responseCoding } from '../../wire/compression.ts';
import { HeaderMemory, preferredType } from '../../wire/content-negotiation.ts';
import { CallHeaders, deadlineOf, principalOf, traceOf } from '../../wire/http-call.ts';
import { HttpFault, problemDocument, problemHeaders, statusOfFault } from '../../wire/problem.ts';
import { withReplyMetadata } from '../../wire/reply-metadata.ts';
import { type IdempotencyStore, isForgotten, nameOf, type Remembered } from './idempotency.ts';
import { inputOf } from './input.ts';
import type { RestOptions } from './options.ts';
import type { Plan } from './plan.ts';
import { etagOf, matchesEtag, type PlanHeaders, respondFault } from './reply.ts';
import { jsonBody, requireNoBody } from './request-body.ts';

const JSON_ONLY = ['application/json'];
const acceptsJson = new HeaderMemory((header) => preferredType(header, JSON_ONLY) !== undefined);

/** What all handlers of one REST server share. */
export interface RestContext {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly options: RestOptions;
  readonly idempotency: IdempotencyStore;
}

/** @throws HttpFault 406 where the client does not take JSON. */
export function requireJsonAccepted(accept: string | undefined): void {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return;
  if (acceptsJson.get(accept)) return;
  throw new HttpFault(
    406,
    'INVALID_ARGUMENT',
    'The answer is application/json, which the Accept header does not take.',
  );
}

/** Counts a request that was turned away before it became a call; the hub counts the calls. */
export function countRefused(meter: Meter): void {
  meter.received++;
  meter.refused++;
}

/** The same for a request whose body has not arrived. */
function counting(meter: Meter, work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    countRefused(meter);
    throw error;
  });
}

/** The call of a request, aborted when its client leaves. */
export function callOf(exchange: Exchange, principal: Principal, input: unknown): Call {
  const call = new Call({
    input,
    principal,
    metadata: new CallHeaders(exchange.headers),
    deadlineMs: deadlineOf(exchange.headers),
    trace: traceOf(exchange.headers),
  });
  exchange.abortable = call;
  return call;
}

/** Serves one operation without streams at one address. Stays synchronous where the body is there
 * and the handler answers at once. */
export class UnaryHandler {
  readonly #context: RestContext;
  readonly #plan: Plan;
  readonly #headers: PlanHeaders;
  readonly #isQuery: boolean;

  constructor(context: RestContext, plan: Plan, headers: PlanHeaders) {
    this.#context = context;
    this.#plan = plan;
    this.#headers = headers;
    this.#isQuery = plan.endpoint.operation.kind === 'query';
  }

  handle(exchange: Exchange): MaybePromise<void> {
    const { hub, meter } = this.#context;
    try {
      requireJsonAccepted(exchange.headers.get('accept'));
      const principal = principalOf(hub, exchange);
      if (isPromise(principal)) return this.#receiveLater(exchange, principal);
      return this.#receive(exchange, principal);
    } catch (error) {
      countRefused(meter);
      throw error;
    }
  }

  async #receiveLater(exchange: Exchange, arriving: Promise<Principal>): Promise<void> {
    let work: MaybePromise<void>;
    try {
      work = this.#receive(exchange, await arriving);
    } catch (error) {
      countRefused(this.#context.meter);
      throw error;
    }
    await work;
  }

  #receive(exchange: Exchange, principal: Principal): MaybePromise<void> {
    if (!this.#plan.takesBody) {
      requireNoBody(exchange);
      return this.#invoke(exchange, principal, undefined);
    }
    const body = jsonBody(exchange, this.#context.options.maxBodyBytes);
    if (!isPromise(body)) return this.#invoke(exchange, principal, body);
    return counting(
      this.#context.meter,
      body.then((bytes) => this.#invoke(exchange, principal, bytes)),
    );
  }

  #invoke(exchange: Exchange, principal: Principal, body: Buffer | undefined): MaybePromise<void> {
    const { hub, meter, options } = this.#context;
    const plan = this.#plan;
    const key = this.#isQuery ? undefined : exchange.headers.get('idempotency-key');
    if (key !== undefined) return this.#once(exchange, principal, body, key);
    const input = inputOf(plan, exchange, body, options.maxJsonDepth);
    const call = callOf(exchange, principal, input);
    let answer: MaybePromise<unknown>;
    try {
      answer = hub.invoke(plan.endpoint, call, meter);
    } catch (error) {
      respondFault(exchange, call, Fault.from(error));
      return;
    }
    if (!isPromise(answer)) return this.#succeed(exchange, call, answer);
    const pending = new Pending(this, exchange, call);
    return answer.then(pending.succeed, pending.fail);
  }

  /** For Pending. */
  succeed(exchange: Exchange, call: Call, value: unknown): MaybePromise<void> {
    return this.#succeed(exchange, call, value);
  }

  #succeed(exchange: Exchange, call: Call, value: unknown): MaybePromise<void> {
    if (exchange.finished) return;
    const headers = this.#headers;
    if (this.#plan.noOutput) {
      exchange.respond(204, withReplyMetadata(headers.empty, call));
      return;
    }
    const text = JSON.stringify(value) ?? 'null';
    if (!this.#isQuery || !this.#context.options.etags) {
      return this.#respond(exchange, withReplyMetadata(headers.json, call), text);
    }
    const etag = etagOf(text);
    const known = exchange.headers.get('if-none-match');
    if (known !== undefined && matchesEtag(known, etag)) {
      exchange.respond(304, withReplyMetadata(headers.notModified(etag), call));
      return;
    }
    return this.#respond(exchange, withReplyMetadata(headers.tagged(etag), call), text);
  }

  #respond(exchange: Exchange, headers: HeaderList, text: string): MaybePromise<void> {
    if (text.length < this.#context.options.compressFromBytes) {
      exchange.respond(200, headers, text);
      return;
    }
    return respondCompressed(exchange, headers, text);
  }

  /** A command with an Idempotency-Key: it runs once, and its answer is given again. */
  #once(
    exchange: Exchange,
    principal: Principal,
    body: Buffer | undefined,
    key: string,
  ): MaybePromise<void> {
    const { idempotency, options } = this.#context;
    if (options.idempotencyTtlMs === 0) {
      throw new Fault('INVALID_ARGUMENT', 'Idempotency-Key is switched off at this hub.');
    }
    const name = nameOf(principal.id, this.#plan.endpoint.name, key);
    const request = [exchange.path, exchange.query, body ?? ''];
    const input = inputOf(this.#plan, exchange, body, options.maxJsonDepth);
    const remembered = idempotency.begin(name, request);
    if (remembered !== undefined) {
      const headers = remembered.headers.with('idempotency-replayed', 'true');
      exchange.respond(remembered.status, headers, remembered.body);
      return;
    }
    return this.#first(exchange, principal, input, name);
  }

  async #first(
    exchange: Exchange,
    principal: Principal,
    input: unknown,
    name: string,
  ): Promise<void> {
    const { hub, meter, idempotency } = this.#context;
    let answer: Remembered | undefined;
    try {
      const call = callOf(exchange, principal, input);
      // A client that leaves will ask again with the same key: the command runs to its end.
      exchange.abortable = undefined;
      try {
        const value = await hub.invoke(this.#plan.endpoint, call, meter);
        answer = this.#answerOf(call, value);
        idempotency.settle(name, answer);
      } catch (error) {
        const fault = Fault.from(error);
        answer = {
          status: statusOfFault(fault),
          headers: withReplyMetadata(problemHeaders(fault), call),
          body: JSON.stringify(problemDocument(fault)),
        };
        if (!isForgotten(fault)) idempotency.settle(name, answer);
      }
    } finally {
      idempotency.forgetUnsettled(name);
    }
    if (!exchange.finished) exchange.respond(answer.status, answer.headers, answer.body);
  }

  #answerOf(call: Call, value: unknown): Remembered {
    const { json, empty } = this.#headers;
    return this.#plan.noOutput
      ? { status: 204, headers: withReplyMetadata(empty, call), body: undefined }
      : {
          status: 200,
          headers: withReplyMetadata(json, call),
          body: JSON.stringify(value) ?? 'null',
        };
  }
}

/** A request whose handler has not answered yet. */
class Pending {
  readonly #handler: UnaryHandler;
  readonly #exchange: Exchange;
  readonly #call: Call;

  constructor(handler: UnaryHandler, exchange: Exchange, call: Call) {
    this.#handler = handler;
    this.#exchange = exchange;
    this.#call = call;
  }

  readonly succeed = (value: unknown): MaybePromise<void> =>
    this.#handler.succeed(this.#exchange, this.#call, value);

  readonly fail = (error: unknown): void =>
    respondFault(this.#exchange, this.#call, Fault.from(error));
}

/** A large JSON answer, compressed where the client takes it. */
export async function respondCompressed(
  exchange: Exchange,
  headers: HeaderList,
  text: string,
): Promise<void> {
  const coding = responseCoding(exchange.headers.get('accept-encoding'));
  if (coding === undefined) {
    exchange.respond(200, headers.with('vary', 'accept-encoding'), text);
    return;
  }
  const bytes = await compress(text, coding);
  if (exchange.finished) return;
  const encoded = headers.with('vary', 'accept-encoding', 'content-encoding', coding);
  exchange.respond(200, encoded, bytes);
}
