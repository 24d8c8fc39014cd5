import type { SubjectText } from './subject.ts';
import type { TraceContext } from './trace.ts';

/**
 * One published payload. The payload is the original bytes with their content type; it is
 * converted when somebody reads it who needs another form. A message is not changed once it is
 * published: receivers share it.
 */
export interface Message {
  readonly subject: SubjectText;
  /** Order is kept within a key; undefined where the source has none. */
  readonly key: string | undefined;
  /** Where there is no key: order is kept among messages with the same text. It is not stored. */
  readonly order?: string | undefined;
  /** Names as the source spelled them; user headers, not the protocol's own. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Uint8Array;
  /** Media type; undefined where the source did not say. */
  readonly contentType: string | undefined;
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly timeMs: number;
  /** Unique; made by the hub where the source gave none. */
  readonly id: string;
  /** Name of the protocol it came by; 'hub' for one that a handler published. */
  readonly source: string;
  readonly trace: TraceContext | undefined;
}

/** A message with its place in what a subscriber sees. */
export interface Delivery {
  readonly message: Message;
  /** Opaque: to resume after this message and what was delivered before it. */
  readonly position: string;
}
