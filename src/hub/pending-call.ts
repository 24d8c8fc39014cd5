import type { AbortListener, Call } from '../model/call.ts';
import type { Fault } from '../model/fault.ts';
import type { CallRunner } from './call-runner.ts';
import { type DeadlineWatch, unwatchDeadline, watchDeadline } from './deadline.ts';
import type { Meter } from './diagnostics.ts';
import { iteratorOf, leave } from './guarded-stream.ts';
import type { InputStream } from './input-stream.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/** A call whose answer comes later, or is given up: at the deadline, or when the caller leaves.
 * What the handler says after that is ignored. */
export class PendingCall implements AbortListener {
  readonly answer: Promise<unknown>;
  readonly #runner: CallRunner;
  readonly #endpoint: ServedEndpoint;
  readonly #call: Call;
  readonly #meter: Meter;
  readonly #input: InputStream | undefined;
  readonly #deadline: DeadlineWatch;
  #resolve!: (value: unknown) => void;
  #reject!: (fault: Fault) => void;
  #over = false;

  constructor(
    runner: CallRunner,
    endpoint: ServedEndpoint,
    call: Call,
    meter: Meter,
    input: InputStream | undefined,
    answer: Promise<unknown>,
  ) {
    this.#runner = runner;
    this.#endpoint = endpoint;
    this.#call = call;
    this.#meter = meter;
    this.#input = input;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = watchDeadline(call);
    runner.ongoing.set(call, endpoint);
    answer.then(
      (value) => this.#answered(value),
      (thrown: unknown) => this.#failed(thrown),
    );
    call.listen(this);
  }

  aborted(reason: Fault): void {
    if (this.#over) return;
    this.#stop();
    this.#runner.end(this.#endpoint, this.#call, this.#meter, this.#input, reason);
    this.#reject(reason);
  }

  #answered(value: unknown): void {
    if (this.#over) {
      closeLate(value, this.#endpoint);
      return;
    }
    this.#stop();
    try {
      this.#resolve(
        this.#runner.answered(this.#endpoint, this.#call, this.#meter, this.#input, value),
      );
    } catch (fault) {
      this.#reject(fault as Fault);
    }
  }

  #failed(thrown: unknown): void {
    if (this.#over) return;
    this.#stop();
    this.#reject(this.#runner.failed(this.#endpoint, this.#call, this.#meter, this.#input, thrown));
  }

  #stop(): void {
    this.#over = true;
    unwatchDeadline(this.#deadline, this.#call);
    this.#call.unlisten(this);
  }
}

/** A stream that came when nobody wanted it any more is told so. */
export function closeLate(answer: unknown, endpoint: ServedEndpoint): void {
  if (!endpoint.operation.output.stream) return;
  try {
    const source = iteratorOf(answer);
    if (source !== undefined) leave(source);
  } catch {
    // It could not even be started: nothing is left open.
  }
}
