import type { Message } from '../../model/message.ts';
import { HEADER } from '../../wire/message-headers.ts';
import type { Broker } from './broker.ts';

const PREFIX = '$SYS.broker.';
const HEADERS = [[HEADER.qos, '1']] as const;

/** Figures of the broker under `$SYS/broker/`, by the names that other brokers use too. */
export class SystemTopics {
  readonly #broker: Broker;
  readonly #beganMs = Date.now();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  messages(): Message[] {
    const { meter, sessions, connections, retained } = this.#broker;
    const uptime = Math.trunc((Date.now() - this.#beganMs) / 1000);
    const figures: readonly (readonly [name: string, value: string | number])[] = [
      ['version', 'polywire'],
      ['uptime', `${uptime} seconds`],
      ['clients.connected', connections.size],
      ['clients.total', sessions],
      ['messages.received', meter.received],
      ['messages.sent', meter.sent],
      ['bytes.received', meter.bytesIn],
      ['bytes.sent', meter.bytesOut],
      ['publish.messages.dropped', meter.dropped],
      ['retained messages.count', retained.size],
    ];
    return figures.map(([name, value]) => ({
      subject: `${PREFIX}${name.replaceAll(' ', '%20')}`,
      key: undefined,
      headers: HEADERS,
      payload: Buffer.from(String(value)),
      contentType: 'text/plain',
      timeMs: Date.now(),
      id: crypto.randomUUID(),
      source: 'mqtt',
      trace: undefined,
    }));
  }
}
