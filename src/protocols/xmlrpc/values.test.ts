import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Contract } from '../../model/contract.ts';
import { Fault } from '../../model/fault.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { parseXml } from '../../wire/xml/reader.ts';
import { XmlRpcFault } from './faults.ts';
import { readValue } from './read-value.ts';
import { ANY_SHAPE, type Shape, shapeOf } from './shape.ts';
import { decimalText, type WriteOptions, writeValue } from './write-value.ts';

const DEFAULTS: WriteOptions = { largeIntegers: 'i8', nil: 'nil', dateTimes: 'spec' };

function shape(schema: JsonSchema, $defs: Contract['$defs'] = {}): Shape {
  const contract: Contract = {
    polywire: '1',
    name: 'test',
    version: '1.0.0',
    services: [],
    errors: {},
    $defs,
  };
  return shapeOf(contract, schema);
}

const read = (content: string, of: Shape = ANY_SHAPE, depth = 64): unknown =>
  readValue(parseXml(`<value>${content}</value>`), of, depth);

const write = (value: unknown, of: Shape = ANY_SHAPE, options: Partial<WriteOptions> = {}) =>
  writeValue(value, of, { ...DEFAULTS, ...options })
    .replace(/^<value>/, '')
    .replace(/<\/value>$/, '');

describe('reading a value', () => {
  for (const [content, wanted] of [
    ['<i4>-12</i4>', -12],
    ['<int> +41\n</int>', 41],
    ['<int>-0</int>', 0],
    ['<int>007</int>', 7],
    ['<i8>9007199254740991</i8>', 9_007_199_254_740_991],
    ['<i1>-128</i1>', -128],
    ['<i2>32767</i2>', 32_767],
    ['<boolean>1</boolean>', true],
    ['<boolean>false</boolean>', false],
    ['<string> two  words\n</string>', ' two  words\n'],
    ['<string/>', ''],
    [' untyped ', ' untyped '],
    ['', ''],
    ['<![CDATA[<b>&amp;]]>', '<b>&amp;'],
    ['<string>&lt;&#x1F600;</string>', '<\u{1F600}'],
    ['<double>-12.214</double>', -12.214],
    ['<double>1e-7</double>', 1e-7],
    ['<double>.5</double>', 0.5],
    ['<double>5</double>', 5],
    ['<double>+5.</double>', 5],
    ['<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>', '1998-07-17T14:08:55Z'],
    ['<base64>eW91\n IGNh</base64>', 'eW91IGNh'],
    ['<base64>AA</base64>', 'AA=='],
    ['<base64></base64>', ''],
    ['<nil/>', null],
    ['<array><data/></array>', []],
    ['<array><data><value><int>1</int></value><value>a</value></data></array>', [1, 'a']],
    ['<struct/>', {}],
    ['<struct><member><name>a</name><value>b</value></member></struct>', { a: 'b' }],
    ['<struct><member><value>b</value><name/></member></struct>', { '': 'b' }],
    ['<!-- why --><int>1</int>', 1],
  ] as const) {
    it(`takes ${content}`, () => assert.deepEqual(read(content), wanted));
  }

  it('takes the extension types of Apache', () => {
    const of = (content: string) =>
      readValue(
        parseXml(
          `<value xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions">${content}</value>`,
        ),
        ANY_SHAPE,
        8,
      );
    assert.equal(of('<ex:nil/>'), null);
    assert.equal(of('<ex:i8>12</ex:i8>'), 12);
    assert.equal(of('<ex:i1>12</ex:i1>'), 12);
    assert.equal(of('<ex:float>1.5</ex:float>'), 1.5);
    assert.equal(of('<ex:biginteger>12</ex:biginteger>'), 12);
    assert.equal(of('<ex:bigdecimal>1.5</ex:bigdecimal>'), 1.5);
    assert.equal(
      of('<ex:dateTime>2026-01-02T03:04:05.678+01:00</ex:dateTime>'),
      '2026-01-02T03:04:05.678+01:00',
    );
    assert.throws(() => of('<ex:serializable>rO0AB</ex:serializable>'), { faultCode: -32600 });
    assert.throws(() => of('<nil xmlns="urn:other"/>'), { faultCode: -32600 });
  });

  for (const content of [
    '<int>2147483648</int>',
    '<int>1.5</int>',
    '<int></int>',
    '<int>0x10</int>',
    '<int><b/></int>',
    '<i1>128</i1>',
    '<i8>9223372036854775808</i8>',
    '<boolean>2</boolean>',
    '<double>INF</double>',
    '<double>NaN</double>',
    '<double>1e400</double>',
    '<double>1,5</double>',
    '<dateTime.iso8601>soon</dateTime.iso8601>',
    '<base64>a</base64>',
    '<base64>ab=c</base64>',
    '<base64>ab-_</base64>',
    '<nil>1</nil>',
    '<int>1</int>text',
    '<int>1</int><int>2</int>',
    '<value>1</value>',
    '<integer>1</integer>',
    '<array/>',
    '<array><data/><data/></array>',
    '<array><data><int>1</int></data></array>',
    '<array><data>1</data></array>',
    '<struct><name>a</name><value/></struct>',
    '<struct><member><name>a</name></member></struct>',
    '<struct><member><name>a</name><value/><value/></member></struct>',
    '<struct><member><name>a</name><name>a</name></member></struct>',
    '<struct>text<member><name>a</name><value/></member></struct>',
    '<struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct>',
    '<struct><member><name>__proto__</name><value/></member></struct>',
  ]) {
    it(`refuses ${content}`, () => {
      assert.throws(
        () => read(content),
        (fault) => fault instanceof XmlRpcFault && fault.faultCode === -32600,
      );
    });
  }

  it('refuses integers that JSON would round, unless the schema wants their digits', () => {
    const content = '<i8>-9223372036854775808</i8>';
    assert.throws(() => read(content), { code: 'INVALID_ARGUMENT', message: /2\^53/ });
    const long = shape({ type: 'string', format: 'int64' });
    assert.equal(read(content, long), '-9223372036854775808');
    assert.equal(read('<int>+7</int>', long), '7');
    const either = shape({ type: ['string', 'integer'], format: 'int64' });
    assert.equal(read(content, either), '-9223372036854775808');
    assert.equal(read('<int>7</int>', either), 7);
  });

  it('gives dates and base64url where the schema asks for them', () => {
    const time = '<dateTime.iso8601>20260102T00:00:00</dateTime.iso8601>';
    assert.equal(read(time, shape({ type: 'string', format: 'date' })), '2026-01-02');
    assert.equal(read(time), '2026-01-02T00:00:00Z');
    const url = shape({ type: 'string', contentEncoding: 'base64url' });
    assert.equal(read('<base64>+/8=</base64>', url), '-_8');
  });

  it('refuses deeper nesting than it is told to take', () => {
    const nested = '<array><data><value>'.repeat(5) + '</value></data></array>'.repeat(5);
    assert.deepEqual(read(nested, ANY_SHAPE, 5), [[[[['']]]]]);
    assert.throws(() => read(nested, ANY_SHAPE, 4), { faultCode: -32600 });
  });

  it('takes long digits in no time', () => {
    assert.throws(() => read(`<int>${'9'.repeat(200_000)}</int>`), { faultCode: -32600 });
    assert.throws(() => read(`<biginteger>${'9'.repeat(300)}</biginteger>`), Fault);
    assert.throws(() => read(`<double>${'9'.repeat(200_000)}</double>`), { faultCode: -32600 });
  });
});

describe('writing a value', () => {
  it('writes numbers by their schema, else by their value', () => {
    const double = shape({ type: 'number' });
    const whole = shape({ type: 'integer' });
    assert.equal(write(5, double), '<double>5.0</double>');
    assert.equal(write(5, whole), '<int>5</int>');
    assert.equal(write(5), '<int>5</int>');
    assert.equal(write(-0.5), '<double>-0.5</double>');
    assert.equal(write(2 ** 31, whole), '<i8>2147483648</i8>');
    assert.equal(write(-(2 ** 31), whole), '<int>-2147483648</int>');
    assert.equal(write(2 ** 63, whole), '<double>9223372036854776000.0</double>');
    assert.equal(write(1e300), `<double>1${'0'.repeat(300)}.0</double>`);
    assert.equal(
      write(2 ** 40, whole, { largeIntegers: 'double' }),
      '<double>1099511627776.0</double>',
    );
    assert.throws(() => write(2 ** 40, whole, { largeIntegers: 'refuse' }), {
      code: 'OUT_OF_RANGE',
    });
    assert.equal(
      write(7, shape({ anyOf: [{ type: 'integer' }, { type: 'number' }] })),
      '<int>7</int>',
    );
  });

  it('writes null as it is told', () => {
    assert.equal(write(null), '<nil/>');
    assert.equal(
      write(null, ANY_SHAPE, { nil: 'ex:nil' }),
      '<ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/>',
    );
    assert.equal(write(null, ANY_SHAPE, { nil: 'none' }), '<string></string>');
    assert.equal(
      write({ a: null, b: [null] }, ANY_SHAPE, { nil: 'none' }).includes('<name>a'),
      false,
    );
  });

  it('writes date-times, bytes and 64-bit integers where the schema says so', () => {
    const $defs = { Time: { type: 'string', format: 'date-time' } } as const;
    const time = '2026-01-02T03:04:05.5Z';
    for (const schema of [
      { $ref: '#/$defs/Time' },
      { anyOf: [{ $ref: '#/$defs/Time' }, { type: 'null' }] },
      { allOf: [{ type: 'string' }, { format: 'date-time' }] },
    ]) {
      assert.equal(
        write(time, shape(schema, $defs)),
        '<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>',
      );
    }
    const of = shape($defs.Time);
    assert.match(write(time, of, { dateTimes: 'fraction' }), />20260102T03:04:05\.5Z</);
    assert.equal(write(time, of, { dateTimes: 'string' }), `<string>${time}</string>`);
    assert.equal(write('no time', of), '<string>no time</string>');
    // A choice of texts: what it is cannot be told.
    const choice = shape({ anyOf: [{ $ref: '#/$defs/Time' }, { type: 'string' }] }, $defs);
    assert.equal(write(time, choice), `<string>${time}</string>`);
    const either = shape({
      oneOf: [
        { properties: { kind: { const: 'at' }, value: $defs.Time } },
        { properties: { kind: { const: 'in' }, value: { type: 'integer' } } },
      ],
    });
    assert.match(write({ kind: 'at', value: time }, either), /<value><dateTime/);
    assert.equal(
      write('2026-01-02', shape({ type: 'string', format: 'date' })),
      '<string>2026-01-02</string>',
    );
    assert.equal(write('AAE=', shape({ contentEncoding: 'base64' })), '<base64>AAE=</base64>');
    assert.equal(write('-_8', shape({ contentEncoding: 'base64url' })), '<base64>+/8=</base64>');
    assert.equal(
      write('no bytes', shape({ contentEncoding: 'base64' })),
      '<string>no bytes</string>',
    );
    const long = shape({ type: 'string', format: 'int64' });
    assert.equal(write('-9223372036854775808', long), '<i8>-9223372036854775808</i8>');
    assert.equal(write('12', long), '<int>12</int>');
    assert.equal(write('9223372036854775808', long), '<string>9223372036854775808</string>');
  });

  it('follows types that refer to themselves', () => {
    const $defs = {
      Tree: {
        type: 'object',
        properties: {
          weight: { type: 'number' },
          children: { type: 'array', items: { $ref: '#/$defs/Tree' } },
        },
      },
    } as const;
    const tree = { weight: 1, children: [{ weight: 2, children: [{ weight: 3 }] }] };
    const text = write(tree, shape({ $ref: '#/$defs/Tree' }, $defs));
    assert.deepEqual(text.match(/<double>[^<]+/g), ['<double>1.0', '<double>2.0', '<double>3.0']);
  });

  it('knows members by pattern, further members, and tuples', () => {
    const of = shape({
      type: 'object',
      properties: { pair: { prefixItems: [{ type: 'integer' }, { type: 'number' }] } },
      patternProperties: { '^d': { type: 'number' } },
      additionalProperties: { type: 'string', contentEncoding: 'base64' },
    });
    const text = write({ pair: [1, 2], d1: 3, other: 'AA==' }, of);
    assert.match(text, /<int>1<\/int><\/value><value><double>2\.0/);
    assert.match(text, /<name>d1<\/name><value><double>3\.0/);
    assert.match(text, /<name>other<\/name><value><base64>AA==/);
  });

  it('leaves out what JSON leaves out', () => {
    assert.equal(
      write({ a: undefined, b: () => 1, c: new Date(0) }),
      '<struct><member><name>c</name><value><string>1970-01-01T00:00:00.000Z</string></value></member></struct>',
    );
  });

  it('refuses characters that XML does not have, and circles', () => {
    assert.throws(() => write('\u0000'), Fault);
    assert.throws(() => write({ '\uFFFF': 1 }), Fault);
    const circle: unknown[] = [];
    circle.push(circle);
    assert.throws(() => write(circle), { code: 'INTERNAL' });
  });

  it('writes decimals without an exponent that are read as the same number', () => {
    assert.equal(decimalText(1e-7), '0.0000001');
    assert.equal(decimalText(-1.5e-9), '-0.0000000015');
    assert.equal(decimalText(1.25e21), '1250000000000000000000.0');
    assert.equal(decimalText(-0), '-0.0');
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = decimalText(number);
        assert.match(text, /^-?\d+\.\d+$/);
        assert.ok(Object.is(Number(text), number));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a JSON value', () => {
  it('comes back as it went', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .map((one) => one.replaceAll(/[\uFFFE\uFFFF]/g, ''));
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one)),
      fc.maxSafeInteger(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        number,
        text,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          text.filter((name) => name !== '__proto__'),
          tie('value'),
          {
            maxKeys: 4,
            noNullPrototype: true,
          },
        ),
      ),
    }));
    fc.assert(
      fc.property(value, (one) => {
        assert.deepEqual(
          readValue(parseXml(writeValue(one, ANY_SHAPE, DEFAULTS)), ANY_SHAPE, 64),
          one,
        );
      }),
      { numRuns: 300 },
    );
  });
});
