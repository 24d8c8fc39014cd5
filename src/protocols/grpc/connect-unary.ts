import { type HeaderList, headerList } from '../../hub/header-list.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Call } from '../../model/call.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Principal } from '../../model/principal.ts';
import { principalOf, traceOf } from '../../wire/http-call.ts';
import { HttpFault, statusOfFault } from '../../wire/problem.ts';
import { abortableOf } from './abortable.ts';
import { acceptsGzip, compress, decompress, isGzip } from './compression.ts';
import { connectError } from './connect-dialect.ts';
import { EncodeFailure, type GrpcContext, noForm } from './enveloped.ts';
import { CallMetadata, connectDeadline, replyHeaders, withMetadata } from './metadata.ts';
import type { Method, PayloadForm } from './method.ts';

const HEADERS: { readonly [form in PayloadForm]: HeaderList } = {
  proto: headerList('content-type', 'application/proto'),
  json: headerList('content-type', 'application/json'),
};
const GZIP_HEADERS: { readonly [form in PayloadForm]: HeaderList } = {
  proto: HEADERS.proto.with('content-encoding', 'gzip', 'vary', 'accept-encoding'),
  json: HEADERS.json.with('content-encoding', 'gzip', 'vary', 'accept-encoding'),
};

interface Input {
  readonly form: PayloadForm;
  readonly gzip: boolean;
}

/** One unary request of Connect (https://connectrpc.com/docs/protocol#unary-rpcs): the message is
 * the body, a fault is an HTTP status with JSON. */
export class ConnectUnaryRequest {
  readonly #context: GrpcContext;
  readonly #method: Method;
  readonly #exchange: Exchange;
  #form: PayloadForm = 'json';
  #call: Call | undefined;

  constructor(context: GrpcContext, method: Method, exchange: Exchange) {
    this.#context = context;
    this.#method = method;
    this.#exchange = exchange;
  }

  post(form: PayloadForm): MaybePromise<void> {
    return this.#run(() => {
      const { headers } = this.#exchange;
      checkVersion(headers.get('connect-protocol-version'), '1', 'header Connect-Protocol-Version');
      const gzip = isGzip(headers.get('content-encoding'));
      return {
        form,
        gzip,
        body: this.#exchange.bytes(this.#context.options.maxMessageBytes),
      };
    });
  }

  /** For methods without side effects: the message stands in the query string. */
  get(): MaybePromise<void> {
    return this.#run(() => {
      const query = new URLSearchParams(this.#exchange.query);
      checkVersion(query.get('connect') ?? undefined, 'v1', 'parameter "connect"');
      const form = query.get('encoding');
      if (form !== 'proto' && form !== 'json') {
        throw new HttpFault(
          415,
          'INVALID_ARGUMENT',
          'Parameter "encoding" must be "proto" or "json".',
        );
      }
      const text = query.get('message');
      if (text === null) throw new Fault('INVALID_ARGUMENT', 'Parameter "message" is missing.');
      const body = Buffer.from(text, query.get('base64') === '1' ? 'base64url' : 'utf8');
      return { form, gzip: isGzip(query.get('compression') ?? undefined), body };
    });
  }

  #run(read: () => Input & { readonly body: MaybePromise<Buffer> }): MaybePromise<void> {
    try {
      const principal = principalOf(this.#context.hub, this.#exchange);
      const input = read();
      this.#form = input.form;
      if (!isPromise(principal) && !isPromise(input.body)) {
        return this.#decode(principal, input.body, input);
      }
      return this.#later(principal, input.body, input);
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #later(
    principal: MaybePromise<Principal>,
    body: MaybePromise<Buffer>,
    input: Input,
  ): Promise<void> {
    let who: Principal;
    let bytes: Buffer;
    try {
      // The body is a view of what may be gone when the principal is known.
      const copy = isPromise(body) ? body : Buffer.from(body);
      [who, bytes] = await Promise.all([principal, copy]);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    await this.#decode(who, bytes, input);
  }

  #decode(principal: Principal, body: Buffer, { form, gzip }: Input): MaybePromise<void> {
    const { maxMessageBytes } = this.#context.options;
    const codec = this.#method[form].input;
    if (gzip) {
      return decompress(Buffer.from(body), maxMessageBytes)
        .then((bytes) => codec.decode(bytes))
        .then(
          (value) => this.#invoke(principal, value),
          (error: unknown) => this.#refuse(error),
        );
    }
    let input: unknown;
    try {
      input = codec.decode(body);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    return this.#invoke(principal, input);
  }

  #invoke(principal: Principal, input: unknown): MaybePromise<void> {
    const { headers } = this.#exchange;
    let answer: MaybePromise<unknown>;
    try {
      const deadlineMs = connectDeadline(headers);
      const call = new Call({
        input,
        principal,
        metadata: new CallMetadata(headers),
        deadlineMs,
        trace: traceOf(headers),
      });
      this.#call = call;
      this.#exchange.abortable = abortableOf(call, deadlineMs);
      answer = this.#method.invoke(call);
    } catch (error) {
      if (this.#call === undefined) this.#refuse(error);
      else this.#fail(Fault.from(error));
      return;
    }
    if (!isPromise(answer)) return this.#answer(answer);
    return answer.then(
      (value) => this.#answer(value),
      (error: unknown) => this.#fail(Fault.from(error)),
    );
  }

  #answer(value: unknown): MaybePromise<void> {
    if (this.#exchange.finished) return;
    const form = this.#form;
    let bytes: Buffer;
    try {
      bytes = this.#method[form].output.encode(value, 0);
    } catch (error) {
      this.#fail(noForm());
      throw new EncodeFailure(this.#method, error);
    }
    const { compressFromBytes } = this.#context.options;
    const metadata = replyHeaders(this.#call?.replyMetadata);
    const accepted = this.#exchange.headers.get('accept-encoding');
    if (bytes.length < compressFromBytes || bytes.length === 0 || !acceptsGzip(accepted)) {
      this.#exchange.respond(200, withMetadata(HEADERS[form], metadata), bytes);
      return;
    }
    return compress(bytes).then((packed) => {
      if (this.#exchange.finished) return;
      this.#exchange.respond(200, withMetadata(GZIP_HEADERS[form], metadata), packed);
    });
  }

  #fail(fault: Fault): void {
    if (this.#exchange.finished) return;
    const { maxDetailsBytes } = this.#context.options;
    const error = connectError(fault, this.#method.details, maxDetailsBytes);
    const own = fault instanceof HttpFault ? fault.headers : [];
    const challenge =
      fault.code === 'UNAUTHENTICATED' ? ['www-authenticate', 'Bearer realm="polywire"'] : [];
    this.#exchange.respond(
      statusOfFault(fault),
      withMetadata(HEADERS.json, [
        ...own,
        ...challenge,
        ...replyHeaders(this.#call?.replyMetadata),
      ]),
      JSON.stringify(error),
    );
  }

  #refuse(error: unknown): void {
    const { meter } = this.#context;
    meter.received++;
    meter.refused++;
    this.#fail(Fault.from(error));
  }
}

/** Absent is fine: people with curl need not know it. */
function checkVersion(version: string | undefined, expected: string, where: string): void {
  if (version === undefined || version === expected) return;
  throw new Fault(
    'INVALID_ARGUMENT',
    `The ${where} is ${JSON.stringify(version.slice(0, 16))}; only ${JSON.stringify(expected)} is known here.`,
  );
}
