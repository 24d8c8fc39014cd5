import { headerList } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { HeaderMemory, preferredType } from '../../wire/content-negotiation.ts';
import { EVENT_STREAM_TYPE } from '../../wire/event-stream.ts';
import { principalOf } from '../../wire/http-call.ts';
import { NDJSON_TYPE } from '../../wire/ndjson.ts';
import { HttpFault } from '../../wire/problem.ts';
import { withReplyMetadata } from '../../wire/reply-metadata.ts';
import {
  EVENT_STREAM,
  firstItem,
  type Heartbeats,
  NDJSON,
  type StreamFormat,
  writeStream,
} from '../../wire/stream-response.ts';
import { inputOf } from './input.ts';
import type { Plan } from './plan.ts';
import { type PlanHeaders, respondFault } from './reply.ts';
import { jsonBody, requireNoBody } from './request-body.ts';
import { streamInput } from './stream-input.ts';
import {
  callOf,
  countRefused,
  type RestContext,
  requireJsonAccepted,
  respondCompressed,
} from './unary.ts';

const STREAM_TYPES = [EVENT_STREAM_TYPE, NDJSON_TYPE];
const streamType = new HeaderMemory((header) => preferredType(header, STREAM_TYPES));
/** What a bidirectional call answers in where the client does not say. */
const NDJSON_FIRST = [NDJSON_TYPE, EVENT_STREAM_TYPE];
const ndjsonFirst = new HeaderMemory((header) => preferredType(header, NDJSON_FIRST));

const faultTrailers = (fault: Fault) =>
  headerList('polywire-fault', fault.code, ...(fault.error ? ['polywire-error', fault.error] : []));

/** Serves one operation that streams in either direction, at one address. */
export class StreamHandler {
  readonly #context: RestContext;
  readonly #plan: Plan;
  readonly #headers: PlanHeaders;
  readonly #heartbeats: Heartbeats;

  constructor(context: RestContext, plan: Plan, headers: PlanHeaders, heartbeats: Heartbeats) {
    this.#context = context;
    this.#plan = plan;
    this.#headers = headers;
    this.#heartbeats = heartbeats;
  }

  async handle(exchange: Exchange): Promise<void> {
    try {
      await this.#begin(exchange);
    } catch (error) {
      countRefused(this.#context.meter);
      throw error;
    }
  }

  #begin(exchange: Exchange): MaybePromise<void> {
    const accept = exchange.headers.get('accept');
    const format = this.#plan.outputStreams ? this.#formatOf(accept) : undefined;
    if (format === undefined) requireJsonAccepted(accept);
    const principal = principalOf(this.#context.hub, exchange);
    if (isPromise(principal)) return principal.then((who) => this.#receive(exchange, who, format));
    return this.#receive(exchange, principal, format);
  }

  #formatOf(accept: string | undefined): StreamFormat {
    const types = this.#plan.inputStreams ? ndjsonFirst : streamType;
    const type = types.get(accept ?? '');
    if (type === undefined) {
      throw new HttpFault(
        406,
        'INVALID_ARGUMENT',
        'The answer is a stream: text/event-stream or application/x-ndjson; the Accept header takes neither.',
      );
    }
    return type === NDJSON_TYPE ? NDJSON : EVENT_STREAM;
  }

  #headersOf(format: StreamFormat) {
    return format === NDJSON ? this.#headers.ndjson : this.#headers.eventStream;
  }

  #receive(
    exchange: Exchange,
    principal: Principal,
    format: StreamFormat | undefined,
  ): MaybePromise<void> {
    const { options } = this.#context;
    const plan = this.#plan;
    if (format !== undefined && exchange.method === 'HEAD') {
      // No length is told: that of the stream is not known (RFC 9110 section 8.6).
      exchange.open(200, this.#headersOf(format)).end();
      return;
    }
    if (plan.inputStreams) {
      return this.#invoke(exchange, principal, format, streamInput(exchange, options));
    }
    if (!plan.takesBody) {
      requireNoBody(exchange);
      const input = inputOf(plan, exchange, undefined, options.maxJsonDepth);
      return this.#invoke(exchange, principal, format, input);
    }
    const body = jsonBody(exchange, options.maxBodyBytes);
    const go = (bytes: Buffer | undefined) => {
      const input = inputOf(plan, exchange, bytes, options.maxJsonDepth);
      return this.#invoke(exchange, principal, format, input);
    };
    return isPromise(body) ? body.then(go) : go(body);
  }

  async #invoke(
    exchange: Exchange,
    principal: Principal,
    format: StreamFormat | undefined,
    input: unknown,
  ): Promise<void> {
    const { hub, meter } = this.#context;
    const call = callOf(exchange, principal, input);
    try {
      const answer = await hub.invoke(this.#plan.endpoint, call, meter);
      if (format === undefined) await this.#answer(exchange, call, answer);
      else await this.#stream(exchange, call, answer as AsyncIterable<unknown>, format);
    } catch (error) {
      respondFault(exchange, call, Fault.from(error));
    }
  }

  #answer(exchange: Exchange, call: Call, value: unknown): MaybePromise<void> {
    if (exchange.finished) return;
    if (this.#plan.noOutput) {
      exchange.respond(204, withReplyMetadata(this.#headers.empty, call));
      return;
    }
    const text = JSON.stringify(value) ?? 'null';
    const headers = withReplyMetadata(this.#headers.json, call);
    if (text.length >= this.#context.options.compressFromBytes) {
      return respondCompressed(exchange, headers, text);
    }
    exchange.respond(200, headers, text);
  }

  async #stream(
    exchange: Exchange,
    call: Call,
    items: AsyncIterable<unknown>,
    format: StreamFormat,
  ): Promise<void> {
    const iterator = items[Symbol.asyncIterator]();
    const { pending } = await firstItem(iterator);
    if (exchange.finished) {
      await iterator.return?.();
      return;
    }
    const writer = exchange.open(200, withReplyMetadata(this.#headersOf(format), call));
    await writeStream(iterator, pending, {
      writer,
      format,
      heartbeats: this.#heartbeats,
      faultTrailers,
    });
  }
}
