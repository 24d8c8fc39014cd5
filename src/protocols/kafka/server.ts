import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Connection, Receiver } from '../../hub/transport.ts';
import { EarlyReceiver } from '../../wire/early-receiver.ts';
import type { KafkaOptions } from './options.ts';
import type { Running } from './running.ts';
import { transactionsLeftOpen } from './transactions/left-open.ts';

/**
 * What is there before the first Kafka client comes: nearly nothing. The broker itself is imported
 * then; the connection is not read meanwhile.
 */
export class KafkaServer implements ProtocolServer {
  readonly #hub: Hub;
  readonly #options: KafkaOptions;
  readonly #meter: Meter;
  #opening: Promise<Running> | undefined;
  #running: Running | undefined;

  constructor(hub: Hub, options: KafkaOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#meter = meter;
    if (transactionsLeftOpen(hub.streams!, meter)) {
      this.#opening = this.#open();
      // A failure is logged, and tried again with the first connection.
      this.#opening.catch(() => {});
    }
  }

  accept(connection: Connection): Receiver {
    if (this.#running !== undefined) return this.#running.accept(connection);
    this.#opening ??= this.#open();
    return new EarlyReceiver(connection, this.#opening);
  }

  async #open(): Promise<Running> {
    try {
      const { start } = await import('./running.ts');
      this.#running = await start(this.#hub, this.#options, this.#meter);
      return this.#running;
    } catch (error) {
      this.#opening = undefined;
      this.#hub.logger.error({ err: error }, 'The Kafka broker could not start');
      throw error;
    }
  }

  tryIt(address: HubAddress): TryLine[] {
    const broker = `${address.host}:${address.port}`;
    return [
      { label: 'Kafka: write', command: `echo hello | kcat -b ${broker} -t greetings -P` },
      { label: 'Kafka: read', command: `kcat -b ${broker} -t greetings -C -o beginning -e` },
    ];
  }

  async close(): Promise<void> {
    const running = await this.#opening?.catch(() => undefined);
    running?.close();
  }
}
