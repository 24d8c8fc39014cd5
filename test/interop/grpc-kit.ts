import http2 from 'node:http2';
import {
  command,
  contract,
  error,
  event,
  implement,
  query,
  service,
  stream,
} from '../../src/index.ts';
import { type StartHubOptions, startHub, type TestHub } from '../../src/testing/index.ts';

const Line = {
  type: 'object',
  properties: { text: { type: 'string' }, count: { type: 'integer', minimum: 0 } },
  required: ['text', 'count'],
  additionalProperties: false,
} as const;

export const shop = contract({
  name: 'shop',
  version: '1.0.0',
  errors: {
    SoldOut: error({
      code: 'FAILED_PRECONDITION',
      message: 'Nothing is left of it.',
      data: {
        type: 'object',
        properties: { left: { type: 'integer' } },
        required: ['left'],
      } as const,
    }),
  },
  services: {
    shop: service({
      operations: {
        echo: query({ input: Line, output: Line }),
        order: command({ input: Line, output: Line, errors: ['SoldOut'] }),
        numbers: query({
          input: {
            type: 'object',
            properties: {
              whole: { type: 'integer' },
              large: { type: 'string', format: 'int64' },
              any: true,
            },
          } as const,
          output: { type: 'array', items: { type: 'string' } } as const,
        }),
        lines: query({ input: Line, output: stream(Line) }),
        sum: command({
          input: stream(Line),
          output: {
            type: 'object',
            properties: { total: { type: 'integer' } },
            required: ['total'],
          } as const,
        }),
        headers: query({
          output: {
            type: 'object',
            properties: { text: { type: 'string' }, binary: { type: 'string' } },
            required: ['text', 'binary'],
          } as const,
        }),
      },
      events: { sold: event({ payload: Line, subject: 'shop.sold' }) },
    }),
  },
});

export const shopApplication = implement(shop, {
  shop: {
    echo: (input) => input,
    order: async (input) => {
      throw shop.errors.SoldOut({ left: input.count });
    },
    numbers: async (input) => [
      String(input.whole),
      String(input.large),
      JSON.stringify(input.any ?? null),
    ],
    lines: async function* (input) {
      for (let index = 0; index < input.count; index++) yield { text: input.text, count: index };
    },
    sum: async (items) => {
      let total = 0;
      for await (const { count } of items) total += count;
      return { total };
    },
    headers: async (_, context) => {
      context.setReplyMetadata('x-answer', 'grüezi');
      context.setReplyMetadata('x-bytes-bin', 'AAEC');
      context.setReplyMetadata('grpc-status', '7');
      return {
        text: context.metadata.get('x-question') ?? '',
        binary: context.metadata.get('x-raw-bin') ?? '',
      };
    },
  },
});

export function startShop(options: StartHubOptions = {}): Promise<TestHub> {
  return startHub([shopApplication], options);
}

/** A message with its head. */
export function framed(bytes: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** `Line` in the wire format. */
export function lineBytes(text: string, count: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x0a, Buffer.byteLength(text)]),
    Buffer.from(text),
    Buffer.from([0x10, count]),
  ]);
}

export interface RawAnswer {
  readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  /** grpc-status, wherever it stood. */
  readonly status: number;
}

/** One request as bytes, over HTTP/2 of Node. */
export function raw(
  url: string,
  path: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(url);
    session.on('error', reject);
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let head: RawAnswer['headers'] = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const pieces: Buffer[] = [];
    request.on('response', (fields) => {
      head = fields;
    });
    request.on('trailers', (fields) => {
      trailers = fields;
    });
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', reject);
    request.on('end', () => {
      session.close();
      const status = Number(trailers['grpc-status'] ?? head['grpc-status'] ?? -1);
      resolve({ headers: head, trailers, body: Buffer.concat(pieces), status });
    });
    request.end(body);
  });
}
