import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

/** Options of every protocol that carries JSON-RPC sessions. */
export const SESSION_OPTIONS = {
  maxMessageBytes: Type.Integer({
    minimum: 64,
    maximum: 1_073_741_824,
    default: 1_048_576,
    description:
      'Largest message (a request or a batch), in bytes; a larger one ends the connection that it came by.',
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
  authenticateTimeoutMs: Type.Integer({
    minimum: 0,
    maximum: 3_600_000,
    default: 10_000,
    description:
      'Where callers without credentials are refused: how long a connection may stay open without them, in milliseconds; 0 for ever.',
  }),
};
