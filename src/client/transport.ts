import type { Fault } from '../model/fault.ts';

/** What can be said about one call. */
export interface CallOptions {
  /** Ends the call: it fails with CANCELLED, and the hub is told. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer, or for the end of a stream; the hub keeps to it as well.
   * Then the call fails with DEADLINE_EXCEEDED. */
  readonly timeoutMs?: number | undefined;
  /** Goes to the handler: HTTP headers, or their like. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What can be said about one subscription. */
export interface SubscribeOptions {
  /** Position of an earlier delivery, to go on after it. */
  readonly after?: string | undefined;
  /** Ends the subscription; the loop over it ends without a fault. */
  readonly signal?: AbortSignal | undefined;
}

/** One message as it came. */
export interface Received {
  readonly subject: string;
  /** Opaque; hand it to `subscribe` as `after` to go on behind this message. */
  readonly position: string;
  readonly payload: unknown;
}

/** What carries calls and messages to a hub. Everything fails with a Fault and nothing else. */
export interface Transport {
  /** Begins a call. Resolves with the value, or with an async iterable where the answer is a
   * stream. @param input a value, or an (async) iterable where the client streams */
  call(operation: string, input: unknown, options: CallOptions): Promise<unknown>;
  /** Resolves when the hub has accepted the message. */
  publish(subject: string, payload: unknown, options: CallOptions): Promise<void>;
  /** @param filter levels joined by dots, `*` for one level, `>` at the end for the rest */
  subscribe(filter: string, options: SubscribeOptions): AsyncIterable<Received>;
  /** Ends what runs with `reason` and frees the connection. */
  close(reason: Fault): Promise<void>;
}

/** True for what a client streams: an async iterable, or an iterable that is no text. A single
 * input is always an object without an iterator. */
export function isStream(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
