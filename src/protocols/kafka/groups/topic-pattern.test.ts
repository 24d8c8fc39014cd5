import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ERROR } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import { readSubscription } from './classic/subscribed-topics.ts';
import { patternsLoaded, topicPattern } from './topic-pattern.ts';

before(patternsLoaded);

test('an expression has to match the whole name', () => {
  const matches = topicPattern('orders-(eu|us)');
  assert.ok(matches('orders-eu'));
  assert.ok(!matches('orders-eu-old'));
  assert.ok(!matches('my-orders-eu'));
  assert.ok(topicPattern('.*orders.*')('my-orders-eu'));
});

test('what would take exponential time elsewhere takes none here', () => {
  assert.ok(!topicPattern('(a+)+b')('a'.repeat(249)));
  assert.ok(!topicPattern('(a|aa)*c')('a'.repeat(249)));
});

test('expressions that are none, or too large, are refused', () => {
  for (const regex of [
    '(',
    '(?=a)',
    'a{1001}',
    'x'.repeat(1025),
    '[a-z]{999}[a-z]{999}[a-z]{99}',
  ]) {
    assert.throws(
      () => topicPattern(regex),
      (error) =>
        error instanceof KafkaFailure && error.wireError === ERROR.INVALID_REGULAR_EXPRESSION,
      regex.slice(0, 20),
    );
  }
});

test("the topics of a member are read from its client's metadata", () => {
  // ConsumerProtocolSubscription, version 1: two topics, no user data, no owned partitions.
  const metadata = Buffer.from('000100000002000161000262627fffffff', 'hex');
  assert.deepEqual(readSubscription(metadata), ['a', 'bb']);
  assert.equal(readSubscription(Buffer.from('00017fffffff', 'hex')), undefined);
  assert.equal(readSubscription(Buffer.from('m')), undefined);
});
