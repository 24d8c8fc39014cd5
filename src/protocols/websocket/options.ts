import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';
import { WEBSOCKET_PATH } from '../../wire/jsonrpc/methods.ts';

export const WebSocketOptions = Type.Object(
  {
    path: Type.String({
      default: WEBSOCKET_PATH,
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path of the WebSocket.',
    }),
    maxMessageBytes: Type.Integer({
      minimum: 64,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest message, in bytes; a larger one closes the connection with code 1009.',
    }),
    maxBatch: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most requests in one batch.',
    }),
    maxInFlight: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description:
        'Most messages of one connection that wait for their answers; further ones are not read until some are answered.',
    }),
    maxStreams: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most streaming calls and subscriptions open on one connection.',
    }),
    streamWindow: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 64,
      description: "Items of a client's stream that are held until the handler takes them.",
    }),
    maxDepth: Type.Integer({
      minimum: 2,
      maximum: 1000,
      default: DEFAULT_MAX_DEPTH,
      description: 'Deepest nesting of JSON in a message.',
    }),
    compress: Type.Boolean({
      default: false,
      description:
        'Messages of 1 KiB and more are compressed (permessage-deflate) for clients that offer it; costs processor time.',
    }),
    pingIntervalMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 30_000,
      description:
        'How often a ping goes out, in milliseconds; a client that sends nothing until the next one is gone. 0 for never.',
    }),
    idleTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 3_600_000,
      description:
        'A connection on which no message came for this long, and nothing runs, is closed, in milliseconds; 0 for never.',
    }),
    authenticateTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 10_000,
      description:
        'Where callers without credentials are refused: how long a connection may stay open without them, in milliseconds; 0 for ever.',
    }),
    tokenInQuery: Type.Boolean({
      default: false,
      description:
        'Accept a bearer token as ?access_token=. Browsers cannot send the Authorization header with a WebSocket, but addresses end up in logs: rpc.authenticate is the better way.',
    }),
  },
  { additionalProperties: false },
);

export type WebSocketOptions = Static<typeof WebSocketOptions>;
