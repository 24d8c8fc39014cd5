import type { Context } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Principal } from '../model/principal.ts';
import type { TraceContext } from '../model/trace.ts';

/** What handlers may do with the hub that runs them. */
export interface HandlerServices {
  emit(event: string, payload: unknown, trace: TraceContext | undefined): MaybePromise<void>;
  invokeFrom(parent: Call, operation: string, input: unknown): MaybePromise<unknown>;
}

/** A view of a call for its handler. */
export class HandlerContext implements Context {
  readonly operation: string;
  readonly #call: Call;
  readonly #services: HandlerServices;

  constructor(operation: string, call: Call, services: HandlerServices) {
    this.operation = operation;
    this.#call = call;
    this.#services = services;
  }

  get principal(): Principal {
    return this.#call.principal;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get deadlineMs(): number {
    return this.#call.deadlineMs;
  }

  get trace(): TraceContext | undefined {
    return this.#call.trace;
  }

  // Getters, so that handlers may take them apart: `(input, { emit }) => emit(...)`.

  get setReplyMetadata(): Context['setReplyMetadata'] {
    return (name, value) => this.#call.setReplyMetadata(name, value);
  }

  get emit(): Context['emit'] {
    return (event, payload) => heeded(() => this.#emit(event, payload));
  }

  get invoke(): Context['invoke'] {
    return (operation, input) => this.#services.invokeFrom(this.#call, operation, input);
  }

  async #emit(event: string, payload: unknown): Promise<void> {
    await this.#services.emit(event, payload, this.#call.trace);
  }
}

/** What an event came to. Code that does not wait for it does not learn of a refusal (the log has
 * it), and the process lives on. */
export function heeded(emit: () => Promise<void>): Promise<void> {
  const emitted = emit();
  emitted.catch(() => undefined);
  return emitted;
}
