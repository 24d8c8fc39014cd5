import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  BASE64_BINARY,
  BOOLEAN,
  DATE,
  DATE_TIME,
  DECIMAL_NUMBER,
  DECIMAL_TEXT,
  DURATION,
  enumeration,
  floating,
  integer,
  type Lexical,
  long,
  STRING,
  TIME,
} from './lexical.ts';

/** What each text is as a value; undefined for a text that does not fit. */
const READ: readonly (readonly [name: string, lexical: Lexical, texts: Record<string, unknown>])[] =
  [
    ['string', STRING, { '': '', ' a\n': ' a\n' }],
    [
      'boolean',
      BOOLEAN,
      { true: true, ' 1 ': true, false: false, 0: false, TRUE: undefined, '': undefined },
    ],
    [
      'integer',
      integer('long'),
      {
        1: 1,
        '+1': 1,
        '-0': 0,
        '007': 7,
        '9007199254740991': 2 ** 53 - 1,
        '9007199254740992': undefined,
        '1.0': undefined,
        '1e3': undefined,
        '': undefined,
        '-': undefined,
      },
    ],
    [
      '64 bits',
      long(false),
      {
        1: '1',
        '+1': '1',
        '-0': '0',
        '007': '7',
        '9223372036854775807': '9223372036854775807',
        '9223372036854775808': undefined,
        '-9223372036854775808': '-9223372036854775808',
        x: undefined,
        ['9'.repeat(41)]: undefined,
      },
    ],
    ['64 bits or a number', long(true), { 1: 1, '9007199254740993': '9007199254740993' }],
    [
      'decimal text',
      DECIMAL_TEXT,
      {
        '1.00': '1.00',
        '+1': '1',
        '.5': '0.5',
        '-.5': '-0.5',
        '1.': '1',
        '': undefined,
        '.': undefined,
        '1e3': undefined,
        INF: undefined,
      },
    ],
    ['decimal', DECIMAL_NUMBER, { '1.50': 1.5, '1e3': undefined }],
    [
      'double',
      floating('double'),
      {
        '1.5': 1.5,
        '-1E-7': -1e-7,
        '+2': 2,
        '1e999': undefined,
        INF: undefined,
        NaN: undefined,
        '0x1': undefined,
        '': undefined,
      },
    ],
    [
      'dateTime',
      DATE_TIME,
      {
        ' 2026-01-31T12:00:00Z ': '2026-01-31T12:00:00Z',
        '2026-01-31T12:00:00.5+01:00': '2026-01-31T12:00:00.5+01:00',
        '2026-01-31T12:00:00': undefined,
        '2026-01-31': undefined,
        '-0001-01-31T12:00:00Z': undefined,
      },
    ],
    ['date', DATE, { '2026-01-31': '2026-01-31', '2026-01-31Z': undefined }],
    ['time', TIME, { '12:00:00Z': '12:00:00Z', '12:00:00': undefined }],
    [
      'duration',
      DURATION,
      {
        P1DT12H: 'P1DT12H',
        'PT0.5S': 'PT0.5S',
        P: undefined,
        PT: undefined,
        '-P1D': undefined,
        P1W: undefined,
      } as Record<string, unknown>,
    ],
    [
      'base64',
      BASE64_BINARY,
      { 'YW Jj\n': 'YWJj', '': '', YQ: undefined, 'YQ=': undefined, 'a-_b': undefined },
    ],
    ['enumeration', enumeration(STRING, ['a', ' b ']), { a: 'a', ' b ': ' b ', b: undefined }],
    ['numbers listed', enumeration(integer('long'), [1, 2]), { ' 2': 2, 3: undefined }],
  ];

for (const [name, lexical, texts] of READ) {
  it(`${name}: what is read, and what is not`, () => {
    for (const [text, value] of Object.entries(texts)) {
      assert.equal(lexical.parse(text), value, JSON.stringify(text));
    }
  });
}

it('values are written in the form of their type, or not at all', () => {
  const cases: [Lexical, unknown, string | undefined][] = [
    [STRING, 'a', 'a'],
    [STRING, 1, '1'],
    [STRING, {}, undefined],
    [DATE_TIME, new Date(0), '1970-01-01T00:00:00.000Z'],
    [BOOLEAN, false, 'false'],
    [BOOLEAN, 'false', undefined],
    [integer('long'), 1e21, '1000000000000000000000'],
    [integer('long'), 1.5, undefined],
    [integer('long'), 12n, '12'],
    [long(false), '9223372036854775807', '9223372036854775807'],
    [long(false), 7, '7'],
    [long(false), '1.0', undefined],
    [DECIMAL_TEXT, '1.10', '1.10'],
    [DECIMAL_TEXT, 'x', undefined],
    [DECIMAL_TEXT, 2.5, '2.5'],
    [DECIMAL_NUMBER, 1.25e-7, '0.000000125'],
    [DECIMAL_NUMBER, -1.5e21, '-1500000000000000000000'],
    [DECIMAL_NUMBER, Number.NaN, undefined],
    [floating('double'), 1e-7, '1e-7'],
    [floating('double'), Number.POSITIVE_INFINITY, undefined],
    [DURATION, 'P2W', 'P14D'],
    [BASE64_BINARY, 'YWJj', 'YWJj'],
  ];
  for (const [lexical, value, text] of cases) {
    assert.equal(lexical.print(value), text, `${lexical.base} ${String(value)}`);
  }
});
