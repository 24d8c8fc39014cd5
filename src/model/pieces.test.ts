import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPromise } from './maybe-promise.ts';
import { metadataOf, NO_METADATA } from './metadata.ts';
import { ANONYMOUS, hasScopes, LOCAL } from './principal.ts';
import { traceContext } from './trace.ts';

test('metadata is read by lower-case names, and repeated values are joined', () => {
  const pairs = metadataOf([
    ['X-One', 'a'],
    ['x-one', 'b'],
    ['other', ''],
  ]);
  assert.equal(pairs.get('x-one'), 'a, b');
  assert.equal(pairs.get('other'), '');
  assert.equal(pairs.get('none'), undefined);
  assert.deepEqual([...metadataOf({ A: '1' }).entries()], [['a', '1']]);
  assert.deepEqual([...NO_METADATA.entries()], []);
});

test('scopes: all of them are needed, and * is everything', () => {
  const principal = { id: 'a', authenticated: true, scopes: new Set(['x', 'y']) };
  assert.equal(hasScopes(principal, []), true);
  assert.equal(hasScopes(principal, ['x', 'y']), true);
  assert.equal(hasScopes(principal, ['x', 'z']), false);
  assert.equal(hasScopes(LOCAL, ['x', 'z']), true);
  assert.equal(hasScopes(ANONYMOUS, []), true);
  assert.equal(hasScopes(ANONYMOUS, ['x']), false);
});

test('promises and their likes are told from values', () => {
  assert.equal(isPromise(Promise.resolve(1)), true);
  for (const value of [null, undefined, 0, 'x', {}, [], () => undefined]) {
    assert.equal(isPromise(value as never), false);
  }
});

const ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

// Cases after the text of W3C Trace Context, section 3.2.
test('a traceparent is taken when it is valid, else the trace starts anew', () => {
  for (const good of [`00-${ID}-${SPAN}-01`, `00-${ID}-${SPAN}-00`, `cc-${ID}-${SPAN}-01-later`]) {
    assert.deepEqual(traceContext(good, 'a=1'), { traceparent: good, tracestate: 'a=1' });
  }
  for (const bad of [
    undefined,
    '',
    `00-${ID}-${SPAN}`,
    `00-${ID}-${SPAN}-01-more`,
    `ff-${ID}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `cc-${ID}-${SPAN}-01.later`,
  ]) {
    assert.equal(traceContext(bad), undefined, bad);
  }
});
