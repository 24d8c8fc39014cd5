import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  array,
  bigint64,
  bool,
  bytes,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from './fields.ts';
import { type Message, message } from './message.ts';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';
import { Writer } from './writer.ts';

function written<Read, Write>(codec: Message<Read, Write>, version: number, value: Write): Buffer {
  const writer = new Writer();
  codec.write(writer, version, value);
  return Buffer.concat(writer.finish());
}

function read<Read>(codec: Message<Read, never>, version: number, buffer: Buffer): Read {
  const reader = new Reader(buffer);
  const value = codec.read(reader, version);
  assert.equal(reader.remaining, 0);
  return value;
}

const sample = message(2, {
  name: string.nullable(1),
  flag: bool.from(1).or(true),
  old: int16.until(1).or(-1),
  items: array({ index: int32, id: uuid.from(3) }),
  data: bytes.nullable(),
  producer: bigint64.or(-1n),
  cursor: struct({ topic: string, partition: int32 }).nullable().or(null),
  node: struct({ id: int32.or(-1), host: string })
    .from(2)
    .tag(3),
  times: array(int64).from(2).tag(1),
  small: int8,
});

describe('a message', () => {
  it('is written as the guide says, in a version with plain types', () => {
    const value = {
      name: 'ab',
      items: [{ index: 7 }],
      data: Buffer.from([1, 2]),
      producer: 5n,
      small: -2,
    };
    const expected = [
      '0002 6162', // name: int16 length
      '01', // flag: its fallback
      'ffff', // old
      '00000001 00000007', // items: int32 count
      '00000002 0102', // data: int32 length
      '0000000000000005', // producer
      'ff', // cursor: null
      'fe', // small
    ];
    assert.equal(written(sample, 1, value).toString('hex'), expected.join('').replaceAll(' ', ''));
    assert.deepEqual(read(sample, 1, written(sample, 1, value)), {
      name: 'ab',
      flag: true,
      old: -1,
      items: [{ index: 7, id: '00000000-0000-0000-0000-000000000000' }],
      data: Buffer.from([1, 2]),
      producer: 5n,
      cursor: null,
      node: { id: -1, host: '' },
      times: [],
      small: -2,
    });
  });

  it('is written as the guide says, in a flexible version', () => {
    const id = '00112233-4455-6677-8899-aabbccddeeff';
    const value = {
      name: null,
      flag: false,
      items: [{ index: 1, id }],
      data: null,
      cursor: { topic: 't', partition: 9 },
      node: { id: 4, host: 'h' },
      times: [1],
    };
    const expected = [
      '00', // name: null
      '00', // flag
      '02 00000001 00112233445566778899aabbccddeeff 00', // items: count + 1; tags of the element
      '00', // data: null
      'ffffffffffffffff',
      '01 0274 00000009 00', // cursor: there, compact string, tags
      '00', // small
      '02', // two tagged fields, in the order of their tags
      '01 09 02 0000000000000001',
      '03 07 00000004 0268 00',
    ];
    const bytesOf = written(sample, 3, value);
    assert.equal(bytesOf.toString('hex'), expected.join('').replaceAll(' ', ''));
    assert.deepEqual(read(sample, 3, bytesOf), {
      name: null,
      flag: false,
      old: -1,
      items: [{ index: 1, id }],
      data: null,
      producer: -1n,
      cursor: { topic: 't', partition: 9 },
      node: { id: 4, host: 'h' },
      times: [1],
      small: 0,
    });
  });

  it('passes over tagged fields that nobody knows', () => {
    const codec = message(0, { value: int8 });
    const buffer = Buffer.from('07 02 00 01 ff 05 02 abcd'.replaceAll(' ', ''), 'hex');
    assert.deepEqual(read(codec, 0, buffer), { value: 7 });
  });

  it('larger than a slab is whole, and leaves later ones whole', () => {
    const codec = message(9, { text: string, list: array(int32) });
    const value = { text: 'x'.repeat(30_000), list: Array.from({ length: 9_000 }, (_, i) => i) };
    const first = written(codec, 0, value);
    const second = written(codec, 0, { text: 'y', list: [1] });
    assert.deepEqual(read(codec, 0, first), value);
    assert.deepEqual(read(codec, 0, second), { text: 'y', list: [1] });
  });
});

describe('bytes that are no message', () => {
  const codec = message(1, { texts: array(string), more: bytes });
  const bad: [name: string, version: number, hex: string][] = [
    ['end too early', 0, '00000001 0005 6162'],
    ['have an array that cannot fit', 0, '7fffffff 00'],
    ['have a compact array that cannot fit', 1, 'ffffffff0f 00'],
    ['have a null where none may be', 0, 'ffffffff 00000000'],
    ['have a length below -1', 0, '00000001 fffe 00000000'],
    ['have a varint that never ends', 1, 'ffffffffffff'],
    ['have tags out of order', 1, '01 01 02 05 00 05 00'],
    ['have a tag larger than what is left', 1, '01 01 01 05 7f 00'],
  ];
  for (const [name, version, hex] of bad) {
    it(name, () => {
      const buffer = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      assert.throws(() => codec.read(new Reader(buffer), version), WireError);
    });
  }

  it('have more elements than a request may', () => {
    const nested = message(0, { lists: array(array(int8)) });
    const writer = new Writer();
    writer.count(300_000, true);
    for (let index = 0; index < 300_000; index++) writer.count(0, true);
    writer.noTags();
    const buffer = Buffer.concat(writer.finish());
    assert.throws(() => nested.read(new Reader(buffer), 0), /at most 250000 array elements/);
  });
});
