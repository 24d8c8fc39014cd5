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

/** To bring a protocol in: a file with its publisher and receiver, and a line in each list. */

export const PUBLISHERS: readonly Side<Publisher>[] = [
  { protocol: 'rest', client: 'undici', create: restPublisher },
  { protocol: 'jsonrpc', client: 'jayson', create: jsonRpcPublisher },
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketPublisher },
  { protocol: 'grpc', client: '@grpc/grpc-js', create: grpcPublisher },
  { protocol: 'kafka', client: 'kafkajs', create: kafkaJsPublisher },
  { protocol: 'kafka', client: '@platformatic/kafka', create: platformaticPublisher },
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
];

/** Protocols that carry messages and have no driver here, and why. */
export const WITHOUT_DRIVER: Readonly<Record<string, string>> = {
  graphql:
    'GraphQL subscriptions are to the declared events of a contract, each with a type of its own (test/interop/graphql-subscriptions.test.ts).',
  mcp: 'MCP tells that an event has come, and the message is read as a resource (test/interop/mcp-resources.test.ts).',
};
