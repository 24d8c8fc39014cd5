import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json.ts';

const REFUSED = { code: 'INVALID_ARGUMENT' };

test('JSON is read from bytes and text alike, whatever it holds', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      fc.pre(!text.includes('"__proto__"'));
      const expected: unknown = JSON.parse(text);
      assert.deepEqual(parseJson(text, 1000), expected);
      assert.deepEqual(
        parseJson(Buffer.from(text), 1000),
        JSON.parse(Buffer.from(text).toString()),
      );
    }),
  );
});

test('anything else is refused, and never with another error', () => {
  for (const bad of ['', '{', '{"a":}', 'nul', '01', '"\n"', '{"a":1}x', '\ufeff{}']) {
    assert.throws(() => parseJson(bad), REFUSED, bad);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseJson(Buffer.from(bytes));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'INVALID_ARGUMENT');
      }
    }),
  );
});

test('bytes that are not UTF-8 are refused; the replacement character itself is not', () => {
  assert.throws(() => parseJson(Buffer.from([0x22, 0xff, 0x22])), REFUSED);
  assert.throws(() => parseJson(Buffer.from([0x22, 0xc0, 0x80, 0x22])), REFUSED);
  assert.equal(parseJson(Buffer.from('"\ufffd"')), '\ufffd');
});

test('nesting is counted outside of strings and refused beyond the limit', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.doesNotThrow(() => parseJson(nested(64)));
  assert.throws(() => parseJson(nested(65)), /deeper than 64 levels \(at byte 64\)/);
  assert.throws(() => parseJson(Buffer.from('{"a":'.repeat(65))), REFUSED);
  assert.throws(() => parseJson('['.repeat(1_000_000)), REFUSED);
  const text = JSON.stringify({ a: '[\\"['.repeat(100) });
  assert.deepEqual(parseJson(text, 2), JSON.parse(text));
  assert.doesNotThrow(() => parseJson(`[${'[],'.repeat(200)}1]`, 2), 'side by side is not deep');
});

test('a member __proto__ is refused however it is spelled and wherever it is', () => {
  for (const bad of [
    '{"__proto__":1}',
    '[{"a":{"__proto__":{}}}]',
    '{"\\u005f_proto__":1}',
    '{"__\\u0070roto__":1}',
  ]) {
    assert.throws(() => parseJson(bad), REFUSED, bad);
  }
  assert.deepEqual(parseJson('{"a":"__proto__","b":"\\u0070"}'), { a: '__proto__', b: 'p' });
});
