import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Call } from './call.ts';
import { Fault } from './fault.ts';
import { LOCAL } from './principal.ts';

const call = (): Call => new Call({ input: 1, principal: LOCAL });

test('the first reason of an abort stands, for everybody who asks', () => {
  const one = call();
  const told: string[] = [];
  one.listen({ aborted: ({ code }) => void told.push(`a ${code}`) });
  one.listen({ aborted: ({ code }) => void told.push(`b ${code}`) });
  one.abort(new Fault('UNAVAILABLE', 'x'));
  one.abort();
  one.listen({ aborted: ({ code }) => void told.push(`c ${code}`) });
  assert.deepEqual(told, ['a UNAVAILABLE', 'b UNAVAILABLE', 'c UNAVAILABLE']);
  assert.equal(one.signal.aborted, true);
  assert.equal(one.signal.reason, one.aborted);
});

test('a signal taken before the abort hears of it', () => {
  const one = call();
  const { signal } = one;
  assert.equal(signal, one.signal);
  one.abort();
  assert.equal((signal.reason as Fault).code, 'CANCELLED');
});

test('listeners can be taken back, in any order', () => {
  const one = call();
  const told: string[] = [];
  const listeners = ['a', 'b', 'c'].map((name) => ({ aborted: () => void told.push(name) }));
  for (const listener of listeners) one.listen(listener);
  one.unlisten(listeners[0]!);
  one.unlisten(listeners[1]!);
  one.unlisten(listeners[1]!);
  one.listen(listeners[0]!);
  one.abort();
  assert.deepEqual(told.sort(), ['a', 'c']);
});

test('a call that has ended is not aborted any more', () => {
  const one = call();
  one.listen({ aborted: () => assert.fail('ended') });
  const { signal } = one;
  one.end();
  one.abort();
  assert.equal(signal.aborted, false);
  assert.equal(one.aborted, undefined);
});

test('a call ends with the call that made it, unless it has ended before', () => {
  const parent = call();
  const child = call();
  const done = call();
  child.follow(parent);
  done.follow(parent);
  done.end();
  parent.abort(new Fault('DEADLINE_EXCEEDED', 'x'));
  assert.equal(child.aborted?.code, 'DEADLINE_EXCEEDED');
  assert.equal(done.aborted, undefined);
  const late = call();
  late.follow(parent);
  assert.equal(late.aborted?.code, 'DEADLINE_EXCEEDED');
});

test('reply metadata is there once it is set, in lower case', () => {
  const one = call();
  assert.equal(one.replyMetadata, undefined);
  one.setReplyMetadata('X-Left', '3');
  assert.deepEqual([...one.replyMetadata!], [['x-left', '3']]);
});
