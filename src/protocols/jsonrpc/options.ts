import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';
import { SESSION_OPTIONS } from '../../wire/jsonrpc/session-options.ts';

export const DEFAULT_PATH = '/rpc';

export const JsonRpcOptions = Type.Object(
  {
    path: Type.String({
      default: DEFAULT_PATH,
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path for JSON-RPC by POST.',
    }),
    ...SESSION_OPTIONS,
    messageTimeMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 60_000,
      description:
        'How long one message may take to arrive on a raw connection, in milliseconds (at most twice as long); then the connection is closed. 0 for no limit.',
    }),
    idleTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 600_000,
      description:
        'A raw connection on which nothing came for this long, and nothing runs, is closed, in milliseconds; 0 for never.',
    }),
  },
  { additionalProperties: false },
);

export type JsonRpcOptions = Static<typeof JsonRpcOptions>;
