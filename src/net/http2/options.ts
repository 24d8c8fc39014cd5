import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';

function count(value: number, minimum: number, maximum: number, description: string) {
  return Type.Integer({ default: value, minimum, maximum, description });
}

/** Section http2 of the listener's options; what both HTTP versions share is in `http`. */
export const http2Options = Type.Object(
  {
    tableBytes: count(
      4_096,
      0,
      65_536,
      'Memory for compressed request headers that a connection may refer back to (HPACK).',
    ),
    streamWindowBytes: count(
      262_144,
      65_535,
      2_147_483_647,
      'Bytes of a request body that a client may send before the handler reads them.',
    ),
    connectionWindowBytes: count(
      1_048_576,
      65_535,
      2_147_483_647,
      'The same, for all requests of a connection together: what one client can make the hub hold.',
    ),
    responseBytes: count(
      65_536,
      1,
      1_073_741_824,
      'Bytes of a streamed response that are queued for a client before its handler has to wait.',
    ),
    continuations: count(
      16,
      0,
      1_000,
      'CONTINUATION frames that one header block may be spread over.',
    ),
    resets: count(
      1_000,
      1,
      1_000_000,
      'Requests that a client may cancel or get refused in quick succession before it is cut off.',
    ),
    resetsPerSecond: count(200, 1, 1_000_000, 'How many of them are forgiven in each second.'),
    idleFrames: count(
      2_000,
      10,
      1_000_000,
      'Frames that carry no request or payload (PING, SETTINGS, empty DATA, ...) in quick succession before a client is cut off.',
    ),
    idleFramesPerSecond: count(
      500,
      1,
      1_000_000,
      'How many of them are forgiven in each second; work done forgives some too.',
    ),
    pingIntervalMs: count(
      30_000,
      0,
      86_400_000,
      'Milliseconds of silence after which a client with requests open is asked for a sign of life (PING), and asked again; after three without an answer it is given up. 0 never asks.',
    ),
  },
  { default: {}, additionalProperties: false, description: 'The HTTP/2 server.' },
);

export type Http2Options = Static<typeof http2Options>;
