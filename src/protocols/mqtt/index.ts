import type { Protocol } from '../../hub/protocol.ts';
import { detectMqtt } from './detect.ts';
import { faults } from './faults.ts';
import { MqttOptions } from './options.ts';
import { MqttServer } from './server.ts';

/** An MQTT broker (MQTT 3.1.1 and 5.0, OASIS) whose topics are the hub's subjects. */
export default {
  name: 'mqtt',
  title: 'MQTT',
  can: {
    call: { unary: true, serverStream: true, clientStream: false, bidirectional: false },
    publish: true,
    subscribe: true,
    acknowledge: true,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: MqttOptions,
  standardPort: 1883,
  detect: detectMqtt,
  serve: (hub, options, meter) => new MqttServer(hub, options, meter),
} satisfies Protocol<MqttOptions>;
