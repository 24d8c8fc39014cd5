import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import { codecOf } from './codec.ts';
import { contractTypes } from './contract-types.ts';
import { fileDescriptorSet } from './descriptor.ts';
import { decodeJson, encodeJson } from './json-codec.ts';
import { MalformedMessage } from './reader.ts';
import { contractOf, DEFINITIONS, EVERYTHING } from './test-contract.ts';

const { file, methods } = contractTypes(contractOf(EVERYTHING, true, DEFINITIONS)).services.get(
  'all',
)!;
const type = methods.get('get')!.input;
const codec = codecOf(type);
/** The same type for a library that nobody here wrote. */
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet([file])));
const other: DescMessage = registry.getMessage(type.fullName)!;

const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => value.isWellFormed());
const key = text.filter((value) => value !== '__proto__');
const whole = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 300 }));
const real = fc.double({ noNaN: true, noDefaultInfinity: true });
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
  .filter((value) => !JSON.stringify(value).includes('__proto__'));
const status = fc.constantFrom('open', 'in-transit', '');
const time = fc
  .date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString().replace(/\.?0*Z$/, 'Z'));
/** Lists that are optional are never empty: absent and empty are one in protobuf. */
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 5 });

function treeOf(depth: number): fc.Arbitrary<object> {
  const children = depth === 0 ? fc.constant([]) : fc.array(treeOf(depth - 1), { maxLength: 2 });
  return fc.record({ name: text, children });
}

const everything = fc.record(
  {
    id: text,
    large: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    whole,
    small: fc.integer(),
    real,
    yes: fc.boolean(),
    at: time,
    lasts: fc.constantFrom('PT0S', 'P3DT1M', 'PT59.5S', 'PT23H'),
    any: json,
    open: fc.dictionary(key, json, { maxKeys: 3 }),
    counts: fc.dictionary(key, whole, { maxKeys: 3 }),
    tree: treeOf(3),
    status,
    statuses: fc.array(status, { maxLength: 4 }),
    shape: fc.oneof(
      fc.record({ kind: fc.constant('circle'), radius: real }),
      fc.record({ kind: fc.constant('box'), width: whole }),
    ),
    either: fc.oneof(text, whole, fc.constant(null)),
    grid: some(fc.array(whole, { maxLength: 3 })),
    maybe: fc.option(text),
    both: fc.option(text),
    bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    numbers: fc.array(real, { maxLength: 5 }),
    'odd-name': text,
    line: fc
      .record({
        x: whole,
        extra: fc.dictionary(
          key.filter((name) => name !== 'x'),
          text,
          { maxKeys: 2 },
        ),
      })
      .map(({ x, extra }) => ({ x, ...extra })),
    gaps: some(fc.option(whole)),
    listOrNull: fc.option(fc.array(text, { maxLength: 3 })),
    pair: fc.tuple(text, real),
  },
  { requiredKeys: ['id', 'whole', 'real', 'yes', 'counts', 'maybe', 'statuses', 'numbers'] },
);

/** Prototypes and the sign of zero aside. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

describe('a codec made from a schema', () => {
  it('brings every value back, and agrees with another library in both directions', () => {
    fc.assert(
      fc.property(everything, (value) => {
        const bytes = codec.encode(value);
        assert.deepEqual(plain(codec.decode(bytes)), plain(value));
        const message = fromBinary(other, bytes);
        const again = Buffer.from(toBinary(other, message));
        assert.deepEqual(plain(codec.decode(again)), plain(value));
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with the other library about JSON', () => {
    fc.assert(
      fc.property(everything, (value) => {
        const ours = JSON.parse(encodeJson(type, value, 0).toString()) as JsonValue;
        const message = fromJson(other, ours, { registry });
        assert.deepEqual(plain(codec.decode(Buffer.from(toBinary(other, message)))), plain(value));
        const theirs = JSON.stringify(toJson(other, message, { registry }));
        const back = decodeJson(type, Buffer.from(theirs), 64) as { at?: string };
        // The other library writes fractions of seconds in threes of digits.
        if (back.at !== undefined)
          back.at = new Date(back.at).toISOString().replace(/\.?0*Z$/, 'Z');
        assert.deepEqual(plain(back), plain(value));
      }),
      { numRuns: 100 },
    );
  });

  it('takes any bytes for a message or for a fault, and nothing else', () => {
    const mutated = fc
      .tuple(everything, fc.nat(), fc.nat({ max: 255 }), fc.boolean())
      .map(([value, at, byte, cut]) => {
        const bytes = Buffer.from(codec.encode(value));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return cut ? bytes.subarray(0, at % (bytes.length + 1)) : bytes;
      });
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads lists of numbers that are not packed, and the last of a field that comes twice', () => {
    const list = codecOf(
      contractTypes(
        contractOf({
          type: 'object',
          properties: { n: { type: 'array', items: { type: 'integer' } }, s: { type: 'string' } },
          required: ['n', 's'],
        }),
      )
        .services.get('all')!
        .methods.get('get')!.input,
    );
    const bytes = Buffer.from([0x08, 1, 0x0a, 2, 2, 3, 0x08, 4, 0x12, 1, 0x61, 0x12, 1, 0x62]);
    assert.deepEqual(list.decode(bytes), { n: [1, 2, 3, 4], s: 'b' });
    assert.deepEqual(list.decode(Buffer.alloc(0)), { n: [], s: '' });
  });

  it('refuses what is nested too deeply, in messages and in values of any kind', () => {
    let tree: object = { name: 'leaf', children: [] };
    for (let depth = 0; depth < 200; depth++) tree = { name: '', children: [tree] };
    const value = {
      id: '',
      whole: 0,
      real: 0,
      yes: false,
      counts: {},
      maybe: null,
      statuses: [],
      numbers: [],
    };
    assert.throws(() => codec.decode(codec.encode({ ...value, tree })), MalformedMessage);
    let any: unknown = 1;
    for (let depth = 0; depth < 200; depth++) any = [any];
    assert.throws(() => codec.decode(codec.encode({ ...value, any })), MalformedMessage);
    const groups = Buffer.alloc(10_000, 0x83 & 0x7b);
    assert.throws(() => codec.decode(groups), MalformedMessage);
  });

  it('refuses values that have no form', () => {
    const value = {
      id: 'a',
      whole: 1,
      real: 1,
      yes: true,
      counts: {},
      maybe: null,
      statuses: [],
      numbers: [],
    };
    for (const wrong of [
      { whole: 2 ** 70 },
      { whole: 1.5 },
      { small: 2 ** 31 },
      { large: '9223372036854775808' },
      { large: 'many' },
      { at: 'yesterday' },
      { lasts: 'P1M' },
      { status: 'lost' },
      { shape: { kind: 'line' } },
    ]) {
      assert.throws(() => codec.encode({ ...value, ...wrong }), Error, JSON.stringify(wrong));
    }
    assert.deepEqual(codec.decode(codec.encode(value)), value, 'a failure leaves nothing behind');
  });

  it('keeps a time to the nanosecond and counts offsets', () => {
    const at = (text: string) =>
      (
        codec.decode(codec.encode({ id: '', statuses: [], numbers: [], counts: {}, at: text })) as {
          at: string;
        }
      ).at;
    assert.equal(at('2026-01-31T12:00:00.123456789Z'), '2026-01-31T12:00:00.123456789Z');
    assert.equal(at('2026-01-31T12:00:00+02:00'), '2026-01-31T10:00:00Z');
    assert.equal(at('2016-12-31T23:59:60Z'), '2017-01-01T00:00:00Z');
    assert.equal(at('1969-12-31T23:59:59.5Z'), '1969-12-31T23:59:59.5Z');
  });
});
