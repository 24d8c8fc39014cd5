import { Fault } from '../model/fault.ts';
import type { CallOptions } from './transport.ts';

/**
 * One abort signal for all that can end a call from this side: the caller's signal, its timeout,
 * the client being closed. Its reason is always a Fault.
 */
export class CallScope {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal | undefined;
  readonly #cancel = (): void => {
    this.end(new Fault('CANCELLED', 'The call was cancelled.', { cause: this.#outer?.reason }));
  };

  constructor(options: Pick<CallOptions, 'signal' | 'timeoutMs'>) {
    this.#outer = options.signal;
    if (options.signal?.aborted) this.#cancel();
    else options.signal?.addEventListener('abort', this.#cancel, { once: true });
    const { timeoutMs } = options;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.end(new Fault('DEADLINE_EXCEEDED', `There was no answer within ${timeoutMs} ms.`));
      }, timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call with this reason; the first reason stands. */
  end(reason: Fault): void {
    this.#controller.abort(reason);
    this.done();
  }

  /** The call is over; nothing is left behind that would end it. */
  done(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#cancel);
  }
}

/** What a failed request means: the reason it was ended for, or that the hub was not reached. */
export function connectionFault(error: unknown, scope: CallScope, url: string): Fault {
  if (scope.signal.aborted) return scope.signal.reason as Fault;
  if (error instanceof Fault) return error;
  return new Fault('UNAVAILABLE', `The hub at ${url} was not reached, or the connection broke.`, {
    cause: error,
  });
}
