import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

export const DEFAULT_PATH = '/rpc';

export const JsonRpcOptions = Type.Object(
  {
    path: Type.String({
      default: DEFAULT_PATH,
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path for JSON-RPC by POST.',
    }),
    maxMessageBytes: Type.Integer({
      minimum: 64,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest message (a request or a batch), in bytes.',
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
        'Most messages of one raw connection that wait for their answers; further ones are not read until some are answered.',
    }),
    maxStreams: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most streaming calls and subscriptions open on one raw connection.',
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
    authenticateTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 10_000,
      description:
        'Where callers without credentials are refused: how long a raw connection may stay open without them, in milliseconds; 0 for ever.',
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
