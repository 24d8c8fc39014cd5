/**
 * The methods that Polywire adds to JSON-RPC 2.0. Names that begin with `rpc.` are reserved for
 * extensions of the standard (section 4), so that none of these can be an operation's name.
 * `docs/protocols/websocket.md` explains them with examples.
 */
export const METHODS = {
  /** Facts and limits of the hub. */
  hello: 'rpc.hello',
  /** The OpenRPC document. */
  discover: 'rpc.discover',
  /** Credentials for the rest of the connection. */
  authenticate: 'rpc.authenticate',
  /** The caller gives up a running call. */
  cancel: 'rpc.cancel',
  /** Items of a running call's stream; in either direction. */
  items: 'rpc.items',
  /** The caller's stream is complete. */
  end: 'rpc.end',
  /** More items or deliveries are welcome; in either direction. */
  credit: 'rpc.credit',
  publish: 'rpc.publish',
  subscribe: 'rpc.subscribe',
  unsubscribe: 'rpc.unsubscribe',
  /** Messages of a subscription. */
  deliver: 'rpc.deliver',
  /** Messages that a subscription lost because its receiver gave no credit in time. */
  dropped: 'rpc.dropped',
  /** The hub ended a subscription. */
  closed: 'rpc.closed',
} as const;

/** What clients of the Language Server Protocol send instead of `rpc.cancel`. */
export const LSP_CANCEL = '$/cancelRequest';

/** Where a hub serves the WebSocket unless it is told otherwise. */
export const WEBSOCKET_PATH = '/ws';

/** WebSocket subprotocol that names these methods. */
export const SUBPROTOCOL = 'polywire.v1';

/** Bounds of what one connection may ask for. */
export interface SessionLimits {
  /** Bytes of one message. */
  readonly maxMessageBytes: number;
  /** Requests in one batch. */
  readonly maxBatch: number;
  /** Unary calls that run at a time; further messages wait unread. */
  readonly maxInFlight: number;
  /** Streaming calls and subscriptions open at a time; further ones are refused. */
  readonly maxStreams: number;
  /** Items of a client's stream that the hub holds before the handler takes them. */
  readonly streamWindow: number;
  /** Nesting of arrays and objects. */
  readonly maxDepth: number;
}

/** What `rpc.hello` answers. */
export interface HelloResult {
  readonly server: 'polywire';
  readonly protocol: typeof SUBPROTOCOL;
  /** Name of the principal that this connection acts as. */
  readonly principal: string;
  readonly authenticated: boolean;
  readonly limits: SessionLimits;
}

/** A message as JSON: exactly one of `payload`, `text` and `base64`. */
export interface MessageJson {
  readonly subject: string;
  /** A JSON value. */
  readonly payload?: unknown;
  /** A text payload, UTF-8. */
  readonly text?: string;
  /** Bytes of any kind (RFC 4648 section 4). */
  readonly base64?: string;
  readonly contentType?: string;
  readonly key?: string;
  /** Names and values, in order; a name may be repeated. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly id?: string;
}

/** One message of `rpc.deliver`. */
export interface DeliveryJson extends MessageJson {
  readonly id: string;
  /** Opaque: `after` of a later `rpc.subscribe`. */
  readonly position: string;
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly timeMs: number;
  /** Name of the protocol that the message came by. */
  readonly source: string;
  readonly traceparent?: string;
}

export interface SubscribeResult {
  readonly subscription: string;
  /** Something may be missing between `after` and the first delivery. */
  readonly gap: boolean;
}
