import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { IClientOptions } from 'mqtt';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { connectMqtt, cut, type Listener, received } from './mqtt-kit.ts';
import { until } from './until.ts';

const VERSIONS: readonly (readonly [string, IClientOptions])[] = [
  ['MQTT 3.1', { protocolVersion: 3, protocolId: 'MQIsdp' }],
  ['MQTT 3.1.1', { protocolVersion: 4 }],
  ['MQTT 5', { protocolVersion: 5 }],
];

let hub: TestHub;
before(async () => {
  hub = await startHub([]);
});
after(() => hub.close());

const connect = (options: IClientOptions = {}) => connectMqtt(hub.port, options);

async function end(...listeners: Listener[]): Promise<void> {
  for (const { client } of listeners) await client.endAsync();
}

for (const [name, version] of VERSIONS) {
  describe(name, () => {
    for (const qos of [0, 1, 2] as const) {
      it(`delivers what is published with QoS ${qos}, in order`, async () => {
        const reader = await connect(version);
        const writer = await connect(version);
        const topic = `order/${version.protocolVersion}/${qos}`;
        await reader.client.subscribeAsync(topic, { qos: 2 });
        const sent = Array.from({ length: 200 }, (_, index) => `${topic}=${index}`);
        await Promise.all(
          sent.map((_, index) => writer.client.publishAsync(topic, String(index), { qos })),
        );
        const packets = await received(reader, sent.length);
        assert.deepEqual(reader.texts(), sent);
        assert.ok(packets.every((packet) => packet.qos === qos && !packet.retain));
        await end(reader, writer);
      });
    }

    it('delivers with the lower of both QoS', async () => {
      const one = await connect(version);
      await one.client.subscribeAsync(`low/${name}`, { qos: 1 });
      await one.client.publishAsync(`low/${name}`, 'x', { qos: 2 });
      assert.equal((await received(one, 1))[0]!.qos, 1);
      await end(one);
    });

    it('delivers large payloads byte for byte', async () => {
      const one = await connect(version);
      await one.client.subscribeAsync(`large/${name}`, { qos: 1 });
      const payload = Buffer.alloc(1_000_000, 'polywire');
      await one.client.publishAsync(`large/${name}`, payload, { qos: 1 });
      const [packet] = await received(one, 1);
      assert.ok(payload.equals(packet!.payload as Buffer));
      await end(one);
    });

    it('keeps retained messages for whoever subscribes later, with wildcards too', async () => {
      const root = `kept/${version.protocolVersion}`;
      const writer = await connect(version);
      await writer.client.publishAsync(`${root}/a`, '1', { qos: 1, retain: true });
      await writer.client.publishAsync(`${root}/b/c`, '2', { qos: 0, retain: true });
      await writer.client.publishAsync(`${root}/b`, '3', { qos: 2, retain: true });
      await writer.client.publishAsync(`${root}/a`, '4', { qos: 1, retain: true });
      const reader = await connect(version);
      await reader.client.subscribeAsync(`${root}/#`, { qos: 1 });
      const packets = await received(reader, 3);
      assert.ok(packets.every(({ retain }) => retain));
      assert.deepEqual(reader.texts().sort(), [`${root}/a=4`, `${root}/b/c=2`, `${root}/b=3`]);
      await writer.client.publishAsync(`${root}/a`, '', { qos: 1, retain: true });
      await received(reader, 4);
      assert.equal(reader.packets[3]!.retain, false);
      const later = await connect(version);
      await later.client.subscribeAsync(`${root}/+`, { qos: 1 });
      await received(later, 1);
      assert.deepEqual(later.texts(), [`${root}/b=3`]);
      await end(reader, writer, later);
    });

    it('publishes the will of a client that is cut off, and not of one that says farewell', async () => {
      const topic = `wills/${version.protocolVersion}`;
      const reader = await connect(version);
      await reader.client.subscribeAsync(topic, { qos: 1 });
      const will = { topic, payload: Buffer.from('gone'), qos: 1, retain: false } as const;
      await end(await connect({ ...version, will }));
      await cut(await connect({ ...version, will }));
      await received(reader, 1);
      assert.deepEqual(reader.texts(), [`${topic}=gone`]);
      await end(reader);
    });

    it('takes a session over from an older connection', async () => {
      const clientId = `double-${version.protocolVersion}`;
      const first = await connect({ ...version, clientId });
      const closed = new Promise<void>((resolve) => first.client.once('close', () => resolve()));
      const second = await connect({ ...version, clientId });
      await closed;
      await second.client.subscribeAsync('double', { qos: 0 });
      await end(second);
      await first.client.endAsync(true);
    });

    it('keeps messages above QoS 0 for a session whose client is away', async () => {
      const topic = `away/${version.protocolVersion}`;
      const session: IClientOptions = {
        ...version,
        clientId: `away-${version.protocolVersion}`,
        clean: false,
        ...(version.protocolVersion === 5
          ? { properties: { sessionExpiryInterval: 60 } }
          : undefined),
      };
      const first = await connect(session);
      await first.client.subscribeAsync(topic, { qos: 2 });
      await end(first);
      const writer = await connect(version);
      const sent = Array.from({ length: 300 }, (_, index) => `${topic}=${index}`);
      for (let index = 0; index < 300; index++) {
        await writer.client.publishAsync(topic, String(index), { qos: 1 });
      }
      const again = await connect(session);
      await received(again, 300);
      assert.deepEqual(again.texts(), sent);
      // Another clean one ends it.
      await end(again, writer);
      await end(await connect({ ...version, clientId: session.clientId!, clean: true }));
      const empty = await connect(session);
      await empty.client.publishAsync(topic, 'nobody', { qos: 1 });
      await empty.client.publishAsync(topic, 'nobody', { qos: 1 });
      assert.equal(empty.packets.length, 0);
      await end(empty);
    });

    it('sends again what was not acknowledged, as a duplicate', async () => {
      const topic = `again/${version.protocolVersion}`;
      const session: IClientOptions = {
        ...version,
        clientId: `again-${version.protocolVersion}`,
        clean: false,
        ...(version.protocolVersion === 5
          ? { properties: { sessionExpiryInterval: 60 } }
          : undefined),
      };
      const first = await connect(session);
      await first.client.subscribeAsync(topic, { qos: 1 });
      // Acknowledgements are held back: the client is cut off before it sends any.
      first.client.handleMessage = () => undefined;
      const writer = await connect(version);
      await writer.client.publishAsync(topic, 'once', { qos: 1 });
      await until('a message', () => first.packets.length === 1);
      await cut(first);
      const again = await connect(session);
      const [packet] = await received(again, 1);
      assert.equal(packet!.dup, true);
      assert.equal(packet!.payload.toString(), 'once');
      await end(again, writer);
    });

    it('serves over WebSocket', async () => {
      const url = `ws://127.0.0.1:${hub.port}/mqtt`;
      const one = await connectMqtt(hub.port, version, url);
      await one.client.subscribeAsync(`socket/${name}`, { qos: 1 });
      await one.client.publishAsync(`socket/${name}`, 'over', { qos: 1 });
      await received(one, 1);
      await end(one);
    });
  });
}
