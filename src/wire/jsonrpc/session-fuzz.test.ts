import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { LineFraming, messageText } from './framing.ts';
import { METHODS } from './methods.ts';
import { openSession, startService, until } from './service.test-support.ts';

const OPERATIONS = [
  'echo',
  'later',
  'fail',
  'break',
  'nothing',
  'count',
  'sum',
  'twice',
  'missing',
];

const id = fc.oneof(fc.nat({ max: 4 }), fc.constantFrom('a', 'b', null, 1.5));
const operationCall = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    method: fc.constantFrom(...OPERATIONS).map((name) => `test.${name}`),
    id,
    params: fc.oneof(
      fc.record({ to: fc.nat({ max: 30 }), fail: fc.boolean() }),
      fc.array(fc.nat(), { maxLength: 2 }),
      fc.constant({}),
    ),
    credit: fc.nat({ max: 40 }),
    timeoutMs: fc.nat({ max: 20_000 }),
  },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const controlCall = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    method: fc.constantFrom(...Object.values(METHODS)),
    id,
    params: fc.record(
      {
        id: fc.oneof(id, fc.jsonValue()),
        items: fc.oneof(fc.array(fc.nat(), { maxLength: 20 }), fc.jsonValue()),
        count: fc.oneof(fc.nat(), fc.jsonValue()),
        subscription: fc.constantFrom('s1', 's2', 7),
        filter: fc.constantFrom('>', 'a.*', 'a', '', 7),
        subject: fc.constantFrom('a.b', 'a', ''),
        payload: fc.jsonValue(),
        token: fc.string(),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const request = fc.oneof(
  { weight: 4, arbitrary: operationCall },
  { weight: 3, arbitrary: controlCall },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const message = fc.oneof(
  { weight: 6, arbitrary: request },
  { weight: 1, arbitrary: fc.array(request, { maxLength: 6 }) },
);

interface Answer {
  id?: unknown;
  method?: string;
  result?: unknown;
  error?: unknown;
}

/** Every answer that came, those of batches one by one. */
function answersOf(sent: readonly string[]): Answer[] {
  return sent
    .flatMap((text) => JSON.parse(text) as Answer | Answer[])
    .filter((answer) => answer.method === undefined);
}

/** Ids of requests that are due an answer, as text, in any order. */
function idsDue(messages: readonly unknown[]): string[] {
  const due: string[] = [];
  for (const one of messages) {
    // A message with such a member is refused as a whole, whatever else it holds.
    if (JSON.stringify(one).includes('"__proto__":')) {
      due.push('null');
      continue;
    }
    for (const value of Array.isArray(one) && one.length > 0 ? one : [one]) {
      const id = dueId(value);
      if (id !== undefined) due.push(id);
    }
  }
  return due.sort();
}

function dueId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'null';
  const { jsonrpc, method, id, timeoutMs } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0' || typeof method !== 'string') return 'null';
  if (timeoutMs === 0 && id === undefined) return 'null';
  return id === undefined ? undefined : JSON.stringify(id);
}

test('each request is answered exactly once, whatever else is sent', async () => {
  const service = await startService({ maxStreams: 100, maxInFlight: 100 });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 25 }), async (messages) => {
      const { transport, session, receive } = openSession(service);
      for (const one of messages) {
        receive(one);
        if (transport.closedWith !== undefined) break;
      }
      // Streams without credit and client streams without an end are ended from outside.
      for (let turns = 0; turns < 5; turns++) await turn();
      for (const stream of session.streams.values()) stream.abort();
      await until(() => session.streams.size === 0, 'the end of all streams');
      for (const subscription of session.subscriptions.values()) subscription.close();
      session.subscriptions.clear();
      await until(() => session.idle, 'the last answer');
      const answered = answersOf(transport.sent)
        .map((answer) => JSON.stringify(answer.id))
        .sort();
      assert.deepEqual(answered, idsDue(messages));
      session.closed();
    }),
    { numRuns: 150 },
  );
  assert.equal(service.meter.inFlight, 0);
  await service.hub.stop();
});

test('broken text, split anywhere, neither throws nor grows', async () => {
  const service = await startService();
  const real = [
    '{"jsonrpc":"2.0","id":1,"method":"test.echo","params":{"a":[1,2,{"b":null}]}}\n',
    '[{"jsonrpc":"2.0","id":2,"method":"test.later"},{"jsonrpc":"2.0","method":"test.echo"}]\n',
    '{"jsonrpc":"2.0","id":3,"method":"test.sum"}\n{"jsonrpc":"2.0","method":"rpc.items","params":{"id":3,"items":[1]}}\n',
    '{"jsonrpc":"2.0","id":4,"method":"rpc.subscribe","params":{"filter":">"}}\n',
  ];
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), cut: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...real), { minLength: 1, maxLength: 8 }),
      fc.array(mutation, { maxLength: 6 }),
      fc.integer({ min: 1, max: 60 }),
      async (texts, mutations, size) => {
        let bytes = Buffer.from(texts.join(''));
        for (const { at, byte, cut } of mutations) {
          const place = at % Math.max(1, bytes.length);
          if (cut) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)]);
          else bytes[place] = byte;
        }
        const { transport, session } = openSession(service);
        const framing = new LineFraming(1000);
        for (let at = 0; at < bytes.length; at += size) {
          framing.push(Buffer.from(bytes.subarray(at, at + size)), (one) =>
            session.receive(messageText(one)),
          );
          assert.ok(framing.heldBytes <= 1000);
        }
        await turn();
        for (const text of transport.sent) JSON.parse(text);
        session.closed();
      },
    ),
    { numRuns: 150 },
  );
  await until(() => service.meter.inFlight === 0);
  await service.hub.stop();
});
