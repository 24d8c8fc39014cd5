import type { Protocol } from '../../hub/protocol.ts';
import { detectKafka } from './detect.ts';
import { faults } from './faults.ts';
import { KafkaOptions } from './options.ts';
import { KafkaServer } from './server.ts';

/** A Kafka broker (https://kafka.apache.org/protocol) whose topics are the hub's streams. */
export default {
  name: 'kafka',
  title: 'Kafka',
  can: {
    call: { unary: false, serverStream: false, clientStream: false, bidirectional: false },
    publish: true,
    subscribe: true,
    acknowledge: true,
    headers: true,
    cancel: false,
    deadline: false,
  },
  faults,
  options: KafkaOptions,
  standardPort: 9092,
  detect: detectKafka,
  serve: (hub, options, meter) =>
    hub.streams === undefined ? { tryIt: () => [] } : new KafkaServer(hub, options, meter),
} satisfies Protocol<KafkaOptions>;
