import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';
import { GROUP_OPTIONS } from './groups/options.ts';

export const KafkaOptions = Type.Object(
  {
    advertised: Type.Optional(
      Type.String({
        pattern: '^[^:\\s]+:[0-9]{1,5}$|^\\[[0-9a-fA-F:]+\\]:[0-9]{1,5}$',
        description:
          'host:port that clients are told to connect to; without it, the address at which they reached the hub. Needed behind address translation and proxies.',
      }),
    ),
    brokerId: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 1,
      description: 'Id of this broker, the only one that clients see.',
    }),
    autoCreateTopics: Type.Boolean({
      default: true,
      description:
        'Whether a topic that a client asks for by Metadata is created, where the client allows it and its principal may.',
    }),
    defaultPartitions: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 1,
      description: 'Partitions of a topic that is created without a number.',
    }),
    maxRequestBytes: Type.Integer({
      minimum: 1_024,
      maximum: 104_857_600,
      default: 104_857_600,
      description: 'Largest request that is taken, in bytes.',
    }),
    maxBytesInFlight: Type.Integer({
      minimum: 65_536,
      maximum: 4_294_967_296,
      default: 50_331_648,
      description:
        'Bytes of requests that wait for their answers, on all connections together; beyond it connections are not read.',
    }),
    maxBytesArriving: Type.Integer({
      minimum: 1_048_576,
      maximum: 4_294_967_296,
      default: 268_435_456,
      description:
        'Bytes of requests that have begun and not ended, on all connections together; beyond it a connection with a large one is closed.',
    }),
    maxFetchBytes: Type.Integer({
      minimum: 1_024,
      maximum: 1_073_741_824,
      default: 57_671_680,
      description: 'Largest answer to one Fetch, in bytes, whatever a client asks for.',
    }),
    maxUnsentBytes: Type.Integer({
      minimum: 65_536,
      maximum: 4_294_967_296,
      default: 134_217_728,
      description:
        'Bytes of responses that wait for slow clients, on all connections together; beyond it a Fetch is answered with little.',
    }),
    fetchSessions: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 1_000,
      description:
        'Incremental fetch sessions that are kept; clients beyond that send whole requests.',
    }),
    authenticateTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 10_000,
      description:
        'How long a client may take to log in where credentials are asked for, in milliseconds.',
    }),
    idleTimeoutMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 600_000,
      description:
        'A connection on which nothing came for this long is closed, in milliseconds (at most twice as long); 0 for never.',
    }),
    ...GROUP_OPTIONS,
  },
  { additionalProperties: false },
);

export type KafkaOptions = Static<typeof KafkaOptions>;
