import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur2, partitionOfKey } from './murmur2.ts';

// Of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
const VECTORS: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test("hashes are those of Kafka's own tests", () => {
  for (const [text, hash] of VECTORS) assert.equal(murmur2(Buffer.from(text)), hash, text);
});

test('a key keeps its partition, and a negative hash is masked, not made absolute', () => {
  const key = Buffer.from('foobar');
  assert.equal(partitionOfKey(key, 7), (-790332482 & 0x7fffffff) % 7);
  assert.equal(partitionOfKey(key, 1), 0);
});
