import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

export const RestOptions = Type.Object(
  {
    maxBodyBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest request body, in bytes, before and after unpacking.',
    }),
    maxMessageBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest payload of POST /publish, in bytes.',
    }),
    maxItemBytes: Type.Integer({
      minimum: 1,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest single value of a streamed request body, in bytes.',
    }),
    maxJsonDepth: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: DEFAULT_MAX_DEPTH,
      description: 'Deepest nesting of JSON in a request.',
    }),
    compressFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 2048,
      description:
        'Answers of at least this many bytes are compressed (br, gzip) for clients that accept it.',
    }),
    etags: Type.Boolean({
      default: true,
      description: 'Answers of queries carry an ETag, and If-None-Match is honoured.',
    }),
    heartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 15_000,
      description: 'How often a comment goes out on an event stream, in milliseconds.',
    }),
    idempotencyTtlMs: Type.Integer({
      minimum: 0,
      maximum: 604_800_000,
      default: 86_400_000,
      description:
        'How long the answer to a command with an Idempotency-Key is remembered, in milliseconds. It is held in memory: a restart forgets it. 0 refuses the header.',
    }),
    idempotencyMaxEntries: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 10_000,
      description: 'Answers remembered for Idempotency-Key; the oldest are forgotten first.',
    }),
    idempotencyMaxBytes: Type.Integer({
      minimum: 1,
      maximum: 17_179_869_184,
      default: 16_777_216,
      description: 'Bytes of answers remembered for Idempotency-Key.',
    }),
    docs: Type.Boolean({
      default: true,
      description: 'Serve the documentation page at /docs.',
    }),
  },
  { additionalProperties: false },
);

export type RestOptions = Static<typeof RestOptions>;
