import type { Meter } from '../../hub/diagnostics.ts';
import type { Hub } from '../../hub/hub.ts';
import type { HubAddress, ProtocolServer, TryLine } from '../../hub/protocol.ts';
import type { Connection, Exchange, Receiver } from '../../hub/transport.ts';
import type { MaybePromise } from '../../model/maybe-promise.ts';
import { EarlyReceiver } from '../../wire/early-receiver.ts';
import type { MqttOptions } from './options.ts';
import type { Running } from './running.ts';

/**
 * What is there before the first MQTT client comes: nearly nothing. The broker itself is imported
 * then; the connection is not read meanwhile.
 */
export class MqttServer implements ProtocolServer {
  readonly routes: NonNullable<ProtocolServer['routes']>;
  readonly #hub: Hub;
  readonly #options: MqttOptions;
  readonly #meter: Meter;
  #opening: Promise<Running> | undefined;
  #running: Running | undefined;

  constructor(hub: Hub, options: MqttOptions, meter: Meter) {
    this.#hub = hub;
    this.#options = options;
    this.#meter = meter;
    this.routes = [{ method: 'GET', path: options.path, handle: (one) => this.#upgrade(one) }];
  }

  accept(connection: Connection): Receiver {
    if (this.#running !== undefined) return this.#running.accept(connection);
    return new EarlyReceiver(connection, this.#open());
  }

  #upgrade(exchange: Exchange): MaybePromise<void> {
    if (this.#running !== undefined) return this.#running.upgrade(exchange);
    return this.#open().then((running) => running.upgrade(exchange));
  }

  #open(): Promise<Running> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<Running> {
    try {
      const { start } = await import('./running.ts');
      this.#running = await start(this.#hub, this.#options, this.#meter);
      return this.#running;
    } catch (error) {
      this.#opening = undefined;
      this.#hub.logger.error({ err: error }, 'The MQTT broker could not start');
      throw error;
    }
  }

  tryIt({ host, port }: HubAddress): TryLine[] {
    const address = `-h ${host} -p ${port}`;
    return [
      { label: 'MQTT: subscribe', command: `mosquitto_sub ${address} -t 'greetings/#' -v` },
      { label: 'MQTT: publish', command: `mosquitto_pub ${address} -t greetings/world -m hello` },
    ];
  }

  async close(): Promise<void> {
    const running = await this.#opening?.catch(() => undefined);
    await running?.close();
  }
}
