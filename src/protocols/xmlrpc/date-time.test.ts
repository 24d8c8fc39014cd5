import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDateTime, writeDateTime } from './date-time.ts';

describe('reading dateTime.iso8601', () => {
  for (const [text, wanted] of [
    // http://xmlrpc.com/spec.md, "Scalar <value>s"
    ['19980717T14:08:55', '1998-07-17T14:08:55Z'],
    ['1998-07-17T14:08:55', '1998-07-17T14:08:55Z'],
    ['19980717T140855', '1998-07-17T14:08:55Z'],
    ['19980717T140855Z', '1998-07-17T14:08:55Z'],
    ['1998-07-17T14:08:55.123Z', '1998-07-17T14:08:55.123Z'],
    ['1998-07-17 14:08:55,5z', '1998-07-17T14:08:55.5Z'],
    ['19980717T14:08:55+0200', '1998-07-17T14:08:55+02:00'],
    ['19980717T14:08:55-03', '1998-07-17T14:08:55-03:00'],
    ['19980717T14:08:55+05:45', '1998-07-17T14:08:55+05:45'],
    ['19980717T14:08', '1998-07-17T14:08:00Z'],
    ['\n 19980717T14:08:55 \n', '1998-07-17T14:08:55Z'],
    ['19980717', '1998-07-17T00:00:00Z'],
    ['20240229T00:00:00', '2024-02-29T00:00:00Z'],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => assert.equal(readDateTime(text)?.dateTime, wanted));
  }

  for (const text of [
    '',
    'now',
    '19981317T14:08:55',
    '19980732T14:08:55',
    '20230229T00:00:00',
    '19980717T24:08:55',
    '19980717T14:60:55',
    '19980717T14:08:61',
    '19980717T14:08:55+25:00',
    '19980717T14:08:55+01:60',
    '98-07-17T14:08:55',
    '19980717T14:08:55 CET',
    '0'.repeat(10_000),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () =>
      assert.equal(readDateTime(text), undefined));
  }

  it('knows a midnight as a date', () => {
    assert.equal(readDateTime('19980717T00:00:00.000')?.date, '1998-07-17');
    assert.equal(readDateTime('19980717T00:00:01')?.date, undefined);
    assert.equal(readDateTime('19980717T00:00:00.001')?.date, undefined);
  });
});

describe('writing dateTime.iso8601', () => {
  it('is in UTC and in the form of the specification', () => {
    assert.equal(writeDateTime('1998-07-17T14:08:55Z', false), '19980717T14:08:55');
    assert.equal(writeDateTime('1998-07-17T14:08:55.75+02:00', false), '19980717T12:08:55');
    assert.equal(writeDateTime('1998-12-31T23:30:00-01:00', false), '19990101T00:30:00');
    assert.equal(writeDateTime('1998-07-17t14:08:55z', false), '19980717T14:08:55');
  });

  it('keeps a fraction where it may', () => {
    assert.equal(writeDateTime('1998-07-17T14:08:55.75+02:00', true), '19980717T12:08:55.75Z');
    assert.equal(writeDateTime('1998-07-17T14:08:55Z', true), '19980717T14:08:55Z');
  });

  it('leaves alone what the form cannot say', () => {
    for (const text of [
      '1998-07-17',
      '1998-06-30T23:59:60Z',
      '9999-12-31T23:59:59-01:00',
      '1998-02-30T00:00:00Z',
      '1998-07-17T14:08:55',
      'later',
    ]) {
      assert.equal(writeDateTime(text, false), undefined, text);
    }
  });

  it('is what is read again', () => {
    const time = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, (date) => {
        const text = date.toISOString();
        const back = readDateTime(writeDateTime(text, true)!);
        assert.equal(new Date(back!.dateTime).getTime(), date.getTime());
      }),
    );
  });
});
