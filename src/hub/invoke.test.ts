import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../model/application.ts';
import type { Call } from '../model/call.ts';
import type { Contract } from '../model/contract.ts';
import { Fault } from '../model/fault.ts';
import { LOCAL } from '../model/principal.ts';
import { application, callOf, operation } from './application.test-support.ts';
import { createHub, type HubOptions, type RunningHub } from './create-hub.ts';

const COUNT = {
  type: 'object',
  properties: { n: { type: 'integer' }, step: { type: 'integer', default: 1 } },
  required: ['n'],
  additionalProperties: false,
} as const;

interface Logged {
  readonly level: string;
  readonly fields: Record<string, unknown>;
}

function recorder(): { lines: Logged[]; logger: NonNullable<HubOptions['logger']> } {
  const lines: Logged[] = [];
  const at = (level: string) => (fields: object) =>
    void lines.push({ level, fields: fields as Record<string, unknown> });
  return {
    lines,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

type Member = readonly [ReturnType<typeof operation>, (input: never, context: never) => unknown];

async function hubWith(
  members: readonly Member[],
  options: HubOptions = {},
  contract: Partial<Contract> = {},
): Promise<RunningHub> {
  const hub = createHub(options);
  hub.add(application(members, { contract }));
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

test('a bad input is refused before the handler, with path, expectation and what came', async () => {
  let ran = 0;
  const hub = await hubWith([
    [operation('count', { input: { schema: COUNT, stream: false } }), () => ++ran],
  ]);
  assert.throws(
    () => run(hub, 'count', callOf({ n: 'x' })),
    (fault: Fault) =>
      fault.code === 'INVALID_ARGUMENT' &&
      fault.violations?.[0]?.path === '/n' &&
      /\/n: expected .*whole number.*received/.test(fault.message),
  );
  assert.equal(ran, 0);
  assert.deepEqual(figures(hub), [1, 0, 1, 0, 0]);
});

test('defaults of the schema are filled in, unless a parser does it', async () => {
  const counted = operation('count', { input: { schema: COUNT, stream: false } });
  const hub = createHub();
  hub.add(application([[counted, (input: unknown) => input]]));
  hub.add({
    ...application([], { contract: { name: 'parsed', services: [] } }),
    contract: {
      ...application([]).contract,
      name: 'parsed',
      services: [{ name: 'parsed', operations: [counted], events: [] }],
    },
    handlers: new Map([['parsed.count', (input: never) => input]]),
    parsers: new Map([
      ['parsed.count', async (value: unknown) => ({ ...(value as object), p: 1 })],
    ]),
  });
  await hub.start();
  assert.deepEqual(run(hub, 'count', callOf({ n: 1 })), { n: 1, step: 1 });
  const parsed = hub.invoke(
    hub.endpoint('parsed.count')!,
    callOf({ n: 1 }),
    hub.diagnostics.meter('test'),
  );
  assert.deepEqual(await parsed, { n: 1, p: 1 });
});

test('an answer that does not fit the contract is INTERNAL, and the log says why', async () => {
  const { lines, logger } = recorder();
  const members: Member[] = [
    [operation('count', { output: { schema: COUNT, stream: false } }), () => ({ n: 'secret' })],
  ];
  const hub = await hubWith(members, { logger });
  assert.throws(
    () => run(hub, 'count', callOf({})),
    (fault: Fault) => fault.code === 'INTERNAL' && !fault.message.includes('secret'),
  );
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]!.fields.err), /\/n: expected/);
  assert.ok(!JSON.stringify(lines).includes('secret'));
  const lax = await hubWith(members, { validateOutputs: 'never' });
  assert.deepEqual(run(lax, 'count', callOf({})), { n: 'secret' });
});

test('an unexpected error is INTERNAL without its text, and logged once with its stack', async () => {
  const { lines, logger } = recorder();
  const hub = await hubWith(
    [
      [
        operation('sync'),
        () => {
          throw new Error('password=1');
        },
      ],
      [
        operation('later'),
        async () => {
          throw new Error('password=1');
        },
      ],
    ],
    { logger },
  );
  for (const name of ['sync', 'later']) {
    await assert.rejects(
      async () => run(hub, name, callOf({})),
      (fault: Fault) => fault.code === 'INTERNAL' && !fault.message.includes('password'),
    );
  }
  assert.equal(lines.length, 2);
  for (const line of lines) {
    assert.equal(line.level, 'error');
    assert.match((line.fields.err as Error).stack!, /invoke\.test/);
  }
  assert.deepEqual(figures(hub), [2, 0, 0, 2, 0]);
});

test('declared errors pass whole; undeclared ones and bad data do not', async () => {
  const gone = (data: unknown) => () => {
    throw new Fault('UNKNOWN', 'it is gone', { error: 'Gone', data });
  };
  const declared = { errors: ['Gone'] };
  const hub = await hubWith(
    [
      [operation('good', declared), gone({ n: 1 })],
      [operation('bad', declared), gone({ n: 'x' })],
      [operation('undeclared'), gone({ n: 1 })],
      [
        operation('plain'),
        () => {
          throw new Fault('NOT_FOUND', 'no such thing');
        },
      ],
    ],
    {},
    { errors: { Gone: { code: 'NOT_FOUND', data: COUNT } } },
  );
  assert.throws(() => run(hub, 'good', callOf({})), {
    code: 'NOT_FOUND',
    error: 'Gone',
    data: { n: 1 },
    message: 'it is gone',
  });
  for (const name of ['bad', 'undeclared']) {
    assert.throws(
      () => run(hub, name, callOf({})),
      (fault: Fault) =>
        fault.code === 'INTERNAL' && fault.error === undefined && fault.data === undefined,
    );
  }
  assert.throws(() => run(hub, 'plain', callOf({})), {
    code: 'NOT_FOUND',
    message: 'no such thing',
  });
});

test('at the deadline the caller is answered at once though the handler goes on', async () => {
  let signal: AbortSignal | undefined;
  let late = (): void => undefined;
  const hub = await hubWith([
    [
      operation('slow'),
      (_: unknown, context: Context) => {
        signal = context.signal;
        return new Promise((_resolve, reject) => {
          late = () => reject(new Error('too late'));
        });
      },
    ],
  ]);
  await assert.rejects(async () => run(hub, 'slow', callOf({}, { deadlineMs: Date.now() + 20 })), {
    code: 'DEADLINE_EXCEEDED',
  });
  assert.equal(signal!.aborted, true);
  assert.equal((signal!.reason as Fault).code, 'DEADLINE_EXCEEDED');
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
  // An unhandled rejection would fail this test file.
  late();
  await turn();
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
});

test('deadlines: the default for unary calls, none for streams, at most the longest', async () => {
  const seen: number[] = [];
  const see = (_: unknown, context: Context): unknown => {
    seen.push(context.deadlineMs - Date.now());
    return [];
  };
  const hub = await hubWith(
    [
      [operation('unary'), see],
      [operation('stream', { output: { schema: true, stream: true } }), see],
    ],
    { defaultDeadlineMs: 5000, maxDeadlineMs: 60_000 },
  );
  run(hub, 'unary', callOf({}));
  run(hub, 'unary', callOf({}, { deadlineMs: Date.now() + 1e9 }));
  await (run(hub, 'stream', callOf({})) as AsyncIterator<unknown>).return!();
  assert.ok(seen[0]! > 4000 && seen[0]! <= 5000);
  assert.ok(seen[1]! > 59_000 && seen[1]! <= 60_000);
  assert.equal(seen[2], Number.POSITIVE_INFINITY);
  assert.throws(() => run(hub, 'unary', callOf({}, { deadlineMs: Date.now() - 1 })), {
    code: 'DEADLINE_EXCEEDED',
  });
});

test('a caller who leaves ends the call, and the handler hears of it', async () => {
  let signal: AbortSignal | undefined;
  const hub = await hubWith([
    [
      operation('slow'),
      (_: unknown, context: Context) => {
        signal = context.signal;
        return new Promise(() => undefined);
      },
    ],
  ]);
  const call = callOf({});
  const answer = run(hub, 'slow', call);
  assert.equal(hub.diagnostics.meter('test').inFlight, 1);
  call.abort();
  await assert.rejects(async () => answer, { code: 'CANCELLED' });
  assert.equal(signal!.aborted, true);
  assert.deepEqual(figures(hub), [1, 0, 0, 1, 0]);
});

test('an abort after the answer changes nothing', async () => {
  const hub = await hubWith([[operation('ping'), () => 'pong']]);
  const call = callOf({});
  assert.equal(run(hub, 'ping', call), 'pong');
  call.abort();
  assert.equal(call.aborted, undefined);
  assert.deepEqual(figures(hub), [1, 1, 0, 0, 0]);
});

test('calls beyond the limit are refused, and taken again when one has ended', async () => {
  let finish = (_: unknown): void => undefined;
  const hub = await hubWith(
    [[operation('slow'), () => new Promise((resolve) => (finish = resolve))]],
    { maxInFlight: 1 },
  );
  const first = run(hub, 'slow', callOf({}));
  assert.throws(() => run(hub, 'slow', callOf({})), { code: 'RESOURCE_EXHAUSTED' });
  finish('done');
  assert.equal(await first, 'done');
  const again = run(hub, 'slow', callOf({}));
  finish(undefined);
  assert.equal(await again, null, 'an answer of nothing is null');
  assert.deepEqual(figures(hub), [3, 2, 1, 0, 0]);
});

test('scopes: anonymous callers are asked for credentials, others told what is missing', async () => {
  const hub = await hubWith([[operation('pay', { scopes: ['pay', 'see'] }), () => 1]]);
  const principal = { id: 'ann', authenticated: true, scopes: new Set(['see']) };
  assert.throws(
    () => run(hub, 'pay', callOf({}, { principal })),
    (fault: Fault) =>
      fault.code === 'PERMISSION_DENIED' &&
      /scope "pay"/.test(fault.message) &&
      !/"see"/.test(fault.message),
  );
  const nobody = { id: 'anonymous', authenticated: false, scopes: new Set<string>() };
  assert.throws(() => run(hub, 'pay', callOf({}, { principal: nobody })), {
    code: 'UNAUTHENTICATED',
  });
  assert.equal(run(hub, 'pay', callOf({}, { principal: LOCAL })), 1);
  assert.deepEqual(figures(hub), [3, 1, 2, 0, 0]);
});

test('an anonymous caller gets nothing where anonymous is denied', async () => {
  const authenticator = (anonymous: 'allow' | 'deny'): HubOptions => ({
    authenticator: { anonymous, authenticate: () => LOCAL },
  });
  for (const [anonymous, allowed] of [
    ['allow', true],
    ['deny', false],
  ] as const) {
    const hub = await hubWith([[operation('ping'), () => 'pong']], authenticator(anonymous));
    const principal = await hub.authenticate({ kind: 'none' });
    const ping = (): unknown => run(hub, 'ping', callOf({}, { principal }));
    if (allowed) assert.equal(ping(), 'pong');
    else assert.throws(ping, { code: 'UNAUTHENTICATED' });
  }
});

test('handlers call each other as the same caller, and end with the call that began', async () => {
  let inner: AbortSignal | undefined;
  const hub = await hubWith([
    [operation('outer'), (input: unknown, context: Context) => context.invoke('test.inner', input)],
    [operation('who'), (_: unknown, context: Context) => context.principal.id],
    [operation('asks'), (_: unknown, context: Context) => context.invoke('test.who', {})],
    [
      operation('inner'),
      (_: unknown, context: Context) => {
        inner = context.signal;
        return new Promise(() => undefined);
      },
    ],
    [operation('endless'), (_: unknown, context: Context) => context.invoke('test.endless', {})],
  ]);
  assert.equal(run(hub, 'asks', callOf({})), 'local');
  const call = callOf({});
  const answer = run(hub, 'outer', call);
  call.abort();
  await assert.rejects(async () => answer, { code: 'CANCELLED' });
  assert.equal(inner!.aborted, true);
  assert.throws(() => run(hub, 'endless', callOf({})), { code: 'RESOURCE_EXHAUSTED' });
  assert.equal(hub.diagnostics.meter('hub').inFlight, 0);
});

test('middleware wraps the handler in its order, inside authorization and validation', async () => {
  const steps: string[] = [];
  const layer = (name: string) => ({
    name,
    invoke: (next: (call: Call) => unknown) => (call: Call) => {
      steps.push(name);
      return next(call);
    },
  });
  const hub = await hubWith(
    [
      [
        operation('count', { input: { schema: COUNT, stream: false } }),
        () => steps.push('handler'),
      ],
    ],
    { middleware: [layer('one'), layer('two')] },
  );
  run(hub, 'count', callOf({ n: 1 }));
  assert.deepEqual(steps, ['one', 'two', 'handler']);
  assert.throws(() => run(hub, 'count', callOf({})), { code: 'INVALID_ARGUMENT' });
  assert.equal(steps.length, 3);
});

test('every call is observed from its begin to its end, refused ones too', async () => {
  const seen: string[] = [];
  const hub = await hubWith(
    [[operation('count', { input: { schema: COUNT, stream: false } }), async () => 1]],
    {
      middleware: [
        {
          name: 'watch',
          observe: (endpoint) => ({
            begin: () => void seen.push(`begin ${endpoint.name}`),
            end: (_call, _meter, fault) => void seen.push(`end ${fault?.code ?? 'OK'}`),
          }),
        },
      ],
    },
  );
  await run(hub, 'count', callOf({ n: 1 }));
  assert.throws(() => run(hub, 'count', callOf({})));
  assert.deepEqual(seen, [
    'begin test.count',
    'end OK',
    'begin test.count',
    'end INVALID_ARGUMENT',
  ]);
});

test('a drain lets calls finish, cuts the others at its deadline and tells which', async () => {
  let finish = (_: unknown): void => undefined;
  const hub = await hubWith([
    [operation('quick'), () => new Promise((resolve) => (finish = resolve))],
    [operation('stuck'), () => new Promise(() => undefined)],
    [
      operation('endless', { output: { schema: true, stream: true } }),
      async function* () {
        await new Promise(() => undefined);
        yield 1;
      },
    ],
  ]);
  const quick = run(hub, 'quick', callOf({}));
  const stuck = run(hub, 'stuck', callOf({}));
  const stream = run(hub, 'endless', callOf({})) as AsyncIterator<unknown>;
  const item = stream.next();
  const drained = hub.drain(50);
  assert.equal(hub.state, 'draining');
  assert.throws(() => run(hub, 'quick', callOf({})), { code: 'UNAVAILABLE' });
  await sleep(1);
  finish('done');
  assert.equal(await quick, 'done');
  await assert.rejects(async () => stuck, { code: 'UNAVAILABLE' });
  await assert.rejects(async () => item, { code: 'UNAVAILABLE' });
  const report = await drained;
  assert.deepEqual(report.aborted, { 'test.stuck': 1, 'test.endless': 1 });
  assert.equal(report.finished, 1);
  assert.equal(hub.state, 'stopped');
  assert.equal(hub.diagnostics.meter('test').inFlight, 0);
});
