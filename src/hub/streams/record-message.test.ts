import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchBuilder } from '../../formats/records/batch-builder.ts';
import { RecordReader } from '../../formats/records/record-reader.ts';
import type { Message } from '../../model/message.ts';
import type { StreamRecord } from '../engine.ts';
import { RecordHeaders } from './record-headers.ts';
import {
  messageOf,
  namedSubject,
  recordOf,
  type StoredRecord,
  TOMBSTONE,
} from './record-message.ts';
import { bytesOf, keyBytesOf, keyTextOf, textOf } from './record-text.ts';

const BASE64 = 'data:;base64,';
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed()),
  fc.constant('data:;null'),
  fc.uint8Array().map((bytes) => BASE64 + Buffer.from(bytes).toString('base64')),
  fc.string().map((one) => BASE64 + one),
  fc
    .string()
    .map(
      (one) =>
        BASE64 + Buffer.from(BASE64 + Buffer.from(one).toString('base64')).toString('base64'),
    ),
);
const bytes = fc.oneof(
  fc.uint8Array().map((some) => Buffer.from(some)),
  text.map((some) => Buffer.from(some)),
);
const name = fc.oneof(
  text,
  fc.constantFrom(
    'ce-id',
    'ce_id',
    'ce-source',
    'ce_source',
    'ce-specversion',
    'ce-type',
    'ce_type',
    'ce-subject',
    'ce_subject',
    'ce-traceparent',
    'content-type',
    'polywire-source',
  ),
);
const value = fc.oneof(text, fc.constantFrom('urn:polywire:x', 'orders.placed', '1.0'));
const message: fc.Arbitrary<Message> = fc
  .record({
    subject: fc.constantFrom('orders.placed', 'a', 'x%2Ey', 'ü.*'),
    key: fc.option(text, { nil: undefined }),
    headers: fc.array(fc.tuple(name, value), { maxLength: 6 }),
    payload: bytes,
    contentType: fc.option(text, { nil: undefined }),
    timeMs: fc.integer({ min: 0, max: 2 ** 45 }),
    id: text,
    source: text,
    trace: fc.option(
      fc
        .record({ traceparent: text, tracestate: fc.option(text, { nil: undefined }) })
        .map((trace) => ({ ...trace })),
      { nil: undefined },
    ),
  })
  .map((one) => ({ ...one }));

/** The record as it is read from a batch that holds it. */
function stored({ timeMs, key, value, headers }: StreamRecord): StoredRecord {
  const builder = new BatchBuilder();
  builder.start();
  builder.add(timeMs, key, value, headers);
  const reader = new RecordReader();
  reader.open(Buffer.from(builder.finish()));
  reader.next();
  const { key: storedKey, value: storedValue } = reader;
  const storedHeaders = new RecordHeaders(reader.headerBytes);
  return { key: storedKey, value: storedValue, headers: storedHeaders, timeMs: reader.timeMs };
}

function read(record: StreamRecord): Message {
  const subject = namedSubject(stored(record).headers);
  return messageOf(stored(record), { subject: subject!, named: true, source: 'other', id: 'made' });
}

test('a text stands for one value and a value has one text, whatever they are', () => {
  fc.assert(
    fc.property(text, bytes, (one, other) => {
      assert.equal(textOf(bytesOf(one)), one);
      assert.equal(keyTextOf(keyBytesOf(one)), one);
      assert.deepEqual(bytesOf(textOf(other)), other);
      assert.deepEqual(keyBytesOf(keyTextOf(other)), other);
    }),
    { numRuns: 3000 },
  );
  assert.equal(bytesOf(textOf(null)), null);
  assert.equal(textOf(Buffer.from([0xff, 0xfe])), 'data:;base64,//4=');
  assert.equal(textOf(Buffer.from('data:;base64,//4=')), 'data:;base64,ZGF0YTo7YmFzZTY0LC8vND0=');
});

test('a message comes back from its record as it was', () => {
  fc.assert(
    fc.property(message, (one) => {
      assert.deepEqual(read(recordOf(one, one.key)), one);
    }),
    { numRuns: 3000 },
  );
});

test('a message that stands for a missing value is a record without one, and the reverse', () => {
  const one: Message = {
    subject: 'a',
    key: 'k',
    headers: [
      [TOMBSTONE, 'true'],
      ['x', 'y'],
    ],
    payload: new Uint8Array(0),
    contentType: undefined,
    timeMs: 5,
    id: 'i',
    source: 's',
    trace: undefined,
  };
  const record = recordOf(one, 'k');
  assert.equal(record.value, null);
  assert.deepEqual(read(record), one);
  const filled = { ...one, payload: Buffer.from('x') };
  assert.deepEqual(read(recordOf(filled, 'k')), filled);
});

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

test('a CloudEvent of another maker is a proper message, and keeps what has no place in one', () => {
  const record = stored({
    key: Buffer.from('k'),
    value: Buffer.from('{}'),
    timeMs: 7,
    headers: [
      ['ce_specversion', '1.0'],
      ['ce_id', '42'],
      ['ce_source', '/shop'],
      ['ce_type', 'placed'],
      ['ce_subject', 'orders.9'],
      ['ce_traceparent', TRACE],
      ['ce_time', '2026-01-01T00:00:00Z'],
      ['content-type', 'application/json'],
      ['x', '1'],
      ['ce_id', 'again'],
    ].map(([header, content]) => [header!, Buffer.from(content!)] as const),
  });
  const place = { subject: 'orders.9', named: true, source: 'other', id: 'made' };
  assert.deepEqual(messageOf(record, place), {
    subject: 'orders.9',
    key: 'k',
    headers: [
      ['ce-specversion', '1.0'],
      ['ce-source', '/shop'],
      ['ce-type', 'placed'],
      ['ce-time', '2026-01-01T00:00:00Z'],
      ['x', '1'],
      ['ce-id', 'again'],
    ],
    payload: Buffer.from('{}'),
    contentType: 'application/json',
    timeMs: 7,
    id: '42',
    source: 'other',
    trace: { traceparent: TRACE, tracestate: undefined },
  });
  const elsewhere = messageOf(record, { ...place, subject: 'shop', named: false });
  assert.ok(
    elsewhere.headers.some(
      ([header, content]) => header === 'ce-subject' && content === 'orders.9',
    ),
  );
});

const header = fc.tuple(name, fc.option(bytes, { nil: null }));

test('headers of any record stay in their order, unless a message has a place for them', () => {
  const places = /^(content-type|ce_(id|subject|traceparent|tracestate))$/;
  fc.assert(
    fc.property(
      fc.array(header, { maxLength: 8 }),
      fc.option(bytes, { nil: null }),
      (headers, key) => {
        const record = stored({ key, value: Buffer.from('v'), headers, timeMs: 1 });
        const place = { subject: 'default', named: false, source: 'other', id: 'made' };
        const again = recordOf(messageOf(record, place), undefined).headers;
        const expected = headers.filter(([one]) => !places.test(one));
        const kept = again.filter(([one]) => !places.test(one)).slice(0, expected.length);
        assert.deepEqual(kept, expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test('text that is no Unicode is refused: it cannot be stored', () => {
  const one: Message = {
    subject: 'a',
    key: undefined,
    headers: [],
    payload: Buffer.from(''),
    contentType: undefined,
    timeMs: 0,
    id: '\ud800',
    source: 's',
    trace: undefined,
  };
  assert.throws(() => recordOf(one, undefined), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => recordOf({ ...one, id: 'i', headers: [['\ud800', '']] }, undefined), {
    code: 'INVALID_ARGUMENT',
  });
  assert.throws(() => recordOf({ ...one, id: 'i' }, '\ud800'), { code: 'INVALID_ARGUMENT' });
});
