import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSON_HEADERS } from '../../hub/header-list.ts';
import { Fault } from '../../model/fault.ts';
import { HttpFault } from '../../wire/problem.ts';
import { IdempotencyStore, nameOf, type Remembered } from './idempotency.ts';

const answer = (body: string): Remembered => ({ status: 200, headers: JSON_HEADERS, body });
const limits = { ttlMs: 1000, maxEntries: 3, maxBytes: 1_000_000 };

describe('answers remembered for Idempotency-Key', () => {
  it('expire', () => {
    let nowMs = 0;
    const store = new IdempotencyStore(limits, () => nowMs);
    assert.equal(store.begin('a', ['x']), undefined);
    store.settle('a', answer('1'));
    nowMs = 999;
    assert.equal(store.begin('a', ['x'])?.body, '1');
    nowMs = 1000;
    assert.equal(store.begin('a', ['x']), undefined);
  });

  it('are bounded in number: the oldest answers go, requests at work stay', () => {
    const store = new IdempotencyStore(limits);
    store.begin('working', ['x']);
    for (let turn = 0; turn < 10; turn++) {
      assert.equal(store.begin(`k${turn}`, ['x']), undefined);
      store.settle(`k${turn}`, answer('1'));
    }
    assert.equal(store.size, 3);
    assert.throws(() => store.begin('working', ['x']), HttpFault);
    assert.equal(store.begin('k9', ['x'])?.body, '1');
    assert.equal(store.begin('k0', ['x']), undefined);
  });

  it('are bounded in bytes', () => {
    const store = new IdempotencyStore({ ...limits, maxEntries: 1000, maxBytes: 10_000 });
    for (let turn = 0; turn < 100; turn++) {
      store.begin(`k${turn}`, ['x']);
      store.settle(`k${turn}`, answer('y'.repeat(1000)));
    }
    assert.ok(store.size <= 5, String(store.size));
    assert.ok(store.size >= 1);
  });

  it('belong to what the request was, part by part', () => {
    const store = new IdempotencyStore(limits);
    store.begin('a', ['x', 'yz']);
    store.settle('a', answer('1'));
    assert.throws(
      () => store.begin('a', ['xy', 'z']),
      (error) => error instanceof HttpFault && error.status === 422,
    );
  });

  it('are forgotten where the request ended without one', () => {
    const store = new IdempotencyStore(limits);
    store.begin('a', ['x']);
    store.forgetUnsettled('a');
    assert.equal(store.begin('a', ['other']), undefined);
    store.settle('a', answer('1'));
    store.forgetUnsettled('a');
    assert.equal(store.begin('a', ['other'])?.body, '1');
  });

  it('never mix principals, operations or keys', () => {
    const names = new Set([
      nameOf('p', 'o.a', 'k'),
      nameOf('q', 'o.a', 'k'),
      nameOf('p', 'o.b', 'k'),
      nameOf('p', 'o.a', 'k2'),
    ]);
    assert.equal(names.size, 4);
    for (const key of ['', 'x'.repeat(256)]) assert.throws(() => nameOf('p', 'o', key), Fault);
  });
});
