import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, suggest } from './suggest.ts';

test('distance counts inserted, deleted, replaced and swapped characters', () => {
  assert.equal(editDistance('port', 'port'), 0);
  assert.equal(editDistance('prot', 'port'), 1);
  assert.equal(editDistance('por', 'port'), 1);
  assert.equal(editDistance('pport', 'port'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('', 'abc'), 3);
});

test('suggests the nearest name, whatever its spelling habits, and nothing far away', () => {
  const known = ['maxBodyBytes', 'host', 'port'];
  assert.equal(suggest('max-body-bytes', known), 'maxBodyBytes');
  assert.equal(suggest('hsot', known), 'host');
  assert.equal(suggest('zebra', known), undefined);
  assert.equal(suggest('x'.repeat(100_000), known), undefined);
});
