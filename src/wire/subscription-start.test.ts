import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromOf, lastOf } from './subscription-start.ts';

test('where a subscription begins is said in words, as a time or as a count', () => {
  assert.deepEqual(
    [undefined, 'now', 'start', 7, '7', '2026-01-31t12:00:00z', '2026-01-31T12:00:00.5+01:00'].map(
      (value) => fromOf(value, 'from'),
    ),
    [undefined, 'now', 'start', 7, 7, 1_769_860_800_000, 1_769_857_200_500],
  );
  assert.deepEqual(
    [undefined, 0, '12', 5].map((value) => lastOf(value, 'last')),
    [undefined, 0, 12, 5],
  );
});

test('anything else is refused with what was expected', () => {
  for (const value of ['', 'yesterday', '2026-01-31', 1.5, Number.NaN, null, {}, '-1']) {
    assert.throws(() => fromOf(value, 'from'), {
      code: 'INVALID_ARGUMENT',
      message: /^from is .*expected now, start/,
    });
  }
  for (const value of ['', '-1', -1, 1.5, 1_000_001, '1e3', null]) {
    assert.throws(() => lastOf(value, 'last'), { code: 'INVALID_ARGUMENT' });
  }
});
