import { Fault } from './fault.ts';
import type { Metadata } from './metadata.ts';
import { NO_METADATA } from './metadata.ts';
import type { Principal } from './principal.ts';
import type { TraceContext } from './trace.ts';

export interface CallOptions {
  readonly input: unknown;
  readonly principal: Principal;
  readonly metadata?: Metadata | undefined;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly deadlineMs?: number | undefined;
  readonly trace?: TraceContext | undefined;
}

/**
 * One invocation of an operation, from the protocol that received it to the handler. One object
 * for each call, of one shape; what few handlers ask for (the abort signal, reply metadata) is
 * made when it is asked for.
 */
export class Call {
  /** A value; or an async iterable where the operation's input is a stream. Validation may
   * replace it (defaults filled in, a library's transformations applied). */
  input: unknown;
  readonly principal: Principal;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch; Infinity for none. The hub may bring it nearer. */
  deadlineMs: number;
  trace: TraceContext | undefined;
  /** Set once, when the call ends before its answer: why. */
  aborted: Fault | undefined;

  #controller: AbortController | undefined;
  #replyMetadata: Map<string, string> | undefined;

  constructor(options: CallOptions) {
    this.input = options.input;
    this.principal = options.principal;
    this.metadata = options.metadata ?? NO_METADATA;
    this.deadlineMs = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.trace = options.trace;
    this.aborted = undefined;
  }

  /** Aborted with a Fault as its reason: CANCELLED, DEADLINE_EXCEEDED or UNAVAILABLE. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(this.aborted);
    }
    return this.#controller.signal;
  }

  /** Ends the call from outside. The first reason stands. */
  abort(reason: Fault = new Fault('CANCELLED', 'The caller gave up.')): void {
    if (this.aborted !== undefined) return;
    this.aborted = reason;
    this.#controller?.abort(reason);
  }

  /** Metadata that goes back with the answer; undefined when nobody set any. */
  get replyMetadata(): ReadonlyMap<string, string> | undefined {
    return this.#replyMetadata;
  }

  setReplyMetadata(name: string, value: string): void {
    this.#replyMetadata ??= new Map();
    this.#replyMetadata.set(name.toLowerCase(), value);
  }
}
