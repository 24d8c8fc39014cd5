import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';

export const SseOptions = Type.Object(
  {
    heartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 15_000,
      description: 'How often a comment goes out on a subscription, in milliseconds.',
    }),
    retryMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 2000,
      description: 'How long clients wait before they reconnect, in milliseconds.',
    }),
    creditMessages: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 256,
      description: 'Messages on their way to a client that has not taken the earlier ones.',
    }),
  },
  { additionalProperties: false },
);

export type SseOptions = Static<typeof SseOptions>;
