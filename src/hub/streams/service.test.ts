import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchBuilder } from '../../formats/records/batch-builder.ts';
import { partitionOfKey } from '../../formats/records/murmur2.ts';
import type { Principal } from '../../model/principal.ts';
import { subjectLevels, subjectText } from '../../model/subject.ts';
import { eventType, message } from '../application.test-support.ts';
import { AppendFault } from '../engine.ts';
import { filterLevels, publishLevels } from '../subjects/names.ts';
import { covers, matches, overlap } from './filters.ts';
import { KeySubject } from './key-subject.ts';
import { MemoryEngine } from './memory-engine.test-support.ts';
import { originOf, Receiver, streamHub } from './streams.test-support.ts';

const level = fc.constantFrom('a', 'b', '*');
const filter = fc
  .tuple(fc.array(level, { maxLength: 3 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([head, last]) => [...head, last]);
const subjects = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 }));

test('overlapping and covering filters are found out', () => {
  fc.assert(
    fc.property(filter, filter, subjects, (one, other, levels) => {
      assert.equal(overlap(one, other), overlap(other, one));
      for (const each of levels) {
        if (matches(one, each) && matches(other, each)) assert.ok(overlap(one, other));
        if (covers(one, other) && matches(other, each)) assert.ok(matches(one, each));
      }
      // A subject that shows it: wildcards become what the other has there, or anything.
      const merged = one.map((name, at) =>
        name === '*' || name === '>' ? (other[at] ?? 'c') : name,
      );
      const tail = one.at(-1) === '>' ? other.slice(one.length) : [];
      const shown = [...merged, ...tail].map((name) => (name === '*' || name === '>' ? 'c' : name));
      if (overlap(one, other) && other.at(-1) !== '>')
        assert.ok(matches(one, shown) && matches(other, shown));
    }),
    { numRuns: 3000 },
  );
});

test('key and subject determine each other, whatever the key is', () => {
  const relation = new KeySubject('sensors.{key}.state');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      const subject = relation.subjectOf(key)!;
      assert.equal(relation.keyOf(publishLevels(subject)), key);
      assert.deepEqual(subjectLevels(subject), ['sensors', key, 'state']);
    }),
  );
  assert.equal(relation.keyOf(['sensors', 'a']), undefined);
  assert.equal(new KeySubject('{key}').subjectOf(''), undefined);
  for (const bad of ['sensors', 'a.{key}.{key}', 'a.*.{key}', '{key}.>', 'a b.{key}', 'x{key}']) {
    assert.throws(() => new KeySubject(bad), { code: 'INVALID_ARGUMENT' }, bad);
  }
  assert.deepEqual(relation.filter, filterLevels('sensors.*.state'));
  assert.equal(subjectText(['x']), 'x');
});

const SENSORS = { sensors: { subjects: ['sensors.>'], subject: 'sensors.{key}', partitions: 4 } };

function batchOf(
  ...records: [key: string | null, value: string | null, headers?: [string, string][]][]
): Buffer {
  const builder = new BatchBuilder();
  builder.start();
  for (const [key, value, headers = []] of records) {
    builder.add(
      1,
      key === null ? null : Buffer.from(key),
      value === null ? null : Buffer.from(value),
      headers.map(([name, text]) => [name, Buffer.from(text)] as const),
    );
  }
  return Buffer.from(builder.finish());
}

test('a record of a client that knows keys only is on the subject of its key, and the reverse', async () => {
  const { hub, engine } = await streamHub({ configured: SENSORS });
  const receiver = new Receiver(hub, { filter: '>' });
  const { partitions } = engine.stream('sensors')!;
  await partitions[0]!.append(batchOf(['dev 1', 'v'], [null, 'w'], ['', 'e']));
  await receiver.count(3);
  assert.deepEqual(receiver.subjects, ['sensors.dev%201', 'sensors', 'sensors.']);
  assert.deepEqual(
    receiver.messages.map(({ source, id }) => `${source} ${id}`),
    ['records sensors/0/0', 'records sensors/0/1', 'records sensors/0/2'],
  );
  await hub.publish([message('sensors.dev%201', 'x')], originOf(hub));
  await receiver.count(4);
  assert.equal(receiver.messages[3]!.key, 'dev 1');
  const index = partitionOfKey(Buffer.from('dev 1'), 4);
  assert.equal(partitions[index]!.endOffset, index === 0 ? 4 : 1);
});

test('a key stays in one partition; batches without keys go round', async () => {
  const { hub, engine } = await streamHub({ configured: { spread: { partitions: 3 } } });
  const origin = originOf(hub);
  const ends = () => engine.stream('spread')!.partitions.map(({ endOffset }) => endOffset);
  for (let count = 0; count < 4; count++) {
    await hub.publish([message('spread'), message('spread')], origin);
  }
  assert.deepEqual(ends(), [4, 2, 2]);
  const key = 'always';
  for (let count = 0; count < 5; count++)
    await hub.publish([message('spread', '', { key })], origin);
  const expected = [4, 2, 2];
  expected[partitionOfKey(Buffer.from(key), 3)]! += 5;
  assert.deepEqual(ends(), expected);
});

test('a record may name a subject that its stream captures, and no other', async () => {
  const secret = eventType('secret', { subject: 'secret.plan', durable: false });
  const { hub, engine } = await streamHub({ configured: SENSORS, events: [secret] });
  const receiver = new Receiver(hub, { filter: '>' });
  await engine
    .stream('sensors')!
    .partitions[0]!.append(
      batchOf(
        ['k', 'a', [['ce_subject', 'sensors.other']]],
        ['k', 'b', [['ce_subject', 'secret.plan']]],
        ['k', 'c', [['ce_subject', 'sensors.*']]],
      ),
    );
  await receiver.count(3);
  assert.deepEqual(receiver.subjects, ['sensors.other', 'sensors.k', 'sensors.k']);
});

test('no two streams capture the same subject, and the refusal names both', async () => {
  const { hub } = await streamHub({ configured: SENSORS });
  const origin = originOf(hub);
  const create = (name: string, ...given: string[]) =>
    hub.streams!.create(name, given.length === 0 ? {} : { subjects: given }, origin);
  await assert.rejects(create('other', 'x', '*.room'), {
    code: 'INVALID_ARGUMENT',
    message: /Stream other cannot capture \*\.room: stream sensors captures sensors\.>/,
  });
  await assert.rejects(create('sensors.a'), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(create('sensors'), { code: 'ALREADY_EXISTS' });
  await assert.rejects(hub.streams!.change('sensors', { subjects: [] }, origin), {
    code: 'INVALID_ARGUMENT',
    message: /relates keys to the subject/,
  });
  for (const bad of ['', '.', '..', 'a/b', 'x'.repeat(250)]) {
    await assert.rejects(create(bad), { code: 'INVALID_ARGUMENT' });
  }
  const both = await Promise.allSettled([create('one', 'same'), create('two', 'same')]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal(hub.streams!.prepare('three', {}, origin).subjects[0], 'three');
});

test('at start what overlaps is refused with both names', async () => {
  const engine = new MemoryEngine();
  const { hub } = await streamHub({ engine, configured: SENSORS });
  await hub.streams!.create('made', { subjects: ['made.*'] }, originOf(hub));
  await hub.stop();
  await assert.rejects(
    streamHub({ engine, configured: { ...SENSORS, more: { subjects: ['made.a'] } } }),
    {
      name: 'DeclarationError',
      stream: 'more',
      message: /stream made captures made\.\*/,
    },
  );
});

test('what the configuration asks for is made as a whole or not at all, and may change places', async () => {
  const engine = new MemoryEngine();
  const bad = { a: { subjects: ['x'] }, b: { subjects: ['y.>'] }, c: { subjects: ['y.z'] } };
  await assert.rejects(streamHub({ engine, configured: bad }), { name: 'DeclarationError' });
  assert.deepEqual(engine.streams(), []);
  const first = await streamHub({
    engine,
    configured: { a: { subjects: ['x'] }, b: { subjects: ['y'] } },
  });
  await first.hub.stop();
  await streamHub({ engine, configured: { a: { subjects: ['y'] }, b: { subjects: ['x'] } } });
  assert.deepEqual(
    engine.streams().map(({ settings }) => settings.subjects),
    [['y'], ['x']],
  );
});

test('the configuration changes streams at start, and only what it mentions', async () => {
  const engine = new MemoryEngine();
  const first = await streamHub({
    engine,
    configured: { a: { partitions: 2, retention: { bytes: 5 } } },
  });
  await first.hub.streams!.change('a', { retentionMs: 77 }, originOf(first.hub));
  await first.hub.stop();
  const configured = { a: { partitions: 3, sync: 'never', compact: true } };
  const { hub } = await streamHub({ engine, configured });
  const { settings, partitions } = engine.stream('a')!;
  assert.deepEqual(
    [
      partitions.length,
      settings.sync,
      settings.compact,
      settings.expire,
      settings.retentionMs,
      settings.retentionBytes,
    ],
    [3, 'never', true, false, 77, 5],
  );
  await hub.stop();
  await streamHub({ engine, configured: { a: { partitions: 1 } } });
  assert.equal(engine.stream('a')!.partitions.length, 3, 'partitions only grow');
});

const PLACED = eventType('placed', {
  subject: 'orders.{id}.placed',
  key: 'id',
  schema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
});
const MOVED = eventType('moved', {
  subject: 'moves.{place}.{id}',
  key: 'id',
  schema: {
    type: 'object',
    properties: { id: { type: 'string' }, place: { type: 'string' } },
    required: ['id', 'place'],
  },
});

test('an event has a stream of its own, unless the contract or the configuration says otherwise', async () => {
  const engine = new MemoryEngine();
  const fleeting = eventType('fleeting', { durable: false });
  const off = eventType('off');
  const kept = eventType('kept', { durable: false });
  const configured = { 'test.off': { enabled: false }, 'test.kept': { partitions: 2 } };
  const events = [PLACED, MOVED, fleeting, off, kept];
  const { hub } = await streamHub({ engine, events, configured });
  assert.deepEqual(
    engine.streams().map(({ name }) => name),
    ['test.kept', 'test.moved', 'test.placed'],
  );
  assert.deepEqual(engine.stream('test.placed')!.settings.subjects, ['orders.*.placed']);
  assert.equal(engine.stream('test.placed')!.settings.keySubject, 'orders.{key}.placed');
  assert.equal(engine.stream('test.moved')!.settings.keySubject, undefined);
  assert.equal(engine.stream('test.kept')!.partitions.length, 2);
  await hub.stop();
  await streamHub({ engine, events, configured: { 'test.placed': { enabled: false } } });
  assert.deepEqual(engine.stream('test.placed')!.settings.subjects, []);
  const none = await streamHub({ events, storageOptions: { events: false } });
  assert.deepEqual(none.engine.streams(), []);
});

test('a message without a key has the one that the contract finds in its payload', async () => {
  const { hub } = await streamHub({ events: [MOVED] });
  const receiver = new Receiver(hub, { filter: 'moves.>' });
  const payload = '{"id":"7","place":"bern"}';
  const parts = { contentType: 'application/json' };
  await hub.publish([message('moves.bern.7', payload, parts)], originOf(hub));
  await hub.publish([message('moves.bern.7', payload, { ...parts, key: 'own' })], originOf(hub));
  await receiver.count(2);
  assert.deepEqual(
    receiver.messages.map(({ key }) => key),
    ['7', 'own'],
  );
});

test("a record of an event's stream is on the subject that its payload gives", async () => {
  const { hub, engine } = await streamHub({ events: [MOVED] });
  const receiver = new Receiver(hub, { filter: '>' });
  await engine
    .stream('test.moved')!
    .partitions[0]!.append(
      batchOf(['1', '{"id":"1","place":"bern"}'], ['1', 'no json'], ['1', null]),
    );
  await receiver.count(3);
  assert.deepEqual(receiver.subjects, ['moves.bern.1', 'test.moved', 'test.moved']);
});

test('records that somebody appends to the stream of an event are held against the contract', async () => {
  const { hub, engine } = await streamHub({ events: [PLACED], configured: { free: {} } });
  const check = hub.streams!.recordCheck(engine.stream('test.placed')!)!;
  check(batchOf(['1', '{"id":"1"}'], ['1', null], ['1', 'not json']));
  const bad = Buffer.concat([
    batchOf(['1', '{"id":"1"}']),
    batchOf(['1', '{"id":"1"}'], ['1', '{"id":1}']),
  ]);
  assert.throws(
    () => check(bad),
    (fault: unknown) =>
      fault instanceof AppendFault &&
      fault.reason === 'invalid' &&
      /Record 1 of batch 1: .*\/id/.test(fault.message) &&
      fault.violations?.[0]?.path === '/id',
  );
  const declared: [string, string][] = [['content-type', 'application/json']];
  assert.throws(() => check(batchOf(['1', 'not json', declared])), { reason: 'invalid' });
  assert.equal(hub.streams!.recordCheck(engine.stream('free')!), undefined);
  const off = await streamHub({ events: [PLACED], storageOptions: { checkRecords: false } });
  assert.equal(off.hub.streams!.recordCheck(off.engine.stream('test.placed')!), undefined);
});

const principal = (id: string, ...scopes: string[]): Principal => ({
  id,
  authenticated: true,
  scopes: new Set(scopes),
});

test('rights on a stream are those on the events in it, and managing needs a scope of its own', async () => {
  const secret = { ...PLACED, scopes: ['orders'] };
  const { hub } = await streamHub({ events: [secret], configured: { free: {} } });
  const streams = hub.streams!;
  const as = (...scopes: string[]) => originOf(hub, principal('ann', ...scopes));
  assert.deepEqual(
    streams.list(as()).map(({ name }) => name),
    ['free'],
  );
  assert.deepEqual(
    streams.list(as('orders')).map(({ name }) => name),
    ['free', 'test.placed'],
  );
  for (const access of ['read', 'write'] as const) {
    assert.throws(() => streams.get('test.placed', access, as()), { code: 'PERMISSION_DENIED' });
    assert.equal(streams.get('test.placed', access, as('orders')).name, 'test.placed');
    assert.throws(() => streams.get('none', access, as()), { code: 'NOT_FOUND' });
  }
  await assert.rejects(streams.remove('free', as('orders')), { code: 'PERMISSION_DENIED' });
  await assert.rejects(streams.create('x', {}, as()), { code: 'PERMISSION_DENIED' });
  await assert.rejects(
    streams.create('y', { subjects: ['other', 'orders.x.>'] }, as('streams.manage')),
    {
      code: 'INVALID_ARGUMENT',
    },
  );
  await streams.create('x', {}, as('streams.manage'));
  await streams.remove('x', as('streams.manage'));
  const { id } = streams.get('free', 'read', as());
  assert.equal(streams.byId(id, 'write', as()).name, 'free');
  await hub.drain(0);
  assert.throws(() => streams.get('free', 'write', as()), { code: 'UNAVAILABLE' });
});

test('an event that a handler emits is accepted when it is committed', async () => {
  let emit!: (event: string, payload: unknown) => Promise<void>;
  const engine = new MemoryEngine();
  const { application } = await import('../application.test-support.ts');
  const { hub } = await streamHub({ engine, events: [] });
  hub.add(
    application([], {
      contract: {
        name: 'emits',
        services: [{ name: 'emits', operations: [], events: [{ ...PLACED }] }],
      },
      start: (services) => {
        emit = services.emit;
        return services.emit('emits.placed', { id: 'at start' });
      },
    }),
  );
  const receiver = new Receiver(hub, { filter: 'orders.>' });
  await receiver.count(1);
  engine.held = true;
  let accepted = false;
  const emitted = emit('emits.placed', { id: '2' }).then(() => {
    accepted = true;
  });
  await new Promise(setImmediate);
  assert.equal(accepted, false);
  engine.commit();
  await emitted;
  await receiver.count(2);
  assert.deepEqual(receiver.subjects, ['orders.at%20start.placed', 'orders.2.placed']);
  assert.deepEqual(
    receiver.messages.map(({ key }) => key),
    ['at start', '2'],
  );
});
