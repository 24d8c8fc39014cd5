import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSchema } from './validator.ts';

const fits = (format: string, text: string): boolean =>
  compileSchema({ type: 'string', format }).check(text);

test('whole numbers as text have 64 bits', () => {
  for (const text of ['0', '-0', '+7', '007', '9223372036854775807', '-9223372036854775808']) {
    assert.equal(fits('int64', text), true, text);
  }
  for (const text of ['', '-', '1.0', '1e3', ' 1', '0x1', '9223372036854775808', '9'.repeat(1e6)]) {
    assert.equal(fits('int64', text), false, text.slice(0, 30));
  }
  assert.equal(fits('uint64', '18446744073709551615'), true);
  for (const text of ['-1', '18446744073709551616']) assert.equal(fits('uint64', text), false);
});

test('decimals as text have any number of digits, and no exponent', () => {
  for (const text of ['1', '-0.50', '+1.', '.5', `1.${'0'.repeat(1000)}1`]) {
    assert.equal(fits('decimal', text), true, text);
  }
  for (const text of ['', '.', '1e3', '1,5', 'NaN', '1.2.3', '--1']) {
    assert.equal(fits('decimal', text), false, text);
  }
});
