import type { Static } from 'typebox';
import { Type } from '../../hub/option-type.ts';

export const MqttOptions = Type.Object(
  {
    path: Type.String({
      default: '/mqtt',
      pattern: '^/[^?#:*]*$',
      description: 'HTTP path of MQTT over WebSocket (subprotocol mqtt).',
    }),
    maxPacketBytes: Type.Integer({
      minimum: 1_024,
      maximum: 268_435_455,
      default: 4_194_304,
      description: 'Largest packet that is taken, in bytes.',
    }),
    receiveMaximum: Type.Integer({
      minimum: 1,
      maximum: 65_535,
      default: 8_192,
      description:
        'Messages above QoS 0 that a client of MQTT 5 may send before they are acknowledged.',
    }),
    maxInFlight: Type.Integer({
      minimum: 1,
      maximum: 32_768,
      default: 1_024,
      description:
        'Messages above QoS 0 that a client is sent before it has acknowledged them; fewer where the client says so.',
    }),
    topicAliasMaximum: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 64,
      description: 'Topic aliases that a client may use on a connection.',
    }),
    maxKeepAliveSeconds: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description:
        'Longest keep alive, in seconds: a client of MQTT 5 that asks for a longer one, or for none, is told this one. 0: as the client asks.',
    }),
    connectTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      default: 10_000,
      description: 'How long a connection may take until its CONNECT is accepted, in milliseconds.',
    }),
    maxSessionExpirySeconds: Type.Integer({
      minimum: 0,
      maximum: 4_294_967_295,
      default: 604_800,
      description:
        'How long a session may outlive its connection, in seconds, whatever a client asks for; 4294967295: for ever.',
    }),
    maxSessions: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 100_000,
      description: 'Sessions, of connected clients and of those that are away.',
    }),
    maxSubscriptions: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1_000,
      description: 'Subscriptions of one session.',
    }),
    maxRetainedBytes: Type.Integer({
      minimum: 0,
      maximum: 1_099_511_627_776,
      default: 268_435_456,
      description: 'Bytes of retained messages, which are in memory too.',
    }),
    maxCalls: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Calls of operations that may run at one time on one connection.',
    }),
    refusedPublish: Type.Enum(['disconnect', 'acknowledge'], {
      default: 'disconnect',
      description:
        'What a client before MQTT 5 gets for a message that is refused, since it cannot be told: its connection is closed, or the message is acknowledged and lost.',
    }),
  },
  { additionalProperties: false },
);

export type MqttOptions = Static<typeof MqttOptions>;
