import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { IClientOptions } from 'mqtt';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { connectMqtt, cut, type Listener, rawMqtt, received } from './mqtt-kit.ts';
import { until } from './until.ts';

let hub: TestHub;
before(async () => {
  hub = await startHub([], {
    config: { protocols: { mqtt: { receiveMaximum: 10, topicAliasMaximum: 5 } } },
  });
});
after(() => hub.close());

const connect = (options: IClientOptions = {}) =>
  connectMqtt(hub.port, { protocolVersion: 5, ...options });

async function end(...listeners: Listener[]): Promise<void> {
  for (const { client } of listeners) await client.endAsync();
}

it('carries every property of a message', async () => {
  const one = await connect();
  await one.client.subscribeAsync('all/properties', { qos: 1 });
  const properties = {
    payloadFormatIndicator: true,
    messageExpiryInterval: 100,
    contentType: 'text/plain; charset=utf-8',
    responseTopic: 'answers/x.y',
    correlationData: Buffer.from([0, 255, 1]),
    // Names that mean something in the hub's own messages are users' names as well.
    userProperties: { a: ['1', '2'], 'correlation-id': 'mine', 'mqtt-qos': '7', 'x y': 'ü' },
  };
  await one.client.publishAsync('all/properties', 'text', { qos: 1, properties });
  const [packet] = await received(one, 1);
  const { messageExpiryInterval, ...others } = packet!.properties!;
  assert.ok(messageExpiryInterval! > 90 && messageExpiryInterval! <= 100);
  const { messageExpiryInterval: _, ...wanted } = properties;
  assert.deepEqual({ ...others, userProperties: { ...others.userProperties } }, wanted);
  await end(one);
});

it('tells a subscription by its identifier, and the client which one it was', async () => {
  const one = await connect();
  await one.client.subscribeAsync('ids/+', { qos: 0, properties: { subscriptionIdentifier: 7 } });
  await one.client.subscribeAsync('ids/a', { qos: 0, properties: { subscriptionIdentifier: 300 } });
  await one.client.publishAsync('ids/a', 'x');
  const packets = await received(one, 2);
  const ids = packets.map(({ properties }) => properties?.subscriptionIdentifier);
  assert.deepEqual(ids.toSorted(), [300, 7]);
  await end(one);
});

it('keeps a client from its own messages where it wants that', async () => {
  const [one, other] = [await connect(), await connect()];
  await one.client.subscribeAsync('local', { qos: 1, nl: true });
  await one.client.publishAsync('local', 'own', { qos: 1 });
  await other.client.publishAsync('local', 'other', { qos: 1 });
  await received(one, 1);
  assert.deepEqual(one.texts(), ['local=other']);
  await end(one, other);
});

it('leaves the retain flag as it was published where the client wants that', async () => {
  const [plain, kept] = [await connect(), await connect()];
  await plain.client.subscribeAsync('flag', { qos: 0 });
  await kept.client.subscribeAsync('flag', { qos: 0, rap: true });
  await plain.client.publishAsync('flag', 'x', { retain: true });
  assert.equal((await received(plain, 1))[0]!.retain, false);
  assert.equal((await received(kept, 1))[0]!.retain, true);
  await end(plain, kept);
});

it('sends retained messages as the subscription says', async () => {
  const one = await connect();
  await one.client.publishAsync('handling', 'x', { retain: true, qos: 1 });
  await one.client.subscribeAsync('handling', { qos: 0, rh: 2 });
  await one.client.subscribeAsync('handling', { qos: 0, rh: 1 });
  await one.client.publishAsync('handling', 'mark', { qos: 1 });
  await received(one, 1);
  await one.client.subscribeAsync('handling', { qos: 0, rh: 0 });
  await received(one, 2);
  assert.deepEqual(one.texts(), ['handling=mark', 'handling=x']);
  await end(one);
});

it('takes topic aliases, and uses them', async () => {
  const one = await connect({ properties: { topicAliasMaximum: 3 } });
  await one.client.subscribeAsync('alias/#', { qos: 0 });
  for (const topic of ['a', 'b', 'a', 'c', 'd', 'e', 'd']) {
    await one.client.publishAsync(`alias/${topic}`, topic, { properties: { topicAlias: 1 } });
  }
  await one.client.publishAsync('', 'again', { properties: { topicAlias: 1 } });
  await received(one, 8);
  assert.deepEqual(
    one.packets.map(({ payload }) => payload.toString()).join(' '),
    'a b a c d e d again',
  );
  const numbers = one.packets.map(({ properties }) => properties?.topicAlias);
  assert.deepEqual(numbers, [1, 2, 1, 3, undefined, undefined, undefined, undefined]);
  await end(one);
});

it('ends connections that break the rules, and says why', async () => {
  const broken: readonly (readonly [reason: number, packet: object])[] = [
    [0x94, { topic: 'a', properties: { topicAlias: 6 } }],
    [0x82, { topic: '', properties: { topicAlias: 2 } }],
    [0x90, { topic: 'a/#' }],
    [0x82, { topic: 'a', properties: { subscriptionIdentifier: 1 } }],
    [0x90, { topic: 'a', properties: { responseTopic: 'b/+' } }],
  ];
  for (const [reason, packet] of broken) {
    const raw = await rawMqtt(hub.port, 'broken', { clean: true });
    const publish = { cmd: 'publish', payload: '', qos: 0, dup: false, retain: false } as const;
    raw.send({ ...publish, ...packet } as never);
    const answer = await raw.next();
    assert.equal(answer.cmd, 'disconnect');
    assert.equal((answer as { reasonCode: number }).reasonCode, reason, JSON.stringify(packet));
  }
});

it('ends a connection that sends more than it may without acknowledgement', async () => {
  const raw = await rawMqtt(hub.port, 'flood', { clean: true });
  for (let messageId = 1; messageId <= 11; messageId++) {
    raw.send({
      cmd: 'publish',
      topic: 'q',
      payload: '',
      qos: 2,
      messageId,
      dup: false,
      retain: false,
    });
  }
  for (;;) {
    const packet = await raw.next();
    if (packet.cmd === 'pubrec') continue;
    assert.equal(packet.cmd, 'disconnect');
    assert.equal((packet as { reasonCode?: number }).reasonCode, 0x93);
    break;
  }
});

it('sends no more than the client takes before it acknowledges', async () => {
  const raw = await rawMqtt(hub.port, 'slow', { properties: { receiveMaximum: 2 } });
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'slow', qos: 1 }] });
  assert.equal((await raw.next()).cmd, 'suback');
  const writer = await connect();
  for (let index = 0; index < 5; index++) {
    await writer.client.publishAsync('slow', String(index), { qos: 1 });
  }
  const [first, second] = [await raw.next(), await raw.next()];
  raw.send({ cmd: 'pingreq' });
  assert.equal((await raw.next()).cmd, 'pingresp');
  raw.send({ cmd: 'puback', messageId: (second as { messageId: number }).messageId });
  raw.send({ cmd: 'puback', messageId: (first as { messageId: number }).messageId });
  const [third, fourth] = [await raw.next(), await raw.next()];
  assert.deepEqual(
    [first, second, third, fourth].map((packet) => String((packet as { payload: Buffer }).payload)),
    ['0', '1', '2', '3'],
  );
  raw.socket.destroy();
  await end(writer);
});

it('leaves out what is larger than the client takes', async () => {
  const one = await connect({ properties: { maximumPacketSize: 100 } });
  await one.client.subscribeAsync('size', { qos: 1 });
  const writer = await connect();
  await writer.client.publishAsync('size', 'x'.repeat(200), { qos: 1 });
  await writer.client.publishAsync('size', 'small', { qos: 1 });
  await received(one, 1);
  assert.deepEqual(one.texts(), ['size=small']);
  await end(one, writer);
});

it('leaves out what is of no use any more', async () => {
  const options = { clientId: 'late', clean: false, properties: { sessionExpiryInterval: 60 } };
  const first = await connect(options);
  await first.client.subscribeAsync('late', { qos: 1 });
  await end(first);
  const writer = await connect();
  await writer.client.publishAsync('late', 'old', {
    qos: 1,
    properties: { messageExpiryInterval: 0 },
  });
  await writer.client.publishAsync('late', 'new', { qos: 1 });
  const again = await connect(options);
  await received(again, 1);
  assert.deepEqual(again.texts(), ['late=new']);
  await end(again, writer);
});

it('shares the messages of a shared subscription, each to one', async () => {
  const members = await Promise.all([connect(), connect(), connect()]);
  for (const { client } of members) await client.subscribeAsync('$share/g/work/#', { qos: 1 });
  const writer = await connect();
  for (let index = 0; index < 90; index++) {
    await writer.client.publishAsync(`work/${index}`, '', { qos: 1 });
  }
  const all = () => members.flatMap(({ packets }) => packets.map(({ topic }) => topic));
  await until('all work', () => all().length >= 90);
  assert.equal(new Set(all()).size, 90);
  for (const { packets } of members) assert.ok(packets.length >= 10, `${packets.length}`);
  // What one was given and did not acknowledge goes to the others.
  const [lazy, ...others] = members;
  const before = others.flatMap(({ packets }) => packets).length;
  lazy!.client.handleMessage = () => undefined;
  for (let index = 90; index < 120; index++) {
    await writer.client.publishAsync(`work/${index}`, '', { qos: 1 });
  }
  await until('some work', () => lazy!.packets.length > 30);
  await cut(lazy!);
  await until('the others have all', () => {
    const seen = others.flatMap(({ packets }) => packets);
    return new Set(seen.map(({ topic }) => topic)).size === before + 30;
  });
  await end(writer, ...others);
});

it('publishes a will only after its delay, and not for a client that has come again', async () => {
  const reader = await connect();
  await reader.client.subscribeAsync('delayed/#', { qos: 1 });
  const will = (topic: string, seconds: number) => ({
    topic: `delayed/${topic}`,
    payload: Buffer.from('gone'),
    qos: 1 as const,
    retain: false,
    properties: { willDelayInterval: seconds },
  });
  const properties = { sessionExpiryInterval: 100 };
  const back: IClientOptions = { clientId: 'back', clean: false, properties };
  await cut(await connect({ ...back, will: will('back', 100) }));
  const again = await connect(back);
  // The end of its session ends the delay.
  const over: IClientOptions = { clientId: 'over', properties: { sessionExpiryInterval: 1 } };
  await cut(await connect({ ...over, will: will('over', 100) }));
  await received(reader, 1);
  assert.deepEqual(reader.texts(), ['delayed/over=gone']);
  await end(reader, again);
});

it('gives a client without an identifier one', async () => {
  const one = await connect({ clientId: '', clean: true });
  await end(one);
  const raw = await rawMqtt(hub.port, '', { clean: true });
  raw.socket.destroy();
});

it('publishes figures under $SYS, to those who ask for them alone', async () => {
  const one = await connect();
  await one.client.subscribeAsync('#', { qos: 0, rh: 2 });
  await one.client.subscribeAsync('$SYS/broker/clients/+', { qos: 0 });
  await received(one, 2);
  assert.ok(one.packets.every(({ topic }) => topic.startsWith('$SYS/broker/clients/')));
  await end(one);
});

it('refuses messages on topics that are not for clients, and filters that are none', async () => {
  const one = await connect();
  await assert.rejects(one.client.publishAsync('$SYS/broker/x', '', { qos: 1 }), /Topic Name/i);
  const raw = await rawMqtt(hub.port, 'filters', { clean: true });
  raw.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [
      { topic: 'a/#/b', qos: 1 },
      { topic: '$share/g', qos: 0 },
      { topic: 'b', qos: 2 },
    ],
  });
  assert.deepEqual(((await raw.next()) as { granted?: unknown }).granted, [0x8f, 0x8f, 2]);
  raw.socket.destroy();
  await end(one);
});

it('ends a connection whose client is silent for longer than its keep alive', async () => {
  const raw = await rawMqtt(hub.port, 'silent', { clean: true, keepalive: 1 });
  const packet = await raw.next();
  assert.equal((packet as { reasonCode?: number }).reasonCode, 0x8d);
});
