import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import { Channel } from '../model/channel.ts';
import { Fault } from '../model/fault.ts';
import { application, callOf, operation } from './application.test-support.ts';
import { createHub, type RunningHub } from './create-hub.ts';

const NUMBER = { type: 'integer' } as const;
const streaming = { schema: NUMBER, stream: true };

type Stream = AsyncIterableIterator<unknown, undefined>;
type Member = readonly [ReturnType<typeof operation>, (input: never, context: never) => unknown];

async function hubWith(...members: Member[]): Promise<RunningHub> {
  const hub = createHub();
  hub.add(application(members));
  await hub.start();
  return hub;
}

function run(hub: RunningHub, name: string, call: Call): unknown {
  return hub.invoke(hub.endpoint(`test.${name}`)!, call, hub.diagnostics.meter('test'));
}

function figures(hub: RunningHub): number[] {
  const meter = hub.diagnostics.meter('test');
  return [meter.received, meter.sent, meter.refused, meter.failed, meter.inFlight];
}

/** A source that counts how often it is told that nobody reads on. */
class Source implements AsyncIterableIterator<unknown> {
  returned = 0;
  readonly #items: unknown[];
  readonly #then: 'end' | 'hang' | 'throw';

  constructor(items: unknown[], then: 'end' | 'hang' | 'throw') {
    this.#items = items;
    this.#then = then;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift(), done: false });
    if (this.#then === 'throw') return Promise.reject(new Error('source broke'));
    if (this.#then === 'hang') return new Promise(() => undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  return(): Promise<IteratorResult<unknown>> {
    this.returned++;
    return new Promise(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function read(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream as Stream) items.push(item);
  return items;
}

test('a stream is one call until its end, and its items are counted', async () => {
  const source = new Source([1, 2, 3], 'end');
  const hub = await hubWith([operation('watch', { output: streaming }), () => source]);
  const stream = run(hub, 'watch', callOf({})) as Stream;
  assert.deepEqual(figures(hub), [1, 0, 0, 0, 1]);
  assert.deepEqual(await read(stream), [1, 2, 3]);
  assert.deepEqual(figures(hub), [1, 3, 0, 0, 0]);
  assert.equal(source.returned, 0, 'a source that ended needs no return');
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test('promises of streams, generators and plain iterables are streams too', async () => {
  const hub = await hubWith(
    [operation('later', { output: streaming }), async () => new Source([1], 'end')],
    [operation('plain', { output: streaming }), () => [1, 2]],
    [
      operation('generated', { output: streaming }),
      async function* () {
        yield 5;
      },
    ],
    [operation('wrong', { output: streaming }), () => 7],
  );
  assert.deepEqual(await read(await run(hub, 'later', callOf({}))), [1]);
  assert.deepEqual(await read(run(hub, 'plain', callOf({}))), [1, 2]);
  assert.deepEqual(await read(run(hub, 'generated', callOf({}))), [5]);
  assert.throws(() => run(hub, 'wrong', callOf({})), { code: 'INTERNAL' });
  assert.equal(figures(hub)[4], 0);
});

test('a reader who leaves releases the source once and frees the handler', async () => {
  let signal: AbortSignal | undefined;
  const source = new Source([1, 2, 3], 'hang');
  const hub = await hubWith([
    operation('watch', { output: streaming }),
    (_: unknown, context: Context) => {
      signal = context.signal;
      return source;
    },
  ]);
  const stream = run(hub, 'watch', callOf({})) as Stream;
  for await (const item of stream) if (item === 2) break;
  await stream.return!();
  assert.equal(source.returned, 1);
  assert.equal(signal!.aborted, true);
  assert.deepEqual(figures(hub), [1, 2, 0, 0, 0]);
});

test('a stream that hangs ends at once with its call: by deadline or by the caller', async () => {
  for (const how of ['deadline', 'caller'] as const) {
    const source = new Source([1], 'hang');
    const hub = await hubWith([operation('watch', { output: streaming }), () => source]);
    const call = callOf({}, how === 'deadline' ? { deadlineMs: Date.now() + 20 } : {});
    const stream = run(hub, 'watch', call) as Stream;
    assert.deepEqual(await stream.next(), { value: 1, done: false });
    const hanging = stream.next();
    if (how === 'caller') call.abort();
    await assert.rejects(hanging, {
      code: how === 'caller' ? 'CANCELLED' : 'DEADLINE_EXCEEDED',
    });
    assert.equal(source.returned, 1);
    assert.deepEqual(figures(hub), [1, 1, 0, 1, 0]);
    assert.deepEqual(await stream.next(), { value: undefined, done: true });
  }
});

test('a stream that nobody reads ends with its call, and the next reader is told', async () => {
  const source = new Source([1], 'hang');
  const hub = await hubWith([operation('watch', { output: streaming }), () => source]);
  const call = callOf({});
  const stream = run(hub, 'watch', call) as Stream;
  call.abort(new Fault('UNAVAILABLE', 'gone'));
  assert.equal(source.returned, 1);
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
  await assert.rejects(stream.next(), { code: 'UNAVAILABLE' });
});

test('a bad item or a broken source fails the stream after what was good', async () => {
  const bad = new Source([1, 'x', 3], 'end');
  const broken = new Source([1], 'throw');
  const hub = await hubWith(
    [operation('bad', { output: streaming }), () => bad],
    [operation('broken', { output: streaming }), () => broken],
  );
  for (const name of ['bad', 'broken']) {
    const stream = run(hub, name, callOf({})) as Stream;
    assert.deepEqual(await stream.next(), { value: 1, done: false });
    await assert.rejects(stream.next(), { code: 'INTERNAL' });
  }
  assert.equal(bad.returned, 1);
  assert.equal(broken.returned, 0);
  assert.deepEqual(figures(hub), [2, 2, 0, 2, 0]);
});

test('a stream that comes after the deadline is closed', async () => {
  const source = new Source([1], 'hang');
  let open = (_: unknown): void => undefined;
  const hub = await hubWith([
    operation('watch', { output: streaming }),
    () => new Promise((resolve) => (open = resolve)),
  ]);
  const call = callOf({});
  const answer = run(hub, 'watch', call);
  call.abort();
  await assert.rejects(async () => answer, { code: 'CANCELLED' });
  open(source);
  await turn();
  assert.equal(source.returned, 1);
});

test('a reader that does not wait gets its items in order', async () => {
  const hub = await hubWith([
    operation('watch', { output: streaming }),
    async function* () {
      for (let n = 1; n <= 6; n++) {
        await turn();
        yield n;
      }
    },
  ]);
  const stream = run(hub, 'watch', callOf({})) as Stream;
  const reads = [stream.next(), stream.next(), stream.next()];
  // One more comes as soon as the first is answered, while the others still wait.
  const late = reads[0]!.then(() => stream.next());
  const all = await Promise.all([...reads, late, late.then(() => stream.next())]);
  assert.deepEqual(
    all.map(({ value }) => value),
    [1, 2, 3, 4, 5],
  );
  await stream.return!();
});

const sum = async (input: AsyncIterable<number>): Promise<number> => {
  let total = 0;
  for await (const item of input) total += item;
  return total;
};

test("a client's stream reaches the handler item by item", async () => {
  const hub = await hubWith([operation('sum', { input: streaming }), sum]);
  const channel = new Channel<number>(2);
  const answer = run(hub, 'sum', callOf(channel));
  channel.push(1);
  channel.push(2);
  await turn();
  channel.push(3);
  channel.end();
  assert.equal(await answer, 6);
  assert.deepEqual(figures(hub), [1, 1, 0, 0, 0]);
});

test('a bad item fails the whole call and names its place, whatever the handler does', async () => {
  const hub = await hubWith([
    operation('sum', { input: streaming }),
    async (input: AsyncIterable<number>) => {
      try {
        await sum(input);
      } catch {
        return 0;
      }
      return 1;
    },
  ]);
  const channel = new Channel<unknown>(8);
  let closed = 0;
  channel.onClose = () => closed++;
  const answer = run(hub, 'sum', callOf(channel));
  channel.push(1);
  channel.push('two');
  await assert.rejects(
    async () => answer,
    (fault: Fault) =>
      fault.code === 'INVALID_ARGUMENT' && /item 1 of the input/.test(fault.message),
  );
  assert.equal(closed, 1, 'the sender is told to stop');
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
});

test('a sender is told to stop when the handler answers without reading on', async () => {
  const hub = await hubWith([operation('sum', { input: streaming }), () => 0]);
  const channel = new Channel<number>(2);
  let closed = 0;
  channel.onClose = () => closed++;
  assert.equal(run(hub, 'sum', callOf(channel)), 0);
  assert.equal(closed, 1);
});

test('a handler that waits for input is freed when the caller leaves', async () => {
  let freed: unknown;
  const hub = await hubWith([
    operation('sum', { input: streaming }),
    async (input: AsyncIterable<number>) => {
      try {
        return await sum(input);
      } catch (fault) {
        freed = fault;
        throw fault;
      }
    },
  ]);
  const call = callOf(new Channel<number>(2));
  const answer = run(hub, 'sum', call);
  await turn();
  call.abort();
  await assert.rejects(async () => answer, { code: 'CANCELLED' });
  await turn();
  assert.equal((freed as Fault).code, 'CANCELLED');
});

test('one value where a stream is asked for is refused', async () => {
  const hub = await hubWith([operation('sum', { input: streaming }), sum]);
  assert.throws(() => run(hub, 'sum', callOf(5)), { code: 'INVALID_ARGUMENT' });
  assert.deepEqual(figures(hub), [1, 0, 1, 0, 0]);
});

test('both directions at once: what the client sends comes back', async () => {
  const hub = await hubWith([
    operation('echo', { input: streaming, output: streaming }),
    async function* (input: AsyncIterable<number>) {
      for await (const item of input) yield item * 10;
    },
  ]);
  const channel = new Channel<number>(4);
  const stream = run(hub, 'echo', callOf(channel)) as Stream;
  channel.push(1);
  assert.equal((await stream.next()).value, 10);
  channel.push(2);
  assert.equal((await stream.next()).value, 20);
  channel.end();
  assert.equal((await stream.next()).done, true);
  assert.deepEqual(figures(hub), [1, 2, 0, 0, 0]);
});

test('a bad item of a stream in both directions ends the answers with its fault', async () => {
  const hub = await hubWith([
    operation('echo', { input: streaming, output: streaming }),
    async function* (input: AsyncIterable<number>) {
      for await (const item of input) yield item;
    },
  ]);
  const stream = run(hub, 'echo', callOf([1, 'x'])) as Stream;
  assert.equal((await stream.next()).value, 1);
  await assert.rejects(stream.next(), { code: 'INVALID_ARGUMENT' });
});

test('generators run their clean-up when a reader leaves', async () => {
  let cleaned = 0;
  const hub = await hubWith([
    operation('watch', { output: streaming }),
    async function* () {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        cleaned++;
      }
    },
  ]);
  for await (const item of run(hub, 'watch', callOf({})) as Stream) if (item === 3) break;
  await turn();
  assert.equal(cleaned, 1);
});

test('a source that never waits leaves turns to everything else', async () => {
  async function* forever() {
    for (let index = 0; ; index++) yield index;
  }
  const hub = await hubWith([operation('watch', { output: streaming }), forever]);
  const call = callOf({});
  const reading = read(run(hub, 'watch', call));
  // Without turns this immediate never comes, and the test hangs.
  setImmediate(() => call.abort());
  await assert.rejects(reading, { code: 'CANCELLED' });
  assert.deepEqual(figures(hub).slice(2), [0, 1, 0]);
});
