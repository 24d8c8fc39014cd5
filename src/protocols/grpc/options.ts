import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';

export const GrpcOptions = Type.Object(
  {
    maxMessageBytes: Type.Integer({
      minimum: 1,
      maximum: 1_073_741_824,
      default: 4_194_304,
      description: 'Largest message of a request, in bytes, before and after unpacking.',
    }),
    maxDepth: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 100,
      description: 'Deepest nesting of messages, or of JSON, in a request.',
    }),
    compressFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 2048,
      description:
        'Messages of at least this many bytes are compressed (gzip) for clients that accept it.',
    }),
    maxDetailsBytes: Type.Integer({
      minimum: 0,
      maximum: 1_048_576,
      default: 6144,
      description:
        'Largest status details of an error, in bytes; many clients refuse trailers past 8 KiB. Details that do not fit are left out, the least important first.',
    }),
    reflection: Type.Boolean({
      default: true,
      description:
        'Serve server reflection (v1 and v1alpha), which tells clients the types of all operations.',
    }),
    creditMessages: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 256,
      description:
        'Messages of a subscription on their way to a client that has not taken the earlier ones.',
    }),
  },
  { additionalProperties: false },
);

export type GrpcOptions = Static<typeof GrpcOptions>;
