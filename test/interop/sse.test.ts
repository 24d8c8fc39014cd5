import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { EventSource, type FetchLike } from 'eventsource';
import { EventStreamParser, type ReceivedEvent } from '../../src/wire/event-stream.ts';
import { shop } from './rest-application.ts';
import { startServer, type TestServer } from './rest-server.ts';
import { until } from './until.ts';

let server: TestServer;

before(async () => {
  server = await startServer(shop(), {
    sse: { heartbeatMs: 100, retryMs: 20 },
    hub: { historyRecords: 50, subscriberBufferMessages: 100 },
  });
});
after(() => server.close());

async function publish(
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ id: string; subject: string }> {
  const response = await fetch(`${server.url}/publish/${path}`, { method: 'POST', body, headers });
  assert.equal(response.status, 202);
  return (await response.json()) as { id: string; subject: string };
}

class Reader {
  readonly events: ReceivedEvent[] = [];
  readonly parser = new EventStreamParser();
  readonly controller = new AbortController();

  static async open(path: string, headers: Record<string, string> = {}): Promise<Reader> {
    const reader = new Reader();
    const response = await fetch(`${server.url}/subscribe/${path}`, {
      headers,
      signal: reader.controller.signal,
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    void reader.#read(response.body as ReadableStream<Uint8Array>);
    return reader;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) this.events.push(...this.parser.push(chunk));
    } catch {
      // The test closed it.
    }
  }

  async next(count: number): Promise<ReceivedEvent[]> {
    await until(`${count} events`, () => this.events.length >= count);
    return this.events;
  }

  close(): void {
    this.controller.abort();
  }
}

const subscriptions = () =>
  (server.hub as unknown as { readonly subscriptionCount?: number }).subscriptionCount;

describe('subscriptions', () => {
  it('deliver what is published: subject, id and payload', async () => {
    const reader = await Reader.open('readings/*');
    await publish('readings/kitchen', '{"c":\n21.5}', { 'content-type': 'application/json' });
    await publish('readings/cellar', 'two\nlines', { 'content-type': 'text/plain' });
    await publish('readings/attic/deeper', 'no', { 'content-type': 'text/plain' });
    await publish('readings/binary', Buffer.from([0xff, 0x00]));
    const [json, text, binary] = await reader.next(3);
    assert.deepEqual([json?.event, json?.data], ['readings.kitchen', '{"c": 21.5}']);
    assert.deepEqual([text?.event, text?.data], ['readings.cellar', 'two\nlines']);
    assert.deepEqual([binary?.event, binary?.data], ['readings.binary', '/wA=']);
    assert.equal(binary?.fields?.get('encoding'), 'base64');
    assert.ok(json?.lastEventId && text?.lastEventId && json.lastEventId !== text.lastEventId);
    assert.equal(reader.parser.retryMs, 20);
    reader.close();
  });

  it('take wildcards plain or encoded, and levels that look like them', async () => {
    const readers = await Promise.all(['w/>', 'w/%3E', 'w/%252A'].map((path) => Reader.open(path)));
    const { subject } = await publish('w/%252A', 'x');
    assert.equal(subject, 'w.%2A');
    for (const reader of readers) {
      assert.equal((await reader.next(1))[0]?.event, 'w.%2A');
      reader.close();
    }
  });

  it('carry CloudEvents on request', async () => {
    const reader = await Reader.open('orders/>?envelope=cloudevents');
    await publish('orders/placed', '{"id":1}', {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-type': 'com.example.placed',
      'ce-source': '/shop',
      'ce-time': '2026-01-31T12:00:00.5Z',
      'x-message-key': 'k',
      'x-message-header-note': 'kept',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    await publish('orders/raw', Buffer.from([0xfe]), {
      'content-type': 'application/octet-stream',
    });
    const [event, raw] = await reader.next(2);
    assert.equal(event?.event, 'message');
    assert.deepEqual(JSON.parse(event?.data ?? ''), {
      specversion: '1.0',
      id: 'e-1',
      type: 'com.example.placed',
      source: '/shop',
      subject: 'orders.placed',
      time: '2026-01-31T12:00:00.500Z',
      datacontenttype: 'application/json',
      partitionkey: 'k',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { id: 1 },
    });
    assert.equal(JSON.parse(raw?.data ?? '').data_base64, '/g==');
    reader.close();
  });

  it('resume after Last-Event-ID, from a header or the query', async () => {
    const reader = await Reader.open('resume');
    await publish('resume', '1');
    const [first] = await reader.next(1);
    reader.close();
    await publish('resume', '2');
    await publish('resume', '3');
    const id = first?.lastEventId ?? '';
    const byHeader = await Reader.open('resume', { 'last-event-id': id });
    const byQuery = await Reader.open(`resume?last-event-id=${encodeURIComponent(id)}`);
    for (const again of [byHeader, byQuery]) {
      assert.deepEqual(
        (await again.next(2)).map((event) => event.data),
        ['2', '3'],
      );
      again.close();
    }
  });

  it('say so when the history does not reach back', async () => {
    const reader = await Reader.open('gone', { 'last-event-id': 'another-1' });
    const [gap] = await reader.next(1);
    assert.equal(gap?.event, '*gap');
    reader.close();
  });

  it('of subjects named like events of the hub are told apart from those', async () => {
    const reader = await Reader.open('%3E');
    for (const subject of ['gap', 'dropped', '%252Agap', 'error']) await publish(subject, '1');
    assert.deepEqual(
      (await reader.next(4)).map(({ event, lastEventId }) => [event, lastEventId !== '']),
      [
        ['gap', true],
        ['dropped', true],
        ['%2Agap', true],
        ['error', true],
      ],
    );
    reader.close();
  });

  it('EventSource reconnects by itself and misses nothing', async () => {
    const received: string[] = [];
    const lastIds: (string | null)[] = [];
    let cut: AbortController | undefined;
    const counted: FetchLike = (url, init) => {
      lastIds.push(new Headers(init.headers).get('last-event-id'));
      cut = new AbortController();
      const signal = AbortSignal.any([cut.signal, init.signal as AbortSignal]);
      return fetch(url, { ...(init as RequestInit), signal });
    };
    const source = new EventSource(`${server.url}/subscribe/again`, { fetch: counted });
    source.addEventListener('again', (event) => received.push(event.data));
    await until('it is open', () => source.readyState === 1);
    await publish('again', '1');
    await until('the first event', () => received.length === 1);
    cut?.abort(new TypeError('the network is gone'));
    await publish('again', '2');
    await publish('again', '3');
    await until('the others', () => received.length === 3);
    source.close();
    assert.deepEqual(received, ['1', '2', '3']);
    assert.equal(lastIds.length, 2);
    assert.ok(lastIds[1]);
  });

  it('announce what a slow reader lost, and hold no more than the limit', async () => {
    const incoming = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(`${server.url}/subscribe/flood`, { agent: false }, resolve).on('error', reject);
    });
    incoming.pause();
    const meter = server.hub.diagnostics.meter('sse');
    const dropped = meter.dropped;
    const origin = { principal: await server.hub.authenticate({ kind: 'none' }), meter };
    const payload = Buffer.alloc(20_000, 'x');
    for (let turn = 0; meter.dropped === dropped && turn < 5000; turn++) {
      await server.hub.publish(
        [
          {
            subject: 'flood',
            key: undefined,
            headers: [],
            payload,
            contentType: 'text/plain',
            timeMs: 0,
            id: String(turn),
            source: 'test',
            trace: undefined,
          },
        ],
        origin,
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(meter.dropped > dropped, 'a reader that does not read loses messages');
    const parser = new EventStreamParser();
    const names = new Set<string>();
    incoming.on('data', (chunk: Buffer) => {
      for (const event of parser.push(chunk)) names.add(event.event);
    });
    incoming.resume();
    await until('it is told', () => names.has('*dropped'));
    incoming.destroy();
  });

  it('keep quiet connections alive and end with their client', async () => {
    const controller = new AbortController();
    const response = await fetch(`${server.url}/subscribe/quiet`, { signal: controller.signal });
    let text = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes(':\n\n')) break;
    }
    assert.match(text, /^retry: 20\n\n:\n\n/);
    controller.abort();
    if (subscriptions() !== undefined) await until('nobody is left', () => subscriptions() === 0);
  });

  it('refuse what cannot be', async () => {
    const status = async (path: string, headers = {}) =>
      (await fetch(`${server.url}/subscribe/${path}`, { headers })).status;
    assert.equal(await status('a', { accept: 'application/json' }), 406);
    assert.equal(await status('a?envelope=x'), 400);
    assert.equal(await status('a/%3E/b'), 400);
    assert.equal(await status(''), 400);
  });
});

describe('publishing', () => {
  it('refuses bad times and payloads that do not fit the event', async () => {
    const status = async (path: string, body: string, headers: Record<string, string> = {}) =>
      (
        await fetch(`${server.url}/publish/${path}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', ...headers },
        })
      ).status;
    assert.equal(await status('a', '1', { 'ce-time': 'yesterday' }), 400);
    assert.equal(await status('items/placed/north', '{"region":"north"}'), 400);
    assert.equal(await status('items/placed/north', '{"region":"north","id":1}'), 202);
    assert.equal(await status('items/placed/north', '{'), 400);
    assert.equal(await status('', '1'), 400);
  });
});

describe('the end of the hub', () => {
  it('ends subscriptions so that clients come back', async () => {
    const own = await startServer(shop());
    const response = await fetch(`${own.url}/subscribe/%3E`);
    const text = response.text();
    await own.hub.drain(100);
    assert.match(await text, /^retry: 2000\n\n/);
    await own.close();
  });
});
