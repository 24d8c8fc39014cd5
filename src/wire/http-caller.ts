import type { Abortable, Exchange } from '../hub/transport.ts';
import type { Call } from '../model/call.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Principal } from '../model/principal.ts';
import type { TraceContext } from '../model/trace.ts';
import { CallHeaders, deadlineOf, traceOf } from './http-call.ts';

/** Who sends the calls of one HTTP request, and what its head says about all of them; ends those
 * that run when the client leaves. */
export class HttpCaller implements Abortable {
  readonly principal: Principal;
  readonly metadata: Metadata;
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  readonly #exchange: Exchange;
  #calls: Set<Call> | undefined;

  /** @throws Fault INVALID_ARGUMENT for a bad X-Timeout-Ms */
  constructor(exchange: Exchange, principal: Principal) {
    const { headers } = exchange;
    this.#exchange = exchange;
    this.principal = principal;
    this.metadata = new CallHeaders(headers);
    this.deadlineMs = deadlineOf(headers);
    this.trace = traceOf(headers);
    this.#calls = undefined;
  }

  /** A call that did not answer at once; the same is handed to `settled`. */
  began(call: Call): void {
    this.#calls ??= new Set();
    this.#calls.add(call);
    this.#exchange.abortable = this;
  }

  settled(call: Call): void {
    this.#calls?.delete(call);
  }

  abort(): void {
    for (const call of this.#calls ?? []) call.abort();
  }
}
