import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LeastRecentlyUsed } from './lru.ts';

test('what was used longest ago makes room first', () => {
  const kept = new LeastRecentlyUsed<number>(2, 100);
  kept.set('a', 1, 1);
  kept.set('b', 2, 1);
  kept.get('a');
  kept.set('c', 3, 1);
  assert.deepEqual([kept.get('a'), kept.get('b'), kept.get('c')], [1, undefined, 3]);
});

test('neither entries nor bytes ever pass their limits', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 9 }), bytes: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const kept = new LeastRecentlyUsed<number>(4, 100);
      for (const { key, bytes } of steps) {
        kept.set(String(key), bytes, bytes);
        let held = 0;
        let count = 0;
        for (let one = 0; one < 10; one++) {
          const value = kept.get(String(one));
          if (value !== undefined) count++;
          held += value ?? 0;
        }
        assert.ok(held <= 100 && count <= 4 && count === kept.size);
      }
    }),
  );
});

test('what is larger than everything is not kept, and replaces what it is named like', () => {
  const kept = new LeastRecentlyUsed<number>(4, 10);
  kept.set('a', 1, 5);
  kept.set('a', 2, 11);
  assert.equal(kept.get('a'), undefined);
});
