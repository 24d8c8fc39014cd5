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
  readonly #over: (scope: CallScope) => void;
  readonly #cancel = (): void => {
    this.end(new Fault('CANCELLED', 'The caller gave up.', { cause: this.#outer?.reason }));
  };

  /** @param over called when the call is over */
  constructor(
    options: Pick<CallOptions, 'signal' | 'timeoutMs'>,
    over: (scope: CallScope) => void,
  ) {
    this.#over = over;
    this.#outer = options.signal;
    const { timeoutMs } = options;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.end(new Fault('DEADLINE_EXCEEDED', `There was no answer within ${timeoutMs} ms.`));
      }, timeoutMs);
    }
    if (options.signal?.aborted) this.#cancel();
    else options.signal?.addEventListener('abort', this.#cancel, { once: true });
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
    this.#over(this);
  }

  /** The promise, unless the call is ended first. */
  race<Value>(promise: Promise<Value>): Promise<Value> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  /** What a failed request means: the reason it was ended for, or that the hub is not there. */
  faultOf(error: unknown, url: string): Fault {
    if (this.signal.aborted) return this.signal.reason as Fault;
    if (error instanceof Fault) return error;
    const message = `The hub at ${url} was not reached, or the connection to it broke.`;
    return new Fault('UNAVAILABLE', message, { cause: error });
  }
}
