import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Context } from '../model/application.ts';
import { Fault } from '../model/fault.ts';
import type { Delivery } from '../model/message.ts';
import { LOCAL, NO_CREDENTIALS } from '../model/principal.ts';
import { application, callOf, eventType, message, operation } from './application.test-support.ts';
import { createHub } from './create-hub.ts';
import { NO_LOGGER } from './logger.ts';

test('a synchronous handler is answered without a promise, and counted once', async () => {
  const hub = createHub();
  hub.add(application([[operation('double'), (input: { n: number }) => input.n * 2]]));
  await hub.start();
  const meter = hub.diagnostics.meter('test');
  assert.equal(hub.invoke(hub.endpoint('test.double')!, callOf({ n: 4 }), meter), 8);
  assert.deepEqual(
    [meter.received, meter.sent, meter.refused, meter.failed, meter.inFlight],
    [1, 1, 0, 0, 0],
  );
  await hub.stop();
});

test('calls are refused before the start and after the stop', async () => {
  const hub = createHub();
  hub.add(application([[operation('ping'), () => 'pong']]));
  const meter = hub.diagnostics.meter('test');
  const ping = (): unknown => hub.invoke(hub.endpoint('test.ping')!, callOf({}), meter);
  assert.equal(hub.state, 'starting');
  assert.throws(ping, { code: 'UNAVAILABLE' });
  await hub.start();
  assert.equal(hub.state, 'ready');
  assert.equal(ping(), 'pong');
  await hub.stop();
  assert.equal(hub.state, 'stopped');
  assert.throws(ping, (fault: Fault) => fault.code === 'UNAVAILABLE' && fault.retryAfterMs! > 0);
  assert.deepEqual([meter.received, meter.refused, meter.failed], [3, 2, 0]);
});

test('an event that a handler emits reaches a subscriber with its subject and key', async () => {
  const hub = createHub();
  hub.add(
    application(
      [
        [
          operation('move'),
          (input: { id: string }, context: Context) => context.emit('test.moved', input),
        ],
      ],
      { events: [eventType('moved', { subject: 'parcels.{id}.moved', key: 'id' })] },
    ),
  );
  await hub.start();
  const got: Delivery[] = [];
  const meter = hub.diagnostics.meter('test');
  hub.subscribe(
    { filter: 'parcels.*.moved', credit: 10 },
    { deliver: (batch) => got.push(...batch), closed: () => undefined },
    { principal: LOCAL, meter },
  );
  await hub.invoke(hub.endpoint('test.move')!, callOf({ id: 'a.b' }), meter);
  await turn();
  assert.equal(got.length, 1);
  assert.equal(got[0]!.message.subject, 'parcels.a%2Eb.moved');
  assert.equal(got[0]!.message.key, 'a.b');
  assert.equal(Buffer.from(got[0]!.message.payload).toString(), '{"id":"a.b"}');
  await hub.stop();
});

test('a handler may take its context apart, and needs not wait for what it emits', async () => {
  const warnings: unknown[] = [];
  const logger = { ...NO_LOGGER, warn: (fields: object) => warnings.push(fields) };
  const hub = createHub({ logger });
  const handler = (_input: unknown, { emit, invoke, setReplyMetadata }: Context) => {
    setReplyMetadata('seen', 'yes');
    // Without anybody who waits, its rejection would end the process.
    void emit('test.moved', { id: 7 });
    return invoke('test.other', {});
  };
  hub.add(
    application(
      [
        [operation('take'), handler as never],
        [operation('other'), () => 'other'],
      ],
      {
        events: [eventType('moved', { schema: { type: 'string' } })],
      },
    ),
  );
  await hub.start();
  const call = callOf({});
  const meter = hub.diagnostics.meter('test');
  assert.equal(await hub.invoke(hub.endpoint('test.take')!, call, meter), 'other');
  assert.equal(call.replyMetadata?.get('seen'), 'yes');
  await turn();
  assert.deepEqual(warnings, [{ event: 'test.moved', code: 'INVALID_ARGUMENT', places: [''] }]);
  await hub.stop();
});

test('names that are served already are refused, and nothing of the application is kept', () => {
  const hub = createHub();
  hub.add(application([[operation('one'), () => 1]]));
  assert.throws(
    () => hub.add(application([[operation('one'), () => 2]], { contract: { name: 'other' } })),
    /"test\.one" is served already, by the contract "test"/,
  );
  assert.equal(hub.contracts().length, 1);
  assert.throws(() => hub.add(application([])), /a contract named "test" is served already/);
});

test('a missing handler, a handler too many and an unknown error are all told at once', () => {
  const broken = application([[operation('one', { errors: ['Gone'] }), () => 1]]);
  const handlers = new Map([['test.two', broken.handlers.get('test.one')!]]);
  assert.throws(
    () => createHub().add({ ...broken, handlers }),
    (error: Error) =>
      /"test\.one" has no handler/.test(error.message) &&
      /unknown operation "test\.two"/.test(error.message) &&
      /unknown error "Gone"/.test(error.message),
  );
});

test('applications start with a folder of their own and stop in reverse order', async () => {
  const steps: string[] = [];
  let folder = '';
  const hub = createHub();
  const one = application([[operation('one'), () => 1]], {
    start: ({ dataDirectory }) => {
      folder = dataDirectory;
      writeFileSync(join(dataDirectory, 'state'), 'x');
      steps.push('start one');
    },
    stop: () => void steps.push('stop one'),
  });
  const two = {
    ...application([], { contract: { name: 'two', services: [] } }),
    start: async () => void steps.push('start two'),
    stop: async () => void steps.push('stop two'),
  };
  hub.add(one);
  hub.add(two);
  await hub.start();
  assert.ok(existsSync(join(folder, 'state')));
  await hub.stop();
  assert.deepEqual(steps, ['start one', 'start two', 'stop two', 'stop one']);
  assert.ok(!existsSync(folder), 'a temporary folder is removed');
});

test('a start that fails stops what had started and tells why', async () => {
  const hub = createHub();
  let stopped = false;
  hub.add(application([], { stop: () => void (stopped = true) }));
  hub.add({
    ...application([], { contract: { name: 'two', services: [] } }),
    start: () => {
      throw new Error('no database');
    },
  });
  await assert.rejects(hub.start(), /no database/);
  assert.equal(stopped, true);
  assert.equal(hub.state, 'stopped');
});

test('an application that comes to a running hub is started before its first call', async () => {
  const hub = createHub();
  await hub.start();
  let open = (): void => undefined;
  hub.add(
    application([[operation('one'), () => 1]], {
      start: () => new Promise<void>((resolve) => (open = resolve)),
    }),
  );
  const meter = hub.diagnostics.meter('test');
  const one = (): unknown => hub.invoke(hub.endpoint('test.one')!, callOf({}), meter);
  assert.throws(one, { code: 'UNAVAILABLE' });
  open();
  await turn();
  assert.equal(one(), 1);
  await hub.stop();
});

test('without an authenticator everybody is the local principal', () => {
  const hub = createHub();
  assert.equal(hub.authenticate(NO_CREDENTIALS), LOCAL);
  assert.equal(hub.authenticate({ kind: 'bearer', token: 'x' }), LOCAL);
});

test('a hub that stops refuses messages and subscriptions, and ends the ones it has', async () => {
  const hub = createHub();
  await hub.start();
  const origin = { principal: LOCAL, meter: hub.diagnostics.meter('test') };
  let closed = 0;
  const got: Delivery[] = [];
  const subscriber = {
    deliver: (batch: readonly Delivery[]) => void got.push(...batch),
    closed: () => void closed++,
  };
  hub.subscribe({ filter: '>', credit: 5 }, subscriber, origin);
  await hub.publish([message('a.b')], origin);
  await hub.stop();
  assert.equal(got.length, 1, 'what was accepted still goes out');
  assert.equal(closed, 1);
  assert.throws(() => hub.publish([message('a.b')], origin), { code: 'UNAVAILABLE' });
  assert.throws(() => hub.subscribe({ filter: 'a', credit: 1 }, subscriber, origin), Fault);
});

test('a hub that is stopped while it starts stops what has started, and never gets ready', async () => {
  const steps: string[] = [];
  let open = (): void => undefined;
  const hub = createHub();
  hub.add(
    application([], {
      start: async () => {
        await new Promise<void>((resolve) => (open = resolve));
        steps.push('started');
      },
      stop: () => void steps.push('stopped'),
    }),
  );
  hub.add({
    ...application([], { contract: { name: 'two', services: [] } }),
    start: () => void steps.push('never'),
  });
  const starting = hub.start();
  const stopping = hub.stop();
  open();
  await Promise.all([starting, stopping]);
  assert.deepEqual(steps, ['started', 'stopped']);
  assert.equal(hub.state, 'stopped');
});
