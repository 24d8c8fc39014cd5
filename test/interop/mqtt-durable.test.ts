import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { type IClientOptions, Store } from 'mqtt';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import { connectMqtt, cut, rawMqtt, received } from './mqtt-kit.ts';
import { until } from './until.ts';

let dataDirectory: string;
let hub: TestHub;

before(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'polywire-mqtt-'));
  hub = await startHub([], { dataDirectory });
});
after(async () => {
  await hub.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await hub.close();
  hub = await startHub([], { dataDirectory });
}

const session = (clientId: string, version: 4 | 5 = 5): IClientOptions => ({
  clientId,
  clean: false,
  protocolVersion: version,
  ...(version === 5 ? { properties: { sessionExpiryInterval: 600 } } : undefined),
});

async function publish(topic: string, text: string): Promise<void> {
  const path = topic.split('/').map(encodeURIComponent).join('/');
  const answer = await fetch(`${hub.url}/publish/${path}`, { method: 'POST', body: text });
  assert.ok(answer.ok, String(answer.status));
}

for (const version of [4, 5] as const) {
  it(`brings what was published around a restart to a session of MQTT ${version}`, async () => {
    const topic = `restart/${version}`;
    const options = session(`restart-${version}`, version);
    const first = await connectMqtt(hub.port, options);
    await first.client.subscribeAsync(`${topic}/#`, { qos: 1 });
    await first.client.endAsync();
    await publish(`${topic}/a`, '1');
    await publish(`${topic}`, '2');
    await publish('elsewhere', 'not this');
    await restart();
    // Before any client of MQTT is there.
    await publish(`${topic}/b/c`, '3');
    const again = await connectMqtt(hub.port, options);
    await received(again, 3);
    assert.deepEqual(again.texts().sort(), [`${topic}/a=1`, `${topic}/b/c=3`, `${topic}=2`]);
    await publish(`${topic}/a`, '4');
    await received(again, 4);
    await again.client.endAsync();
    // Nothing comes twice.
    await restart();
    const last = await connectMqtt(hub.port, options);
    await publish(`${topic}/a`, '5');
    await received(last, 1);
    assert.deepEqual(last.texts(), [`${topic}/a=5`]);
    await last.client.endAsync();
  });
}

it('keeps retained messages over a restart', async () => {
  const writer = await connectMqtt(hub.port);
  await writer.client.publishAsync('lasting/a', 'kept', { retain: true, qos: 1 });
  await writer.client.endAsync();
  await restart();
  const reader = await connectMqtt(hub.port);
  await reader.client.subscribeAsync('lasting/#');
  const [packet] = await received(reader, 1);
  assert.equal(packet!.retain, true);
  await reader.client.endAsync();
});

it('delivers with QoS 2 exactly once, whichever step a restart comes between', async () => {
  // A client that keeps its own part of the exchange too.
  const stores = {
    incomingStore: new Store({ clean: false }),
    outgoingStore: new Store({ clean: false }),
  };
  const options = { ...session('exactly'), ...stores };
  const got: string[] = [];
  let reader = await connectMqtt(hub.port, options);
  await reader.client.subscribeAsync('exactly/#', { qos: 2 });
  const sent: string[] = [];
  for (let round = 0; round < 4; round++) {
    const writer = await connectMqtt(hub.port);
    for (let index = 0; index < 25; index++) {
      const text = `${round}-${index}`;
      sent.push(`exactly/${index % 3}=${text}`);
      await writer.client.publishAsync(`exactly/${index % 3}`, text, { qos: 2 });
    }
    await writer.client.endAsync(true);
    await cut(reader);
    got.push(...reader.texts());
    await restart();
    reader = await connectMqtt(hub.port, options);
  }
  await until('all messages', () => got.length + reader.packets.length >= sent.length);
  await reader.client.endAsync();
  got.push(...reader.texts());
  assert.deepEqual(got.toSorted(), sent.toSorted());
});

it('takes a message of QoS 2 once, though the client sends it again after a restart', async () => {
  const check = await connectMqtt(hub.port, session('sender-check'));
  await check.client.subscribeAsync('once/#', { qos: 1 });
  const first = await rawMqtt(hub.port, 'sender');
  first.send({
    cmd: 'publish',
    topic: 'once/a',
    payload: 'x',
    qos: 2,
    messageId: 7,
    dup: false,
    retain: false,
  });
  assert.equal((await first.next()).cmd, 'pubrec');
  await received(check, 1);
  first.socket.destroy();
  await check.client.endAsync();
  await restart();
  const again = await rawMqtt(hub.port, 'sender');
  // PUBREC was lost, says the client.
  again.send({
    cmd: 'publish',
    topic: 'once/a',
    payload: 'x',
    qos: 2,
    messageId: 7,
    dup: true,
    retain: false,
  });
  assert.equal((await again.next()).cmd, 'pubrec');
  again.send({ cmd: 'pubrel', messageId: 7 });
  assert.equal((await again.next()).cmd, 'pubcomp');
  // Now the identifier stands for another message.
  again.send({
    cmd: 'publish',
    topic: 'once/b',
    payload: 'y',
    qos: 2,
    messageId: 7,
    dup: false,
    retain: false,
  });
  assert.equal((await again.next()).cmd, 'pubrec');
  again.socket.destroy();
  const last = await connectMqtt(hub.port, session('sender-check'));
  await received(last, 1);
  assert.deepEqual(last.texts(), ['once/b=y']);
  await last.client.endAsync();
});

it('forgets a session that is over', async () => {
  const options = session('over');
  const one = await connectMqtt(hub.port, options);
  await one.client.subscribeAsync('over', { qos: 1 });
  await one.client.endAsync(false, { properties: { sessionExpiryInterval: 0 } } as never);
  await restart();
  await publish('over', 'nobody');
  const again = await connectMqtt(hub.port, options);
  await again.client.publishAsync('other', 'x', { qos: 1 });
  assert.equal(again.packets.length, 0);
  await again.client.endAsync();
});
