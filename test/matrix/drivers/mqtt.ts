import { randomUUID } from 'node:crypto';
import mqtt, { ErrorWithReasonCode, type IPublishPacket, type MqttClient } from 'mqtt';
import { Fault } from '../../../src/model/fault.ts';
import type { Address, CreateDriver, Driver, DriverOptions } from '../driver.ts';

/** What a reply says of itself. */
type Kind = 'answer' | 'item' | 'end' | 'fault';

interface Received {
  readonly kind: Kind;
  readonly value: unknown;
}

/** One connection by mqtt.js, with MQTT 5's request and response. */
class Caller {
  readonly #client: MqttClient;
  readonly #topic: string;
  readonly #waiting = new Map<string, (reply: Received) => void>();

  private constructor(client: MqttClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
    client.on('message', (_topic, payload, packet) => this.#received(payload, packet));
  }

  static async open({ host, port }: Address, token: string | undefined): Promise<Caller> {
    const client = mqtt.connect({
      host,
      port,
      protocol: 'mqtt',
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...(token === undefined ? undefined : { username: '', password: token }),
    });
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
    }).catch((error: unknown) => {
      throw connectFault(error);
    });
    const topic = `answers/${randomUUID()}`;
    await client.subscribeAsync(topic, { qos: 1 });
    return new Caller(client, topic);
  }

  #received(payload: Buffer, { properties }: IPublishPacket): void {
    const kind = properties?.userProperties?.['rpc-reply'] as Kind;
    const text = payload.toString();
    const value = text === '' ? undefined : JSON.parse(text);
    this.#waiting.get(String(properties?.correlationData))?.({ kind, value });
  }

  async *call(operation: string, input: unknown, options: DriverOptions) {
    const id = randomUUID();
    const replies: Received[] = [];
    let wake = (): void => undefined;
    this.#waiting.set(id, (reply) => {
      replies.push(reply);
      wake();
    });
    const publish = (userProperties: Record<string, string>, payload: string): void => {
      const properties = {
        responseTopic: this.#topic,
        correlationData: Buffer.from(id),
        // mqtt.js sends nothing at all where there are none in it.
        ...(Object.keys(userProperties).length === 0 ? undefined : { userProperties }),
      };
      const topic = `rpc/${operation.replaceAll('.', '/')}`;
      this.#client.publish(topic, payload, { qos: 1, properties });
    };
    const { timeoutMs, signal } = options;
    const cancel = (): void => publish({ 'rpc-cancel': 'true' }, '');
    signal?.addEventListener('abort', cancel, { once: true });
    publish(
      timeoutMs === undefined ? {} : { 'timeout-ms': String(timeoutMs) },
      JSON.stringify(input),
    );
    try {
      for (;;) {
        const reply = replies.shift();
        if (reply === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (reply.kind === 'fault') throw Fault.fromJSON(reply.value);
        if (reply.kind === 'end') return;
        yield reply.value;
        if (reply.kind === 'answer') return;
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** CONNACK's reason code: a client that is not let in has not said who it is. */
function connectFault(error: unknown): unknown {
  if (!(error instanceof ErrorWithReasonCode)) return error;
  const unknown = error.code === 0x86 || error.code === 0x87;
  return new Fault(unknown ? 'UNAUTHENTICATED' : 'UNKNOWN', error.message);
}

export const mqttDriver: CreateDriver = (address): Driver => {
  const callers = new Map<string | undefined, Promise<Caller>>();
  const caller = ({ token }: DriverOptions): Promise<Caller> => {
    let known = callers.get(token);
    if (known === undefined) {
      known = Caller.open(address, token);
      callers.set(token, known);
    }
    return known;
  };
  return {
    async unary(operation, input, options) {
      const one = await caller(options);
      for await (const value of one.call(operation, input, options)) return value;
      return undefined;
    },
    async *serverStream(operation, input, options) {
      yield* (await caller(options)).call(operation, input, options);
    },
    async close() {
      for (const one of await Promise.allSettled(callers.values())) {
        if (one.status === 'fulfilled') await one.value.close();
      }
    },
  };
};
