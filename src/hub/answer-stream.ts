import type { AbortListener, Call } from '../model/call.ts';
import type { Fault } from '../model/fault.ts';
import { Fault as FaultClass } from '../model/fault.ts';
import type { CallRunner } from './call-runner.ts';
import { type DeadlineWatch, unwatchDeadline, watchDeadline } from './deadline.ts';
import type { Meter } from './diagnostics.ts';
import { badOutput, faultOf } from './fault-of.ts';
import { GuardedStream, iteratorOf, type StreamGuard } from './guarded-stream.ts';
import type { InputStream } from './input-stream.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/** A handler's stream on its way to the client; the call runs until the stream ends. */
export class AnswerStream implements StreamGuard, AbortListener {
  readonly stream: GuardedStream;
  readonly #runner: CallRunner;
  readonly #endpoint: ServedEndpoint;
  readonly #call: Call;
  readonly #meter: Meter;
  readonly #input: InputStream | undefined;
  readonly #deadline: DeadlineWatch;

  /** @throws TypeError where the handler's answer is no stream. */
  constructor(
    runner: CallRunner,
    endpoint: ServedEndpoint,
    call: Call,
    meter: Meter,
    input: InputStream | undefined,
    answer: unknown,
  ) {
    const source = iteratorOf(answer);
    if (source === undefined) {
      throw new TypeError(`the handler of ${endpoint.name} must answer an async iterable`);
    }
    this.#runner = runner;
    this.#endpoint = endpoint;
    this.#call = call;
    this.#meter = meter;
    this.#input = input;
    this.stream = new GuardedStream(source, this);
    this.#deadline = watchDeadline(call);
    runner.ongoing.set(call, endpoint);
    call.listen(this);
  }

  item(value: unknown, index: number): unknown {
    const { output } = this.#endpoint;
    if (output !== undefined && !output.check(value)) {
      throw badOutput(this.#endpoint, value, index);
    }
    this.#meter.sent++;
    return value;
  }

  fault(thrown: unknown): Error {
    return faultOf(thrown, this.#endpoint, this.#call);
  }

  ended(fault: Error | undefined, readerLeft: boolean): void {
    unwatchDeadline(this.#deadline, this.#call);
    // The handler may wait for something else than its next item: tell it that nobody reads.
    if (readerLeft) this.#call.abort(new FaultClass('CANCELLED', 'The reader left the stream.'));
    this.#runner.end(this.#endpoint, this.#call, this.#meter, this.#input, fault as Fault);
  }

  aborted(reason: Fault): void {
    this.stream.cut(reason);
  }
}
