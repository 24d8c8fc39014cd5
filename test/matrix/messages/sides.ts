import type { Publisher, Receiver, Side } from './driver.ts';
import { jsonRpcPublisher, restPublisher, sseReceiver } from './http.ts';
import {
  kafkaJsPublisher,
  kafkaJsReceiver,
  platformaticPublisher,
  platformaticReceiver,
} from './kafka.ts';
import { webSocketPublisher, webSocketReceiver } from './websocket.ts';

/** To bring a protocol in: a file with its publisher and receiver, and a line in each list. */

export const PUBLISHERS: readonly Side<Publisher>[] = [
  { protocol: 'rest', client: 'undici', create: restPublisher },
  { protocol: 'jsonrpc', client: 'jayson', create: jsonRpcPublisher },
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketPublisher },
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
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketReceiver },
  { protocol: 'kafka', client: 'kafkajs', create: kafkaJsReceiver },
  { protocol: 'kafka', client: '@platformatic/kafka', create: platformaticReceiver },
];
