import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';
import { WEBSOCKET_PATH } from '../../wire/jsonrpc/methods.ts';
import { SESSION_OPTIONS } from '../../wire/jsonrpc/session-options.ts';

export const WebSocketOptions = Type.Object(
  {
    path: Type.String({
      default: WEBSOCKET_PATH,
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path of the WebSocket.',
    }),
    ...SESSION_OPTIONS,
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
    tokenInQuery: Type.Boolean({
      default: false,
      description:
        'Accept a bearer token as ?access_token=. Browsers cannot send the Authorization header with a WebSocket, but addresses end up in logs: rpc.authenticate is the better way.',
    }),
  },
  { additionalProperties: false },
);

export type WebSocketOptions = Static<typeof WebSocketOptions>;
