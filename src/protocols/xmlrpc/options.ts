import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

export const XmlRpcOptions = Type.Object(
  {
    path: Type.String({
      default: '/xmlrpc',
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path for XML-RPC by POST.',
    }),
    maxRequestBytes: Type.Integer({
      minimum: 64,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest request, in bytes, after unpacking.',
    }),
    maxDepth: Type.Integer({
      minimum: 2,
      maximum: 300,
      default: DEFAULT_MAX_DEPTH,
      description: 'Deepest nesting of arrays and structs in a request.',
    }),
    maxElements: Type.Integer({
      minimum: 16,
      maximum: 10_000_000,
      default: 200_000,
      description: 'Most XML elements in a request; a member of a struct takes about four.',
    }),
    maxParams: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 64,
      description: 'Most parameters of one call.',
    }),
    maxMulticall: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most calls in one system.multicall.',
    }),
    compressFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 2048,
      description:
        'Answers of at least this many bytes are compressed (br, gzip) for clients that accept it.',
    }),
    largeIntegers: Type.Enum(['i8', 'double', 'refuse'], {
      default: 'i8',
      description:
        'How whole numbers beyond 32 bits are answered: as the extension <i8>, as <double>, or with a fault.',
    }),
    nil: Type.Enum(['nil', 'ex:nil', 'none'], {
      default: 'nil',
      description:
        "How null is answered: as the extension <nil/>, as Apache's <ex:nil/>, or not at all (members are left out, other nulls are empty strings).",
    }),
    dateTimes: Type.Enum(['spec', 'fraction', 'string'], {
      default: 'spec',
      description:
        'How date-times are answered: dateTime.iso8601 as the specification writes it (UTC, whole seconds), the same with fractions of a second and Z, or strings as they are.',
    }),
    faultDetails: Type.Enum(['member', 'text', 'none'], {
      default: 'member',
      description:
        'Where the exact code of a fault, and the name and data of a declared error, are told: in a third member "fault" of the fault struct, in faultString behind the message as a line of JSON, or nowhere.',
    }),
  },
  { additionalProperties: false },
);

export type XmlRpcOptions = Static<typeof XmlRpcOptions>;
