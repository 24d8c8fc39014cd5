import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerWheel } from './timer-wheel.ts';

test('a timer fires once, never early and at most one tick late', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 }),
      (delays, steps) => {
        let now = 12_345;
        const wheel = new TimerWheel(10, 16, () => now);
        const start = now;
        const fired = new Map<number, number>();
        const timers = delays.map((delay, index) => {
          const timer = wheel.timer(() => {
            assert.ok(!fired.has(index));
            fired.set(index, now);
          });
          timer.start(delay);
          return timer;
        });
        let before = now;
        for (const step of steps) {
          before = now;
          now += step;
          wheel.advance();
          for (const [index, delay] of delays.entries()) {
            const due = start + delay;
            if (due > now) assert.ok(!fired.has(index), 'early');
            if (due + 10 <= now) assert.ok(fired.has(index), 'late');
            if (fired.get(index) === now) assert.ok(due > before - 10);
            assert.equal(timers[index]!.running, !fired.has(index));
          }
        }
      },
    ),
  );
});

test('what is put off fires at its new time, what is stopped never', () => {
  let now = 0;
  const wheel = new TimerWheel(10, 16, () => now);
  const fired: string[] = [];
  const later = wheel.timer(() => fired.push('later'));
  const earlier = wheel.timer(() => fired.push('earlier'));
  const stopped = wheel.timer(() => fired.push('stopped'));
  later.start(50);
  earlier.start(500);
  stopped.start(40);
  now = 30;
  wheel.advance();
  later.start(400);
  earlier.start(20);
  stopped.stop();
  now = 60;
  wheel.advance();
  assert.deepEqual(fired, ['earlier']);
  now = 429;
  wheel.advance();
  assert.deepEqual(fired, ['earlier']);
  now = 430;
  wheel.advance();
  assert.deepEqual(fired, ['earlier', 'later']);
  assert.equal(wheel.nextMs(), undefined);
});

test('an action may start itself and stop its neighbours', () => {
  let now = 0;
  const wheel = new TimerWheel(10, 4, () => now);
  let rounds = 0;
  const neighbour = wheel.timer(() => assert.fail('was stopped'));
  const self = wheel.timer(() => {
    rounds += 1;
    neighbour.stop();
    if (rounds < 5) self.start(10);
  });
  self.start(10);
  neighbour.start(10);
  for (; now < 200; now += 10) wheel.advance();
  assert.equal(rounds, 5);
});

test('the next time to look is never after the first timer', () => {
  let now = 0;
  const wheel = new TimerWheel(10, 8, () => now);
  let earlier = 0;
  wheel.onEarlier = () => (earlier += 1);
  const timer = wheel.timer(() => {});
  timer.start(35);
  assert.equal(wheel.nextMs(), 40);
  timer.start(95);
  assert.equal(earlier, 1, 'putting off touches nothing');
  now = 40;
  wheel.advance();
  assert.equal(wheel.nextMs(), 100);
});
