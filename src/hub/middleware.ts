import type { Call } from '../model/call.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Message } from '../model/message.ts';
import type { Endpoint, Origin } from './hub.ts';

/** Continues a call: answers a value, or an async iterable where the output is a stream. */
export type Invoke = (call: Call) => MaybePromise<unknown>;

/** Continues a batch of messages; resolves (or returns) when they are accepted. */
export type Publish = (messages: readonly Message[], origin: Origin) => MaybePromise<void>;

/**
 * One layer of the onion around every handler. It is composed once for each operation when a
 * contract is added: a layer with nothing to do for an operation returns `next` itself and costs
 * nothing. A layer keeps the answer synchronous where `next` answered synchronously.
 */
export interface Middleware {
  readonly name: string;
  invoke?(next: Invoke, endpoint: Endpoint): Invoke;
  publish?(next: Publish): Publish;
}
