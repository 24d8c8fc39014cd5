import type { Call } from '../model/call.ts';
import type { Fault } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import type { Meter } from './diagnostics.ts';
import type { Endpoint, Origin } from './hub.ts';

/** Continues a call: answers a value, or an async iterable where the output is a stream. */
export type Invoke = (call: Call) => MaybePromise<unknown>;

/** Continues a batch of messages; resolves (or returns) when they are accepted. */
export type Publish = (messages: readonly Message[], origin: Origin) => MaybePromise<void>;

/** Sees every call of one operation from its arrival to its end, refused ones too. Must not
 * throw. */
export interface CallObserver {
  /** The call has arrived; nothing has been decided. May replace `call.trace`. */
  begin?(call: Call, meter: Meter): void;
  /** The call is over: its answer, or the last item of it, is known. Called exactly once for each
   * `begin`. */
  end(call: Call, meter: Meter, fault: Fault | undefined, durationMs: number): void;
}

/**
 * One layer of the onion around every handler. It is composed once for each operation when a
 * contract is added: a layer with nothing to do for an operation returns `next` itself and costs
 * nothing. A layer keeps the answer synchronous where `next` answered synchronously.
 */
export interface Middleware {
  readonly name: string;
  /** Around the handler: only calls that are authorized and whose input is valid get here. */
  invoke?(next: Invoke, endpoint: Endpoint): Invoke;
  /** Around accepting messages, before they are checked. */
  publish?(next: Publish): Publish;
  /** Undefined for nothing to see. */
  observe?(endpoint: Endpoint): CallObserver | undefined;
}
