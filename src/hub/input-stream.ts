import type { Parser } from '../model/application.ts';
import type { AbortListener, Call } from '../model/call.ts';
import { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import { badInput } from './compose.ts';
import { GuardedStream, iteratorOf, type StreamGuard } from './guarded-stream.ts';
import type { ServedEndpoint } from './served-endpoint.ts';

/**
 * A client's stream as the handler reads it: every item is checked when it is read, and a bad one
 * fails the whole call, also when the handler would rather go on. Ends when the call is aborted.
 */
export class InputStream implements StreamGuard, AbortListener {
  readonly stream: GuardedStream;
  readonly #endpoint: ServedEndpoint;
  readonly #call: Call;
  readonly #parser: Parser | undefined;

  /** @throws Fault INVALID_ARGUMENT where the input of the call is no stream. */
  constructor(endpoint: ServedEndpoint, call: Call, parser: Parser | undefined) {
    const source = iteratorOf(call.input);
    if (source === undefined) {
      throw new Fault('INVALID_ARGUMENT', `${endpoint.name} takes a stream of values, not one.`);
    }
    this.#endpoint = endpoint;
    this.#call = call;
    this.#parser = parser;
    this.stream = new GuardedStream(source, this);
    call.listen(this);
  }

  item(value: unknown, index: number): MaybePromise<unknown> {
    const { input, name } = this.#endpoint;
    if (!input.check(value)) throw this.#bad(badInput(name, input.violations(value), index));
    if (this.#parser === undefined) {
      return input.applyDefaults === undefined ? value : input.applyDefaults(value);
    }
    return this.#parse(this.#parser, value, index);
  }

  fault(thrown: unknown): Error {
    return Fault.from(thrown);
  }

  ended(): void {
    this.#call.unlisten(this);
  }

  aborted(reason: Fault): void {
    this.stream.cut(reason);
  }

  /** The call is over: whoever sends may stop. */
  close(): void {
    if (!this.stream.ended) this.stream.return().then(undefined, () => undefined);
  }

  async #parse(parser: Parser, value: unknown, index: number): Promise<unknown> {
    try {
      return await parser(value);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.violations === undefined) throw fault;
      throw this.#bad(badInput(this.#endpoint.name, fault.violations, index));
    }
  }

  #bad(fault: Fault): Fault {
    this.#call.abort(fault);
    return fault;
  }
}
