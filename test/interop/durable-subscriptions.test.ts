import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import { createClient } from '#polywire/client';
import { startHub, type TestHub } from '#polywire/testing';
import type { Message } from '../../src/model/message.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { until } from './until.ts';

const STREAMS = { orders: { subjects: ['orders.>'], partitions: 3 } };
const KEYS = ['a', 'b', 'c', 'd'];

async function dataFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function start(dataDirectory: string, port = 0): Promise<TestHub> {
  const config = { listen: { port }, streams: STREAMS, protocols: { sse: { retryMs: 20 } } };
  return startHub([], { dataDirectory, config });
}

/** Publishes numbered messages, a few at a time, and knows which were accepted. */
class Publisher {
  readonly accepted = new Map<string, number[]>();
  #count = 0;

  async batch(hub: TestHub): Promise<boolean> {
    const messages = Array.from({ length: 7 }, () => this.#message());
    const meter = hub.hub.diagnostics.meter('test');
    try {
      await hub.hub.publish(messages, { principal: LOCAL, meter });
    } catch (fault) {
      assert.equal((fault as { code?: string }).code, 'UNAVAILABLE');
      return false;
    }
    for (const { key, payload } of messages) {
      const lane = this.accepted.get(key!) ?? [];
      lane.push(Number(Buffer.from(payload).toString()));
      this.accepted.set(key!, lane);
    }
    return true;
  }

  #message(): Message {
    const key = KEYS[this.#count % KEYS.length]!;
    return {
      subject: `orders.${key}`,
      key,
      headers: [],
      payload: Buffer.from(`${this.#count++}`),
      contentType: 'application/json',
      timeMs: Date.now(),
      id: crypto.randomUUID(),
      source: 'test',
      trace: undefined,
    };
  }

  get total(): number {
    return [...this.accepted.values()].flat().length;
  }
}

/** What a subscriber has seen, by key. */
class Seen {
  readonly lanes = new Map<string, number[]>();
  total = 0;

  add(subject: string, value: number): void {
    const key = subject.slice('orders.'.length);
    const lane = this.lanes.get(key) ?? [];
    lane.push(value);
    this.lanes.set(key, lane);
    this.total++;
  }
}

const sorted = (lanes: Map<string, number[]>) => [...lanes].sort();

test('event streams and WebSockets go on behind what they had when the hub is started again', async (context) => {
  const folder = await dataFolder(context);
  let hub = await start(folder);
  const { port, url } = hub;
  context.after(() => hub.close());
  const bySse = new Seen();
  const source = new EventSource(`${url}/subscribe/orders/%3E?from=start`);
  context.after(() => source.close());
  let gaps = 0;
  source.addEventListener('*gap', () => gaps++);
  for (const key of KEYS) {
    source.addEventListener(`orders.${key}`, ({ data }) =>
      bySse.add(`orders.${key}`, Number(data)),
    );
  }
  const byWebSocket = new Seen();
  const client = createClient({ url, over: 'websocket' });
  const leaving = new AbortController();
  context.after(() => client.close());
  const subscription = client.events.subscribeSubject('orders.>', {
    from: 'start',
    signal: leaving.signal,
    onGap: () => gaps++,
  });
  const reading = (async () => {
    for await (const { subject, payload } of subscription)
      byWebSocket.add(subject, payload as number);
  })();
  const publisher = new Publisher();
  for (let round = 0; round < 4; round++) {
    for (let count = 0; count < 40; count++) await publisher.batch(hub);
    // Published while the hub stops, and again before the clients are back.
    const late = Promise.all(Array.from({ length: 5 }, () => publisher.batch(hub)));
    await hub.close();
    await late;
    hub = await start(folder, port);
    for (let count = 0; count < 10; count++) await publisher.batch(hub);
  }
  await until('everything over the event stream', () => bySse.total >= publisher.total);
  await until('everything over the WebSocket', () => byWebSocket.total >= publisher.total);
  assert.deepEqual(sorted(bySse.lanes), sorted(publisher.accepted));
  assert.deepEqual(sorted(byWebSocket.lanes), sorted(publisher.accepted));
  assert.equal(gaps, 0);
  leaving.abort();
  await reading;
});

test('a subscription begins where it is told to, over every protocol that has positions', async (context) => {
  const hub = await start(await dataFolder(context));
  context.after(() => hub.close());
  const publisher = new Publisher();
  await publisher.batch(hub);
  const all = publisher.total;
  const overHttp = createClient({ url: hub.url });
  const overWebSocket = createClient({ url: hub.url, over: 'websocket' });
  context.after(() => Promise.all([overHttp.close(), overWebSocket.close()]));
  const take = async (
    client: typeof overHttp,
    options: object,
    count: number,
  ): Promise<unknown[]> => {
    const taken: unknown[] = [];
    for await (const { payload } of client.events.subscribeSubject('orders.>', options)) {
      if (taken.push(payload) === count) break;
    }
    return taken.sort();
  };
  const everything = Array.from({ length: all }, (_, index) => index);
  for (const client of [overHttp, overWebSocket]) {
    assert.deepEqual(await take(client, { from: 'start' }, all), everything);
    assert.deepEqual(await take(client, { from: 0 }, all), everything);
    assert.deepEqual(await take(client, { last: 1000 }, all), everything);
  }
  const refused = await fetch(`${hub.url}/subscribe/orders/%3E?from=yesterday`);
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /expected now, start, a time/);
});
