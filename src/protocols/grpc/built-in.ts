import { unwatchDeadline, watchDeadline } from '../../hub/deadline.ts';
import type { AbortListener, Call } from '../../model/call.ts';
import { Channel } from '../../model/channel.ts';
import { Fault } from '../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { MessageType, MethodType } from '../../wire/protobuf/types.ts';
import type { GrpcContext } from './enveloped.ts';
import { createMethod, type Method } from './method.ts';

/** Methods that the hub itself answers, beside those of contracts: counted in the same figures. */
export interface BuiltIn {
  readonly service: string;
  readonly name: string;
  readonly input: MessageType;
  readonly output: MessageType;
  readonly inputStreams?: boolean;
  readonly outputStreams?: boolean;
  readonly query?: boolean;
  /** The hub counts its messages by itself. */
  readonly countedByHub?: boolean;
  answer(call: Call): MaybePromise<unknown>;
}

const NO_ERRORS = { domain: 'polywire', errors: new Map<string, MessageType>() };

export function builtInMethod(context: GrpcContext, own: BuiltIn): Method {
  const type: MethodType = {
    name: own.name,
    input: own.input,
    output: own.output,
    inputStreams: own.inputStreams === true,
    outputStreams: own.outputStreams === true,
    query: own.query === true,
  };
  const path = `/${own.service}/${own.name}`;
  const { meter, options } = context;
  return createMethod(path, type, NO_ERRORS, options.maxDepth, (call) => {
    const counts = own.countedByHub === true ? 0 : 1;
    meter.received += counts;
    let answer: MaybePromise<unknown>;
    try {
      answer = own.answer(call);
    } catch (error) {
      meter.refused += counts;
      throw Fault.from(error);
    }
    if (type.outputStreams) return answer;
    if (!isPromise(answer)) {
      meter.sent += counts;
      call.end();
      return answer;
    }
    return answer.then(
      (value) => {
        meter.sent += counts;
        call.end();
        return value;
      },
      (error: unknown) => {
        meter.refused += counts;
        throw Fault.from(error);
      },
    );
  });
}

/** How often streams look whether the hub is stopping. */
const STATE_INTERVAL_MS = 100;

/**
 * A stream of the hub's own: ends when its call is aborted or its deadline passes, and when the hub
 * stops, so that a graceful stop waits for nobody.
 */
export class OwnStream<T> extends Channel<T> implements AbortListener {
  readonly #call: Call;
  readonly #deadline: ReturnType<typeof watchDeadline>;
  readonly #watch: NodeJS.Timeout;

  /** @param stopping called when the hub stops, before the stream ends */
  constructor(context: GrpcContext, call: Call, capacity: number, stopping?: () => void) {
    super(capacity);
    this.#call = call;
    this.#deadline = watchDeadline(call);
    this.#watch = setInterval(() => {
      if (context.hub.state === 'ready') return;
      stopping?.();
      this.finish(new Fault('UNAVAILABLE', 'The hub is stopping.', { retryAfterMs: 1000 }));
    }, STATE_INTERVAL_MS).unref();
    this.onClose = () => this.#over();
    call.listen(this);
  }

  /** Ends the stream, with a fault where one is given. */
  finish(fault?: Fault): void {
    if (fault === undefined) this.end();
    else this.fail(fault);
    this.#over();
  }

  aborted(reason: Fault): void {
    this.finish(reason);
  }

  /** What else is to be done at the end; called once. */
  onOver: (() => void) | undefined;

  #over(): void {
    clearInterval(this.#watch);
    unwatchDeadline(this.#deadline, this.#call);
    this.#call.end();
    const onOver = this.onOver;
    this.onOver = undefined;
    onOver?.();
  }
}
