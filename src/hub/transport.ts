import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Meter } from './diagnostics.ts';
import type { HeaderList } from './header-list.ts';

/** The other end of a connection. */
export interface Peer {
  /** IP address, or the path of a Unix socket. */
  readonly address: string;
  readonly port: number | undefined;
  readonly transport: 'tcp' | 'unix' | 'stdio';
  readonly secure: boolean;
}

/** This end of a connection. */
export interface LocalAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * A byte connection after its protocol is known: batch-first in both directions. What is written
 * within one turn of the event loop goes out as one write.
 */
export interface Connection {
  readonly peer: Peer;
  /** Where the peer reached us; undefined where there is no address (Unix sockets, pipes). */
  readonly local: LocalAddress | undefined;
  /** Strings are UTF-8. Bytes are taken over: do not change them until they are sent. Answers
   * false when more is queued than the peer reads: stop until `receiver.drained`. */
  write(chunk: string | Uint8Array): boolean;
  /** Bytes queued and not yet taken by the operating system. */
  readonly queuedBytes: number;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; what is queued is lost. */
  destroy(): void;
}

/** What a protocol does with a connection. */
export interface Receiver {
  /** `bytes` is a view into a shared buffer, valid only during this call: copy what you keep. */
  data(bytes: Buffer): void;
  /** The peer sends no more. */
  ended(): void;
  /** The queue that made `write` answer false is empty again. */
  drained(): void;
  /** The connection is gone; always called once, after which nothing is called. */
  closed(): void;
  /** The hub is stopping: finish what is running, take nothing new, then end the connection. */
  drain(): void;
}

/** Anything that can be told to give up. A Call is one. */
export interface Abortable {
  abort(): void;
}

/**
 * One HTTP request and its response, whatever HTTP version carries it. Exactly one of `respond`,
 * `open` and `upgrade` is called, once.
 */
export interface Exchange {
  readonly method: string;
  /** Path as sent, starting with '/', still percent-encoded; '*' for OPTIONS *. */
  readonly path: string;
  /** What follows '?', without it; '' for none. */
  readonly query: string;
  /** Lower-case names. `cookie` and `authorization` included. */
  readonly headers: Metadata;
  /** Host header or :authority. */
  readonly authority: string;
  readonly httpVersion: '1.0' | '1.1' | '2';
  readonly peer: Peer;
  /** Parameters that the router took from the path, percent-decoded. */
  parameters: Readonly<Record<string, string | undefined>>;
  /** Whose figures this exchange belongs to; the router sets it. */
  meter: Meter;

  /** Declared length of the request's body; 0 for none, undefined where it is not declared. */
  readonly contentLength: number | undefined;
  /** The whole body. A Buffer at once when it has arrived with the head (then it is a view, valid
   * only during this turn), else a promise. Rejects with RESOURCE_EXHAUSTED past `maxBytes`
   * (the response is then 413) and CANCELLED when the client leaves. */
  bytes(maxBytes: number): MaybePromise<Buffer>;
  /** The body in pieces, with back-pressure; each piece may be kept. */
  body(): AsyncIterable<Buffer>;
  /** Trailer fields after the body has ended; undefined when there were none. */
  readonly trailers: Metadata | undefined;

  /** A whole response. Content-Length and Date are added; for HEAD the body is left out and its
   * length told; a body is refused for 1xx, 204 and 304. */
  respond(status: number, headers: HeaderList, body?: string | Uint8Array): void;
  /** A response whose body follows in pieces. */
  open(status: number, headers: HeaderList): BodyWriter;
  /** HTTP/1.1 only, undefined elsewhere: answers 101 with these headers and hands the connection
   * over; the bytes that came after the head are the first `data`. */
  upgrade?(headers: HeaderList, accept: (connection: Connection) => Receiver): void;

  /** Aborted when the client leaves before the response is complete. Setting it on an exchange
   * that is already gone aborts it at once. */
  abortable: Abortable | undefined;
  /** The client is gone, or the response is complete. */
  readonly finished: boolean;
}

export interface BodyWriter {
  /** Answers false when the client reads too slowly: wait for `drained()`. Nothing happens after
   * the client left. */
  write(chunk: string | Uint8Array): boolean;
  /** Resolves when there is room again or the client is gone. */
  drained(): Promise<void>;
  /** Ends the body; trailers go out where the HTTP version carries them. */
  end(trailers?: HeaderList): void;
  /** Cuts the response off so that the client sees that it is incomplete. */
  abort(): void;
  readonly closed: boolean;
}
