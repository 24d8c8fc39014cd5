import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';

export const DEFAULT_PATH = '/soap';

export const SoapOptions = Type.Object(
  {
    path: Type.String({
      default: DEFAULT_PATH,
      pattern: '^/[^?#:*]*[^?#:*/]$',
      description: 'HTTP path below which each service has its address.',
    }),
    maxMessageBytes: Type.Integer({
      minimum: 256,
      maximum: 1_073_741_824,
      default: 4_194_304,
      description: 'Largest request, attachments included, in bytes.',
    }),
    maxDepth: Type.Integer({
      minimum: 8,
      maximum: 1000,
      default: 100,
      description: 'Deepest nesting of elements in a message.',
    }),
    maxElements: Type.Integer({
      minimum: 16,
      maximum: 10_000_000,
      default: 200_000,
      description: 'Most elements in a message.',
    }),
    maxAttributes: Type.Integer({
      minimum: 4,
      maximum: 10_000,
      default: 64,
      description: 'Most attributes of one element.',
    }),
    maxAttachments: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Most attachments (MTOM parts) of a message.',
    }),
    attachFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 1024,
      description:
        'Bytes of a value from which it is answered as an attachment, to clients that take MTOM.',
    }),
    compressFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 4096,
      description: 'Length of an answer from which it is compressed, where the client takes that.',
    }),
    security: Type.Boolean({
      default: true,
      description: 'Whether WS-Security headers (UsernameToken, Timestamp) are understood.',
    }),
    securityMaxAgeMs: Type.Integer({
      minimum: 1000,
      maximum: 86_400_000,
      default: 300_000,
      description: 'Age from which a UsernameToken or Timestamp is refused, in milliseconds.',
    }),
    securityClockSkewMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 60_000,
      description: "How far a client's clock may differ, in milliseconds.",
    }),
    securityMaxNonces: Type.Integer({
      minimum: 100,
      maximum: 10_000_000,
      default: 100_000,
      description:
        'Most nonces that are remembered, so that no token is used twice; while there are as many, further tokens with a nonce are refused.',
    }),
  },
  { additionalProperties: false },
);

export type SoapOptions = Static<typeof SoapOptions>;
