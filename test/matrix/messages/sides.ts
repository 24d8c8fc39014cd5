import type { Publisher, Receiver, Side } from './driver.ts';
import { grpcPublisher, grpcReceiver } from './grpc.ts';
import { jsonRpcPublisher, restPublisher, sseReceiver } from './http.ts';
import { tcpReceiver, webSocketPublisher, webSocketReceiver } from './jsonrpc-session.ts';
import {
  kafkaJsPublisher,
  kafkaJsReceiver,
  platformaticPublisher,
  platformaticReceiver,
} from './kafka.ts';
import { mqttPublisher, mqttReceiver } from './mqtt.ts';

/** To bring a protocol in: a file with its publisher and receiver, and a line in each list. */

const OLD_MQTT = {
  bytes: 'MQTT 3.1.1 has no content type (payloads: test/interop/mqtt.test.ts)',
  keys: 'MQTT 3.1.1 has no properties',
  headers: 'MQTT 3.1.1 has no properties',
} as const;

export const PUBLISHERS: readonly Side<Publisher>[] = [
  { protocol: 'rest', client: 'undici', create: restPublisher },
  { protocol: 'jsonrpc', client: 'jayson', create: jsonRpcPublisher },
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketPublisher },
  { protocol: 'grpc', client: '@grpc/grpc-js', create: grpcPublisher },
  { protocol: 'kafka', client: 'kafkajs', create: kafkaJsPublisher },
  { protocol: 'kafka', client: '@platformatic/kafka', create: platformaticPublisher },
  { protocol: 'mqtt', client: 'mqtt.js (MQTT 5)', create: mqttPublisher(5) },
  {
    protocol: 'mqtt',
    client: 'mqtt.js (MQTT 3.1.1)',
    create: mqttPublisher(4),
    without: OLD_MQTT,
  },
];

export const RECEIVERS: readonly Side<Receiver>[] = [
  {
    protocol: 'sse',
    client: 'eventsource',
    create: sseReceiver,
    without: { headers: 'a CloudEvent has attributes, and no headers of other names' },
  },
  { protocol: 'jsonrpc', client: 'json-rpc-2.0 (TCP)', create: tcpReceiver },
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketReceiver },
  { protocol: 'grpc', client: '@grpc/grpc-js', create: grpcReceiver },
  { protocol: 'kafka', client: 'kafkajs', create: kafkaJsReceiver },
  { protocol: 'kafka', client: '@platformatic/kafka', create: platformaticReceiver },
  { protocol: 'mqtt', client: 'mqtt.js (MQTT 5)', create: mqttReceiver(5) },
  {
    protocol: 'mqtt',
    client: 'mqtt.js (MQTT 3.1.1)',
    create: mqttReceiver(4),
    without: {
      ...OLD_MQTT,
      'replay, in order': 'MQTT 3.1.1 has no way to say where to begin',
    },
  },
];

/** Protocols that carry messages and have no driver here, and why. */
export const WITHOUT_DRIVER: Readonly<Record<string, string>> = {
  graphql:
    'GraphQL subscriptions are to the declared events of a contract, each with a type of its own (test/interop/graphql-subscriptions.test.ts).',
  mcp: 'MCP tells that an event has come, and the message is read as a resource (test/interop/mcp-resources.test.ts).',
};
