import type { Abortable, Exchange } from '../../hub/transport.ts';
import { Call } from '../../model/call.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { Principal } from '../../model/principal.ts';
import type { TraceContext } from '../../model/trace.ts';
import { CallHeaders, deadlineOf, traceOf } from '../../wire/http-call.ts';

/** Who sends one HTTP request, and what its head says about the calls in it. Calls run one at a
 * time; the running one ends when the client leaves. */
export class Caller implements Abortable {
  readonly principal: Principal;
  /** The client is gone. */
  aborted = false;
  readonly #exchange: Exchange;
  readonly #metadata: Metadata;
  readonly #deadlineMs: number | undefined;
  readonly #trace: TraceContext | undefined;
  #running: Call | undefined;
  #replyMetadata: Map<string, string> | undefined;

  /** @throws Fault INVALID_ARGUMENT for headers that are not understood */
  constructor(exchange: Exchange, principal: Principal) {
    const { headers } = exchange;
    this.#exchange = exchange;
    this.principal = principal;
    this.#metadata = new CallHeaders(headers);
    this.#deadlineMs = deadlineOf(headers);
    this.#trace = traceOf(headers);
    this.#running = undefined;
    this.#replyMetadata = undefined;
  }

  call(input: unknown): Call {
    return new Call({
      input,
      principal: this.principal,
      metadata: this.#metadata,
      deadlineMs: this.#deadlineMs,
      trace: this.#trace,
    });
  }

  /** The call did not answer at once. */
  began(call: Call): void {
    this.#running = call;
    this.#exchange.abortable = this;
  }

  ended(call: Call): void {
    this.#running = undefined;
    const metadata = call.replyMetadata;
    if (metadata === undefined) return;
    this.#replyMetadata ??= new Map();
    for (const [name, value] of metadata) this.#replyMetadata.set(name, value);
  }

  /** Of all calls; of a name that several set, the last value. */
  get replyMetadata(): ReadonlyMap<string, string> | undefined {
    return this.#replyMetadata;
  }

  abort(): void {
    this.aborted = true;
    this.#running?.abort();
  }
}
