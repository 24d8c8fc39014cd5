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
  /** See Call.depth; set by the hub. */
  readonly depth?: number | undefined;
}

/** Told at once, and once, when a call is aborted; cheaper than an abort signal. */
export interface AbortListener {
  aborted(reason: Fault): void;
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
  /** Set by the hub when the handler begins: what fails before it is refused, not failed. */
  handled: boolean;
  /** When the hub received it, by `performance.now()`; 0 before. */
  startedMs: number;
  /** How many calls of handlers led to this one; 0 for a call from outside. */
  readonly depth: number;

  #ended: boolean;
  #listener: AbortListener | undefined;
  #moreListeners: AbortListener[] | undefined;
  #parent: Call | undefined;
  #parentListener: AbortListener | undefined;
  #controller: AbortController | undefined;
  #replyMetadata: Map<string, string> | undefined;

  constructor(options: CallOptions) {
    this.input = options.input;
    this.principal = options.principal;
    this.metadata = options.metadata ?? NO_METADATA;
    this.deadlineMs = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.trace = options.trace;
    this.aborted = undefined;
    this.handled = false;
    this.startedMs = 0;
    this.depth = options.depth ?? 0;
    this.#ended = false;
  }

  /** Aborted with a Fault as its reason: CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE; or
   * INVALID_ARGUMENT where an item of the input stream was bad. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(this.aborted);
    }
    return this.#controller.signal;
  }

  /** Ends the call from outside. The first reason stands; nothing happens after the answer. */
  abort(reason: Fault = new Fault('CANCELLED', 'The caller gave up.')): void {
    if (this.aborted !== undefined || this.#ended) return;
    this.aborted = reason;
    const listener = this.#listener;
    const more = this.#moreListeners;
    this.#listener = undefined;
    this.#moreListeners = undefined;
    this.#controller?.abort(reason);
    listener?.aborted(reason);
    if (more !== undefined) for (const other of more) other.aborted(reason);
  }

  /** Asks to be told of an abort; told at once when the call is already aborted. */
  listen(listener: AbortListener): void {
    if (this.aborted !== undefined) listener.aborted(this.aborted);
    else if (this.#ended) return;
    else if (this.#listener === undefined) this.#listener = listener;
    else if (this.#moreListeners === undefined) this.#moreListeners = [listener];
    else this.#moreListeners.push(listener);
  }

  unlisten(listener: AbortListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else if (this.#moreListeners !== undefined) {
      const index = this.#moreListeners.indexOf(listener);
      if (index >= 0) this.#moreListeners.splice(index, 1);
    }
  }

  /** Ends with its parent: an abort of the call whose handler made this one aborts this one. */
  follow(parent: Call): void {
    if (this.#ended || this.#parent !== undefined) return;
    this.#parent = parent;
    this.#parentListener = { aborted: (reason) => this.abort(reason) };
    parent.listen(this.#parentListener);
  }

  /** For the hub: the call has its whole answer; an abort has no effect any more. */
  end(): void {
    this.#ended = true;
    this.#listener = undefined;
    this.#moreListeners = undefined;
    if (this.#parent !== undefined) {
      this.#parent.unlisten(this.#parentListener as AbortListener);
      this.#parent = undefined;
      this.#parentListener = undefined;
    }
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
