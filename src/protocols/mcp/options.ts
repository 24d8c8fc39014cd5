import type { Static } from 'typebox';
import { DEFAULT_MAX_DEPTH } from '../../formats/json.ts';
import { Type } from '../../hub/option-type.ts';

export const DEFAULT_PATH = '/mcp';

const MEBIBYTE = 1_048_576;
const DAY_MS = 86_400_000;

export const McpOptions = Type.Object(
  {
    path: Type.String({
      default: DEFAULT_PATH,
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path of the MCP endpoint.',
    }),
    expose: Type.Array(Type.String(), {
      default: ['>'],
      description:
        'Operations and events that clients see, by name; `*` stands for one level, `>` for all that follow (`orders.*`, `>`).',
    }),
    hide: Type.Array(Type.String(), {
      default: [],
      description: 'Operations and events that clients do not see, whatever `expose` says.',
    }),
    exposeCommands: Type.Boolean({
      default: true,
      description: 'Whether commands are tools; false leaves what has no side effect.',
    }),
    pageSize: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Most tools or resources in one page of a list.',
    }),
    maxMessageBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 4 * MEBIBYTE,
      description: 'Largest message of a client, in bytes.',
    }),
    maxDepth: Type.Integer({
      minimum: 8,
      maximum: 1000,
      default: DEFAULT_MAX_DEPTH,
      description: 'Deepest nesting of JSON in a message.',
    }),
    maxItems: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
      description:
        'Most items that a call collects from a stream of answers, and most that it takes in `items`.',
    }),
    maxResultBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 4 * MEBIBYTE,
      description: 'JSON that a call collects from a stream of answers at most, in bytes.',
    }),
    collectTimeMs: Type.Integer({
      minimum: 1,
      maximum: DAY_MS,
      default: 30_000,
      description:
        'How long a call collects from a stream of answers before it answers what has come, in milliseconds.',
    }),
    recentMessages: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 50,
      description: 'Latest messages or items that reading a resource answers at most.',
    }),
    maxReadBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_073_741_824,
      default: MEBIBYTE,
      description: 'JSON that reading a resource answers at most, in bytes.',
    }),
    readTimeMs: Type.Integer({
      minimum: 1,
      maximum: DAY_MS,
      default: 1000,
      description:
        'How long reading a stream that nobody is subscribed to waits for items, in milliseconds.',
    }),
    maxSubscriptions: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most resources that one session, or one listening request, is subscribed to.',
    }),
    maxInFlight: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Most requests of one session or stdio connection that run at a time.',
    }),
    maxSessions: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
      description:
        'Most sessions of clients that speak 2025-11-25 or older; one more ends the one unused longest.',
    }),
    sessionIdleMs: Type.Integer({
      minimum: 1000,
      maximum: DAY_MS,
      default: 1_800_000,
      description: 'A session in which nothing happened for this long ends, in milliseconds.',
    }),
    replayBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 262_144,
      description:
        'What a session keeps of its event streams for clients that resume them, in bytes; 0 for nothing.',
    }),
    heartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 15_000,
      description: 'How often a quiet event stream sends a comment, in milliseconds.',
    }),
  },
  { additionalProperties: false },
);

export type McpOptions = Static<typeof McpOptions>;
