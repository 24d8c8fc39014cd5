import type { Fault } from '../model/fault.ts';

/** What can be said about one call. */
export interface CallOptions {
  /** Ends the call: it fails with CANCELLED, and the hub is told. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer, or for the end of a stream; the hub keeps to it as well.
   * Then the call fails with DEADLINE_EXCEEDED. Without it the client waits as long as the hub. */
  readonly timeoutMs?: number | undefined;
  /** Goes to the handler: HTTP headers, or their like. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What can be said about one subscription. */
export interface SubscribeOptions {
  /** Position of an earlier delivery, to go on after it. */
  readonly after?: string | undefined;
  /** Where to begin without one: `now` (the default), `start` of what the hub keeps, or a time in
   * milliseconds since 1970-01-01T00:00Z. */
  readonly from?: 'now' | 'start' | number | undefined;
  /** Begin with about so many of the latest messages. */
  readonly last?: number | undefined;
  /** Ends the subscription; the loop over it ends without a fault. */
  readonly signal?: AbortSignal | undefined;
  /** Called when something may be missing: the hub no longer held the place to go on from, or
   * this receiver was too slow. */
  readonly onGap?: (() => void) | undefined;
}

/** One message as it came. */
export interface Received<Payload = unknown> {
  readonly subject: string;
  /** Opaque; hand it to `subscribe` as `after` to go on behind this message. */
  readonly position: string;
  /** JSON as its value, other text as it is, anything else as bytes. */
  readonly payload: Payload;
}

/** What came of a call; exactly one of the two is used. */
export interface Outcome {
  /** The answer of a unary call. Rejects with a Fault, also when the answer is a stream. */
  value(): Promise<unknown>;
  /** The items of a streamed answer. Leaving early cancels the call. */
  items(): AsyncIterable<unknown>;
}

/** An input that the client streams. */
export type ItemSource = AsyncIterable<unknown> | Iterable<unknown>;

/** What carries calls and messages to a hub. Everything fails with a Fault and nothing else. */
export interface Transport {
  /** Begins a call at once. @param input a value, or an item source where the client streams */
  call(operation: string, input: unknown, options: CallOptions): Outcome;
  /** Resolves when the hub has accepted the message. */
  publish(subject: string, payload: unknown, options: CallOptions): Promise<void>;
  /** Goes on by itself after a broken connection, where the hub still keeps what was missed.
   * @param filter levels joined by dots, `*` for one level, `>` at the end for the rest */
  subscribe(filter: string, options: SubscribeOptions): AsyncIterable<Received>;
  /** Ends what runs with `reason` and frees the connection. */
  close(reason: Fault): Promise<void>;
}

/** True for what a client streams. A unary input is always an object that cannot be iterated. */
export function isItemSource(value: unknown): value is ItemSource {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

/** The bytes that a base64 text stands for (RFC 4648 section 4). */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
