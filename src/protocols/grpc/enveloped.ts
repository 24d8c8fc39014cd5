import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { BodyWriter, Exchange } from '../../hub/transport.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { principalOf, traceOf } from '../../wire/http-call.ts';
import { MalformedMessage } from '../../wire/protobuf/reader.ts';
import { firstItem } from '../../wire/stream-response.ts';
import { abortableOf } from './abortable.ts';
import { Base64Stream } from './base64-stream.ts';
import { acceptsGzip, compress, isGzip } from './compression.ts';
import type { Dialect, Ending } from './dialect.ts';
import {
  ENVELOPE_HEAD_BYTES,
  EnvelopeFlag,
  envelope,
  MalformedEnvelope,
  onlyEnvelope,
  writeHead,
} from './envelope.ts';
import { type InputOptions, messageInput, unpacked } from './message-input.ts';
import { CallMetadata, replyHeaders, withMetadata } from './metadata.ts';
import type { Method } from './method.ts';
import type { GrpcOptions } from './options.ts';

/** What all requests of one hub share. */
export interface GrpcContext {
  readonly hub: Hub;
  readonly meter: Meter;
  readonly options: GrpcOptions;
}

/** An answer that its own type has no form for; thrown for the router's log, when the client knows. */
export class EncodeFailure extends Error {
  constructor(method: Method, cause: unknown) {
    super(`An answer of ${method.path} has no form in protobuf.`, { cause });
  }
}

/** What the client is told about it. */
export function noForm(): Fault {
  return new Fault(
    'INTERNAL',
    'The answer has no form in protobuf; the log of the hub has the reason.',
  );
}

const NOTHING: readonly string[] = [];

/**
 * One request whose messages are length-prefixed: gRPC, gRPC-Web, Connect's streams. A unary call
 * whose handler answers at once is over when `run` returns: its head, message and trailers go out
 * in one write.
 */
export class EnvelopedRequest {
  readonly #context: GrpcContext;
  readonly #method: Method;
  readonly #dialect: Dialect;
  readonly #exchange: Exchange;
  #call: Call | undefined;
  #writer: BodyWriter | undefined;
  /** The client takes compressed messages. */
  #gzip = false;
  /** Metadata that went out with the head. */
  #sentMetadata = 0;

  constructor(context: GrpcContext, method: Method, dialect: Dialect, exchange: Exchange) {
    this.#context = context;
    this.#method = method;
    this.#dialect = dialect;
    this.#exchange = exchange;
  }

  run(): MaybePromise<void> {
    try {
      const principal = principalOf(this.#context.hub, this.#exchange);
      if (!isPromise(principal)) return this.#receive(principal);
      return principal.then(
        (who) => this.#receive(who),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      this.#refuse(error);
    }
  }

  #receive(principal: Principal): MaybePromise<void> {
    try {
      const { headers } = this.#exchange;
      const deadlineMs = this.#dialect.deadline(headers);
      const { maxMessageBytes } = this.#context.options;
      const options: InputOptions = {
        codec: this.#method[this.#dialect.form].input,
        maxMessageBytes,
        gzip: isGzip(headers.get(this.#dialect.encodingHeader)),
        text: this.#dialect.text,
      };
      this.#gzip = acceptsGzip(headers.get(this.#dialect.acceptEncodingHeader));
      if (this.#method.type.inputStreams) {
        const input = messageInput(this.#exchange, options);
        return this.#invoke(principal, deadlineMs, input);
      }
      const bytes = maxMessageBytes + ENVELOPE_HEAD_BYTES;
      const body = this.#exchange.bytes(options.text ? 4 * Math.ceil(bytes / 3) : bytes);
      if (!isPromise(body)) return this.#read(principal, deadlineMs, body, options);
      return body.then(
        (whole) => this.#read(principal, deadlineMs, whole, options),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      this.#refuse(error);
    }
  }

  #read(
    principal: Principal,
    deadlineMs: number | undefined,
    body: Buffer,
    options: InputOptions,
  ): MaybePromise<void> {
    let input: unknown;
    try {
      const only = onlyEnvelope(options.text ? fromBase64(body) : body, options.maxMessageBytes);
      if (only.compressed) {
        return unpacked(only, options).then(
          (value) => this.#invoke(principal, deadlineMs, value),
          (error: unknown) => this.#refuse(error),
        );
      }
      input = options.codec.decode(only.bytes);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    return this.#invoke(principal, deadlineMs, input);
  }

  #invoke(
    principal: Principal,
    deadlineMs: number | undefined,
    input: unknown,
  ): MaybePromise<void> {
    const { headers } = this.#exchange;
    const call = new Call({
      input,
      principal,
      metadata: new CallMetadata(headers),
      deadlineMs,
      trace: traceOf(headers),
    });
    this.#call = call;
    this.#exchange.abortable = abortableOf(call, deadlineMs);
    let answer: MaybePromise<unknown>;
    try {
      answer = this.#method.invoke(call);
    } catch (error) {
      this.#fail(Fault.from(error));
      return;
    }
    if (!isPromise(answer)) return this.#answer(answer);
    return answer.then(
      (value) => this.#answer(value),
      (error: unknown) => this.#fail(Fault.from(error)),
    );
  }

  #answer(value: unknown): MaybePromise<void> {
    if (this.#method.type.outputStreams) return this.#stream(value as AsyncIterable<unknown>);
    if (this.#exchange.finished) return;
    const frame = this.#encode(value);
    if (!this.#compresses(frame)) {
      this.#open().write(this.#dialect.frame(writeHead(frame, 0)));
      this.#end(undefined);
      return;
    }
    return this.#compressed(frame).then((bytes) => {
      if (this.#exchange.finished) return;
      this.#open().write(bytes);
      this.#end(undefined);
    });
  }

  async #stream(items: AsyncIterable<unknown>): Promise<void> {
    const iterator = items[Symbol.asyncIterator]();
    try {
      // A fault that is known by now is told without a head of its own.
      const { pending, first } = await firstItem(iterator);
      if (this.#exchange.finished) {
        await iterator.return?.();
        return;
      }
      const writer = this.#open();
      let step = first ?? (await pending);
      while (step.done !== true && !writer.closed) {
        const frame = this.#encode(step.value);
        const bytes = this.#compresses(frame)
          ? await this.#compressed(frame)
          : this.#dialect.frame(writeHead(frame, 0));
        if (!writer.write(bytes)) await writer.drained();
        if (writer.closed) break;
        step = await iterator.next();
      }
      if (writer.closed) await iterator.return?.();
      else this.#end(undefined);
    } catch (error) {
      if (error instanceof EncodeFailure) {
        await iterator.return?.();
        throw error;
      }
      this.#fail(Fault.from(error));
    }
  }

  /** The message with room for its head. @throws EncodeFailure after the call was ended */
  #encode(value: unknown): Buffer {
    try {
      return this.#method[this.#dialect.form].output.encode(value, ENVELOPE_HEAD_BYTES);
    } catch (error) {
      this.#fail(noForm());
      throw new EncodeFailure(this.#method, error);
    }
  }

  #compresses(frame: Buffer): boolean {
    const bytes = frame.length - ENVELOPE_HEAD_BYTES;
    return this.#gzip && bytes >= this.#context.options.compressFromBytes && bytes > 0;
  }

  async #compressed(frame: Buffer): Promise<Uint8Array | string> {
    const packed = await compress(frame.subarray(ENVELOPE_HEAD_BYTES));
    return this.#dialect.frame(envelope(packed, EnvelopeFlag.COMPRESSED));
  }

  #open(): BodyWriter {
    const metadata = this.#call?.replyMetadata;
    this.#sentMetadata = metadata?.size ?? 0;
    const list = this.#gzip ? this.#dialect.gzipHeaders : this.#dialect.headers;
    const writer = this.#exchange.open(
      200,
      metadata === undefined ? list : withMetadata(list, replyHeaders(metadata)),
    );
    this.#writer = writer;
    return writer;
  }

  #end(fault: Fault | undefined): void {
    const writer = this.#writer!;
    if (!writer.closed) this.#dialect.end(writer, this.#ending(fault));
  }

  #ending(fault: Fault | undefined): Ending {
    const metadata = this.#call?.replyMetadata;
    // What came behind the head goes out at the end.
    const late = metadata !== undefined && metadata.size > this.#sentMetadata;
    return {
      fault,
      details: this.#method.details,
      metadata: late ? replyHeaders(new Map([...metadata].slice(this.#sentMetadata))) : NOTHING,
      maxDetailsBytes: this.#context.options.maxDetailsBytes,
    };
  }

  /** Ends the call with a fault, wherever it is. */
  #fail(fault: Fault): void {
    const malformed = fault instanceof MalformedMessage || fault instanceof MalformedEnvelope;
    const told =
      malformed && this.#dialect.malformedIs !== fault.code
        ? new Fault(this.#dialect.malformedIs, fault.message)
        : fault;
    if (this.#writer !== undefined) this.#end(told);
    else if (!this.#exchange.finished) this.#dialect.refuse(this.#exchange, this.#ending(told));
  }

  /** The request was turned away before it became a call; the hub counts the calls. */
  #refuse(error: unknown): void {
    const { meter } = this.#context;
    meter.received++;
    meter.refused++;
    this.#fail(Fault.from(error));
  }
}

function fromBase64(body: Buffer): Buffer {
  const stream = new Base64Stream();
  const bytes = stream.push(body);
  stream.end();
  return bytes;
}
