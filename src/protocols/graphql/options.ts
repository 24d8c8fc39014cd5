import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

export const DEFAULT_PATH = '/graphql';

const MANY = 1_000_000;

export const GraphqlOptions = Type.Object(
  {
    path: Type.String({
      default: DEFAULT_PATH,
      pattern: '^/[^?#:*]*[^/?#:*]$',
      description: 'HTTP path of queries, of the page, and of the WebSocket.',
    }),
    maxBodyBytes: Type.Integer({
      minimum: 64,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'Largest request body or WebSocket message, in bytes.',
    }),
    maxJsonDepth: Type.Integer({
      minimum: 4,
      maximum: 1000,
      default: DEFAULT_MAX_DEPTH,
      description: 'Deepest nesting of JSON in a request (in its variables).',
    }),
    maxTokens: Type.Integer({
      minimum: 10,
      maximum: 20_000,
      default: 2000,
      description: 'Most words and signs in one document; reading stops there.',
    }),
    maxDepth: Type.Integer({
      minimum: 1,
      maximum: 500,
      default: 15,
      description: 'Deepest nesting of fields; introspection has a limit of its own.',
    }),
    maxAliases: Type.Integer({
      minimum: 0,
      maximum: MANY,
      default: 50,
      description: 'Most aliases in one operation, counted wherever a fragment is spread.',
    }),
    maxRootFields: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 20,
      description: 'Most fields at the root of one operation: each is a call.',
    }),
    maxCost: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 10_000,
      description:
        'Highest cost of one operation: a call counts 10, a field 1, and what is below a list counts `listCost` times.',
    }),
    listCost: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: 'How many items a list counts for in the cost.',
    }),
    maxCalls: Type.Integer({
      minimum: 1,
      maximum: MANY,
      default: 1000,
      description: 'Most calls that the links of one operation may cause.',
    }),
    maxBatch: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most values in one call of a batch operation; more of them make more calls.',
    }),
    introspection: Type.Boolean({
      default: true,
      description:
        'Answer questions about the schema (__schema, __type). Without it the page shows no schema, and mistakes are explained without suggestions.',
    }),
    page: Type.Boolean({
      default: true,
      description: 'Show a page to write and try queries to browsers that open the path.',
    }),
    cachedQueries: Type.Integer({
      minimum: 1,
      maximum: MANY,
      default: 500,
      description: 'Most documents that are kept compiled; the longest unused one makes room.',
    }),
    persistedQueries: Type.Integer({
      minimum: 0,
      maximum: MANY,
      default: 1000,
      description:
        'Most documents remembered by their SHA-256 (automatic persisted queries); 0 switches them off.',
    }),
    cacheBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 16_777_216,
      description:
        'Most bytes that each of these two may take: text, and for compiled documents their code.',
    }),
    compressFromBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 2048,
      description: 'Answers of at least this many bytes are compressed for clients that accept it.',
    }),
    heartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 12_000,
      description: 'How often a comment goes out on a quiet event stream, in milliseconds.',
    }),
    maxEventStreams: Type.Integer({
      minimum: 0,
      maximum: MANY,
      default: 1000,
      description:
        'Most event streams that clients may reserve to receive several operations on one; 0 switches that mode off.',
    }),
    maxSubscriptions: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most operations at once on one WebSocket or reserved event stream.',
    }),
    streamWindow: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 64,
      description: 'Events that are held for a receiver of a subscription until it takes them.',
    }),
    initTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      default: 5000,
      description:
        'How long a WebSocket may wait with connection_init, and a reserved event stream with its connection, in milliseconds.',
    }),
    pingIntervalMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 30_000,
      description:
        'How often a WebSocket is pinged, in milliseconds; a client that sends nothing until the next ping is gone. 0 for never.',
    }),
    compress: Type.Boolean({
      default: false,
      description: 'Compress WebSocket messages (permessage-deflate) for clients that offer it.',
    }),
  },
  { additionalProperties: false },
);

export type GraphqlOptions = Static<typeof GraphqlOptions>;
