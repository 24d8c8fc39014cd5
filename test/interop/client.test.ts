import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  command,
  contract,
  error,
  event,
  Fault,
  implement,
  query,
  service,
  stream,
} from '#polywire';
import { createClient } from '#polywire/client';
import { startHub } from '#polywire/testing';

const Item = z.object({ value: z.int() });

const things = contract({
  name: 'things',
  version: '1.0.0',
  errors: {
    Missing: error({ code: 'NOT_FOUND', data: z.object({ id: z.string(), near: z.int() }) }),
    Locked: error({ code: 'ABORTED' }),
  },
  services: {
    things: service({
      operations: {
        echo: query({
          input: z.object({ text: z.string().default('nothing') }),
          output: z.object({ text: z.string() }),
        }),
        find: query({ input: z.object({ id: z.string() }), output: Item, errors: ['Missing'] }),
        nothing: command({ errors: ['Locked'] }),
        metadata: query({ output: z.object({ tenant: z.string() }) }),
        slow: query({ output: z.object({ end: z.string() }) }),
        broken: query({ output: Item }),
        count: query({
          input: z.object({ to: z.int(), failAt: z.int().optional() }),
          output: stream(Item),
          errors: ['Missing'],
        }),
        endless: query({ output: stream(Item) }),
        empty: query({ output: stream(Item) }),
        sum: command({ input: stream(Item), output: z.object({ sum: z.int() }) }),
        double: command({ input: stream(Item), output: stream(Item) }),
      },
      events: {
        made: event({ payload: Item }),
        placed: event({ subject: 'things.placed.{room}', payload: z.object({ room: z.string() }) }),
      },
    }),
  },
});

/** What handlers saw of calls that were ended from outside. */
interface Seen {
  slowEnded: number;
  endlessLeft: number;
}

function application(seen: Seen) {
  return implement(things, {
    things: {
      echo: ({ text }) => ({ text }),
      find: ({ id }) => {
        throw things.errors.Missing({ id, near: 7 });
      },
      nothing: () => {},
      metadata: (_, { metadata }) => ({ tenant: metadata.get('x-tenant') ?? '' }),
      slow: async (_, { signal }) => {
        await sleep(30_000, undefined, { signal }).catch(() => {});
        seen.slowEnded++;
        return { end: 'late' };
      },
      broken: () => {
        throw new Error('a secret');
      },
      async *count({ to, failAt }) {
        for (let value = 1; value <= to; value++) {
          if (value === failAt) throw things.errors.Missing({ id: `${value}`, near: value - 1 });
          yield { value };
        }
      },
      async *endless() {
        try {
          for (let value = 0; ; value++) {
            yield { value };
            await sleep(1);
          }
        } finally {
          seen.endlessLeft++;
        }
      },
      async *empty() {},
      async sum(items) {
        let sum = 0;
        for await (const { value } of items) sum += value;
        return { sum };
      },
      async *double(items) {
        for await (const { value } of items) yield { value: value * 2 };
      },
    },
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 500, 'it never happened');
    await sleep(10);
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Items that never come. */
async function* never(): AsyncGenerator<{ value: number }> {
  await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
}

/** A way to the hub that can be cut. */
async function startProxy(port: number, context: TestContext) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      // A socket that breaks is closed too, and that is all that matters here.
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    cut();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}

for (const over of ['http', 'websocket'] as const) {
  suite(`the typed client over ${over}`, { timeout: 20_000 }, () => {
    const setUp = async (context: TestContext) => {
      const seen: Seen = { slowEnded: 0, endlessLeft: 0 };
      const hub = await startHub(application(seen));
      context.after(() => hub.close());
      const client = hub.client(things, { over, timeoutMs: 10_000 });
      return { hub, client, seen };
    };

    test('unary calls answer values; inputs without members may be left out', async (context) => {
      const { client } = await setUp(context);
      assert.deepEqual(await client.things.echo({ text: 'hi' }), { text: 'hi' });
      assert.deepEqual(await client.things.echo(), { text: 'nothing' });
      assert.equal(await client.things.nothing(), null);
      assert.deepEqual(await client.call('things.echo')({ text: 'x' }), { text: 'x' });
      const many = Array.from({ length: 50 }, (_, index) =>
        client.things.echo({ text: `${index}` }),
      );
      assert.deepEqual(
        (await Promise.all(many)).map(({ text }) => text),
        many.map((_, index) => `${index}`),
      );
    });

    test('declared errors come back with their name and data, and narrow to their type', async (context) => {
      const { client } = await setUp(context);
      const thrown = await client.things.find({ id: 'q' }).catch((error: unknown) => error);
      assert.ok(client.isError(thrown, 'Missing'));
      const near: number = thrown.data.near;
      assert.equal(near, 7);
      assert.equal(thrown.code, 'NOT_FOUND');
      assert.ok(!client.isError(thrown, 'Locked'));
    });

    test('faults of the hub come back with code and violations, and without secrets', async (context) => {
      const { client } = await setUp(context);
      const wrong = { id: 5 } as unknown as { id: string };
      const invalid = await client.things.find(wrong).catch((error: unknown) => error);
      assert.ok(invalid instanceof Fault);
      assert.equal(invalid.code, 'INVALID_ARGUMENT');
      assert.equal(invalid.violations?.[0]?.path, '/id');
      const broken = await client.things.broken().catch((error: unknown) => error);
      assert.ok(broken instanceof Fault);
      assert.equal(broken.code, 'INTERNAL');
      assert.ok(!broken.message.includes('secret'));
      const unknown = client.call('things.none' as 'things.echo')();
      await assert.rejects(unknown, (fault) => fault instanceof Fault && fault.error === undefined);
    });

    test('server streams are iterated, empty ones too', async (context) => {
      const { client } = await setUp(context);
      const items = await all(client.things.count({ to: 500 }));
      assert.equal(items.length, 500);
      assert.deepEqual(items.at(-1), { value: 500 });
      assert.deepEqual(await all(client.things.empty()), []);
    });

    test('a declared error in the middle of a stream comes after the items before it', async (context) => {
      const { client } = await setUp(context);
      const seen: number[] = [];
      const run = async (): Promise<void> => {
        for await (const { value } of client.things.count({ to: 9, failAt: 4 })) seen.push(value);
      };
      const thrown = await run().catch((error: unknown) => error);
      assert.deepEqual(seen, [1, 2, 3]);
      assert.ok(client.isError(thrown, 'Missing'));
      assert.equal(thrown.data.near, 3);
    });

    test('leaving a stream ends the handler', async (context) => {
      const { client, seen } = await setUp(context);
      for await (const { value } of client.things.endless()) if (value === 3) break;
      await until(() => seen.endlessLeft === 1);
    });

    test('client streams take iterables and async iterables', async (context) => {
      const { client } = await setUp(context);
      assert.deepEqual(await client.things.sum([{ value: 1 }, { value: 2 }]), { sum: 3 });
      async function* items() {
        for (let value = 1; value <= 300; value++) yield { value };
      }
      assert.deepEqual(await client.things.sum(items()), { sum: 45_150 });
      assert.deepEqual(await client.things.sum([]), { sum: 0 });
      const invalid = [{ value: 1 }, { value: 'x' as unknown as number }];
      await assert.rejects(
        client.things.sum(invalid),
        (fault) => fault instanceof Fault && fault.code === 'INVALID_ARGUMENT',
      );
    });

    test('a dialogue: each item is answered before the next is sent', async (context) => {
      const { client } = await setUp(context);
      const answers: number[] = [];
      let answered = (): void => {};
      async function* items() {
        for (let value = 1; value <= 3; value++) {
          const answer = new Promise<void>((resolve) => {
            answered = resolve;
          });
          yield { value };
          await answer;
        }
      }
      for await (const { value } of client.things.double(items())) {
        answers.push(value);
        answered();
      }
      assert.deepEqual(answers, [2, 4, 6]);
    });

    test('a timeout ends the call here and in the handler', async (context) => {
      const { client, seen } = await setUp(context);
      const thrown = await client.things
        .slow({}, { timeoutMs: 50 })
        .catch((error: unknown) => error);
      assert.ok(thrown instanceof Fault);
      assert.equal(thrown.code, 'DEADLINE_EXCEEDED');
      await until(() => seen.slowEnded === 1);
    });

    test('an abort signal ends the call here and in the handler', async (context) => {
      const { client, seen } = await setUp(context);
      const controller = new AbortController();
      const call = client.things.slow({}, { signal: controller.signal });
      await sleep(50);
      controller.abort();
      await assert.rejects(call, (fault) => fault instanceof Fault && fault.code === 'CANCELLED');
      await until(() => seen.slowEnded === 1);
      const late = client.things.echo({}, { signal: controller.signal });
      await assert.rejects(late, (fault) => fault instanceof Fault && fault.code === 'CANCELLED');
    });

    test('what cannot be sent fails with a fault that says why', async (context) => {
      const { client } = await setUp(context);
      const has = (code: string) => (fault: unknown) =>
        fault instanceof Fault && fault.code === code;
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      await assert.rejects(
        client.things.echo(circle as { text?: string }),
        has('INVALID_ARGUMENT'),
      );
      async function* failing() {
        yield { value: 1 };
        throw new Error('no more paper');
      }
      await assert.rejects(
        client.things.sum(failing()),
        (fault) => has('CANCELLED')(fault) && /paper/.test(String((fault as Fault).cause)),
      );
      for (const timeoutMs of [0, -1, Number.NaN]) {
        await assert.rejects(
          async () => client.things.echo({}, { timeoutMs }),
          has('INVALID_ARGUMENT'),
        );
      }
      for (const timeoutMs of [Number.POSITIVE_INFINITY, 1e12, 999.5]) {
        assert.deepEqual(await client.things.echo({ text: 'x' }, { timeoutMs }), { text: 'x' });
      }
    });

    test('metadata reaches the handler', async (context) => {
      const { client } = await setUp(context);
      const metadata = { 'x-tenant': 'blue' };
      assert.deepEqual(await client.things.metadata({}, { metadata }), { tenant: 'blue' });
    });

    test('events are published and received by their names, also with members in the subject', async (context) => {
      const { client } = await setUp(context);
      const controller = new AbortController();
      const { signal } = controller;
      const made = client.events.subscribe('things.made', { signal })[Symbol.asyncIterator]();
      const placed = client.events.subscribe('things.placed', { signal })[Symbol.asyncIterator]();
      const first = Promise.all([made.next(), placed.next()]);
      await sleep(200);
      await client.events.publish('things.made', { value: 5 });
      await client.events.publish('things.placed', { room: 'a.b' });
      const [one, two] = await first;
      assert.deepEqual(one.value?.payload, { value: 5 });
      assert.equal(two.value?.subject, 'things.placed.a%2Eb');
      assert.deepEqual(two.value?.payload, { room: 'a.b' });
      await assert.rejects(
        client.events.publish('things.made', { value: 'x' as unknown as number }),
        (fault) => fault instanceof Fault && fault.code === 'INVALID_ARGUMENT',
      );
      await client.events.publish('things.made', { value: 6 });
      const after = one.value?.position;
      for await (const { payload } of client.events.subscribe('things.made', { after })) {
        assert.deepEqual(payload, { value: 6 });
        break;
      }
      controller.abort();
      assert.equal((await placed.next()).done, true);
    });

    test('without the contract the subjects of events are fetched from the hub', async (context) => {
      const { hub } = await setUp(context);
      await using client = createClient<typeof things>({ url: hub.url, over });
      await client.events.publish('things.placed', { room: 'x' });
      await assert.rejects(
        client.events.publish('things.gone' as 'things.made', { value: 1 }),
        (fault) => fault instanceof Fault && fault.code === 'NOT_FOUND',
      );
    });

    test('a hub that is not there is UNAVAILABLE; one that comes back is used again', async (context) => {
      const { hub, client } = await setUp(context);
      await client.things.echo();
      const { port } = hub;
      await hub.hub.stop();
      await hub.close();
      await using other = createClient<typeof things>({ url: hub.url, over });
      const gone = (fault: unknown): boolean =>
        fault instanceof Fault && fault.code === 'UNAVAILABLE';
      await assert.rejects(other.things.echo(), gone);
      const again = await startHub(application({ slowEnded: 0, endlessLeft: 0 }), {
        config: { listen: { port } },
      });
      context.after(() => again.close());
      assert.deepEqual(await other.things.echo({ text: 'back' }), { text: 'back' });
    });

    test('closing ends what runs, and what comes after', async (context) => {
      const { client } = await setUp(context);
      const call = client.things.slow();
      const streamed = all(client.things.endless());
      const watched = all(client.events.subscribe('things.made'));
      await sleep(50);
      await Promise.all([
        assert.rejects(call, Fault),
        assert.rejects(streamed, Fault),
        assert.rejects(watched, Fault),
        client.close(),
      ]);
      await assert.rejects(
        async () => client.things.echo(),
        (fault) => fault instanceof Fault && fault.code === 'CANCELLED',
      );
    });

    test('a stream and a subscription can be left while nothing comes', async (context) => {
      const { client } = await setUp(context);
      for (const quiet of [client.events.subscribe('things.made'), client.things.double(never())]) {
        const iterator = quiet[Symbol.asyncIterator]();
        const pending = iterator.next();
        await sleep(50);
        await iterator.return?.();
        assert.equal((await pending).done, true);
      }
    });

    test('a broken connection fails what runs, and what comes next connects again', async (context) => {
      const { hub } = await setUp(context);
      const proxy = await startProxy(hub.port, context);
      await using client = createClient<typeof things>({ url: proxy.url, over });
      const call = client.things.slow();
      const streamed = all(client.things.endless());
      await sleep(50);
      const unavailable = (fault: unknown): boolean =>
        fault instanceof Fault && fault.code === 'UNAVAILABLE';
      const failing = [assert.rejects(call, unavailable), assert.rejects(streamed, unavailable)];
      proxy.cut();
      await Promise.all(failing);
      assert.deepEqual(await client.things.echo({ text: 'again' }), { text: 'again' });
    });

    test('a subscription goes on after its connection broke, and misses nothing', async (context) => {
      const { hub, client: direct } = await setUp(context);
      const proxy = await startProxy(hub.port, context);
      await using client = createClient({ url: proxy.url, over, contract: things });
      const seen: number[] = [];
      let gaps = 0;
      const options = { onGap: () => gaps++ };
      const reading = (async () => {
        for await (const { payload } of client.events.subscribe('things.made', options)) {
          seen.push(payload.value);
          if (payload.value === 6) return;
        }
      })();
      await sleep(150);
      for (let value = 1; value <= 6; value++) {
        await direct.events.publish('things.made', { value });
        await until(() => seen.includes(value) || value % 2 === 0);
        if (value % 2 === 1) proxy.cut();
      }
      await reading;
      assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
      assert.equal(gaps, 0);
    });

    test('a token is sent, and a wrong one is refused', async (context) => {
      const hub = await startHub(application({ slowEnded: 0, endlessLeft: 0 }), {
        config: { auth: { tokens: [{ id: 'ann', token: 'correct-horse-battery' }] } },
      });
      context.after(() => hub.close());
      const known = hub.client(things, { over, token: 'correct-horse-battery' });
      assert.deepEqual(await known.things.echo({ text: 'in' }), { text: 'in' });
      for (const token of ['wrong-horse-battery', undefined]) {
        const unknown = hub.client(things, { over, token });
        await assert.rejects(
          async () => unknown.things.echo(),
          (fault) => fault instanceof Fault && fault.code === 'UNAUTHENTICATED',
        );
      }
    });
  });
}
