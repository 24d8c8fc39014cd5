import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { generate, type Packet, parser } from 'mqtt-packet';
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

/** A connection on which every packet is sent and received by hand. */
export interface RawMqtt {
  readonly socket: net.Socket;
  send(packet: Packet): void;
  /** The next packet that the hub sends. */
  next(): Promise<Packet>;
}

/** Connects with MQTT 5, by default to a session that is kept; CONNACK has been received. */
export async function rawMqtt(
  port: number,
  clientId: string,
  connect: Partial<Extract<Packet, { cmd: 'connect' }>> = {},
): Promise<RawMqtt> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const packets: Packet[] = [];
  const waiting: ((packet: Packet) => void)[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on('packet', (packet) => {
    const waits = waiting.shift();
    if (waits === undefined) packets.push(packet);
    else waits(packet);
  });
  socket.on('data', (bytes) => reader.parse(bytes));
  socket.on('error', () => undefined);
  const raw: RawMqtt = {
    socket,
    send: (packet) => socket.write(generate(packet, { protocolVersion: 5 })),
    next: () =>
      new Promise((resolve) => {
        const packet = packets.shift();
        if (packet === undefined) waiting.push(resolve);
        else resolve(packet);
      }),
  };
  raw.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: false,
    clientId,
    keepalive: 60,
    properties: { sessionExpiryInterval: 600 },
    ...connect,
  });
  assert.equal((await raw.next()).cmd, 'connack');
  return raw;
}
