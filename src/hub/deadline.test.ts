import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { callOf } from './application.test-support.ts';
import { unwatchDeadline, watchDeadline } from './deadline.ts';

test('deadlines near and far abort their calls in time, and not before', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_100 });
  const calls = [5, 999, 1000, 1500, 30_000, 30_001, 86_400_000].map((inMs) => ({
    inMs,
    call: callOf({}, { deadlineMs: Date.now() + inMs }),
  }));
  for (const { call } of calls) watchDeadline(call);
  let passedMs = 0;
  for (const { inMs } of calls) {
    mock.timers.tick(inMs - 1 - passedMs);
    passedMs = inMs - 1;
    for (const { call, inMs: own } of calls) {
      assert.equal(call.aborted !== undefined, own <= passedMs, `${own} after ${passedMs} ms`);
    }
  }
  mock.timers.tick(1);
  assert.ok(calls.every(({ call }) => call.aborted?.code === 'DEADLINE_EXCEEDED'));
  mock.timers.reset();
});

test('a call that ends is watched no more, wherever it waited', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 });
  const start = (inMs: number) => {
    const call = callOf({}, { deadlineMs: Date.now() + inMs });
    return { call, watch: watchDeadline(call) };
  };
  const near = start(100);
  const far = start(5000);
  const come = start(5000);
  const other = start(5000);
  unwatchDeadline(near.watch, near.call);
  unwatchDeadline(far.watch, far.call);
  mock.timers.tick(4990);
  // Near by now: it has a timer of its own.
  unwatchDeadline(come.watch, come.call);
  mock.timers.tick(100_000);
  assert.deepEqual(
    [near, far, come, other].map(({ call }) => call.aborted !== undefined),
    [false, false, false, true],
  );
  assert.equal(watchDeadline(callOf({})), undefined);
  mock.timers.reset();
});
