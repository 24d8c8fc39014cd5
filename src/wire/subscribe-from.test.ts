import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../model/fault.ts';
import { subscribeFrom } from './subscribe-from.ts';

test('words, times and milliseconds say where a subscription begins', () => {
  assert.equal(subscribeFrom(undefined), undefined);
  assert.equal(subscribeFrom(''), undefined);
  assert.equal(subscribeFrom('start'), 'start');
  assert.equal(subscribeFrom('now'), 'now');
  assert.equal(subscribeFrom('1970-01-01t00:00:01.5z'), 1500);
  assert.equal(subscribeFrom('1970-01-01T02:00:00+02:00'), 0);
  assert.equal(subscribeFrom('1700000000000'), 1_700_000_000_000);
  assert.equal(subscribeFrom(1_700_000_000_000), 1_700_000_000_000);
});

test('anything else is refused', () => {
  for (const value of ['yesterday', '2026-01-31', '-1', -1, 1.5, true, {}, '9'.repeat(16)]) {
    assert.throws(() => subscribeFrom(value), Fault, JSON.stringify(value));
  }
});
