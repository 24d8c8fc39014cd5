import assert from 'node:assert/strict';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { until } from './until.ts';

/** A client of mqtt.js with what it received. */
export interface Listener {
  readonly client: MqttClient;
  readonly packets: IPublishPacket[];
  /** `topic=payload`, in the order of arrival. */
  readonly texts: () => string[];
}

/** A connected client. It does not connect again by itself. */
export async function connectMqtt(
  port: number,
  options: IClientOptions = {},
  url = `mqtt://127.0.0.1:${port}`,
): Promise<Listener> {
  const packets: IPublishPacket[] = [];
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options });
  client.on('message', (_topic, _payload, packet) => packets.push(packet));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before CONNACK')));
  });
  client.on('error', () => undefined);
  const texts = () => packets.map(({ topic, payload }) => `${topic}=${payload.toString()}`);
  return { client, packets, texts };
}

/** Waits until a listener has received so many. */
export async function received(listener: Listener, count: number): Promise<IPublishPacket[]> {
  await until(`${count} messages`, () => listener.packets.length >= count);
  assert.equal(listener.packets.length, count);
  return listener.packets;
}

/** Ends without a farewell. */
export async function cut({ client }: Listener): Promise<void> {
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.stream.destroy();
  await closed;
  await client.endAsync(true);
}
