import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR } from '../../errors.ts';
import { SETTINGS } from '../classic/group.test-support.ts';
import { assignmentOf, NOTHING } from './assignment.ts';
import { Consumer, makeConsumerGroup, REVOKE_MS, settle } from './group.test-support.ts';

test('the first member gets everything with its first heartbeat', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one');
  assert.equal(one.beat(), ERROR.NONE);
  assert.equal(one.epoch, 1);
  assert.deepEqual([...one.told], [['t#', [0, 1, 2, 3, 4, 5]]]);
  assert.equal(group.state, 'Stable');
  one.obey();
  one.beat();
  assert.equal(one.last?.assignment, undefined, 'nothing new is not told again');
});

test('who wants no topic yet is a member with an epoch all the same', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one');
  assert.equal(one.beat({ topicNames: [] }), ERROR.NONE);
  assert.equal(one.epoch, 1, 'with epoch 0 its next heartbeat would be another join');
  assert.equal(one.beat({ topicNames: ['t'] }), ERROR.NONE);
  assert.deepEqual([...one.told], [['t#', [0, 1, 2, 3, 4, 5]]]);
});

test('a partition goes on only when the one who had it has let go', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one');
  one.beat();
  one.obey();
  const two = new Consumer(group, topics, 'two');
  two.beat();
  assert.equal(two.epoch, 2);
  assert.equal(two.told.size, 0, 'everything is still with the first');
  one.beat();
  assert.equal(one.epoch, 1, 'it stays in its epoch until it has given up');
  assert.equal(one.told.get('t#')?.length, 3);
  assert.equal(group.state, 'Reconciling');
  two.beat();
  assert.equal(two.told.size, 0);
  one.obey();
  one.beat();
  assert.equal(one.epoch, 2);
  two.beat();
  assert.equal(two.told.get('t#')?.length, 3);
  assert.equal(group.state, 'Stable');
});

test('who does not give up in time is fenced, and its partitions go on', () => {
  const { group, topics, clock } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one');
  one.beat();
  one.obey();
  const two = new Consumer(group, topics, 'two');
  two.beat();
  one.beat();
  clock.advance(REVOKE_MS + 20);
  assert.equal(one.beat(), ERROR.UNKNOWN_MEMBER_ID);
  two.beat();
  assert.equal(two.told.get('t#')?.length, 6);
});

test('a member without heartbeats is gone after its session', () => {
  const { group, topics, clock } = makeConsumerGroup();
  const [one, two] = ['one', 'two'].map((id) => new Consumer(group, topics, id)) as [
    Consumer,
    Consumer,
  ];
  settle([one, two]);
  clock.advance(SETTINGS.consumerSessionTimeoutMs - 1000);
  one.beat();
  clock.advance(1020);
  settle([one]);
  assert.equal(one.owned.get('t#')?.length, 6);
  assert.equal(two.beat(), ERROR.UNKNOWN_MEMBER_ID);
});

test('epochs: the one before is taken once more, others are fenced', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one');
  one.beat();
  one.obey();
  const two = new Consumer(group, topics, 'two');
  two.beat();
  one.beat();
  one.obey();
  one.beat();
  assert.equal(one.epoch, 2);
  assert.equal(
    one.beat({ epoch: 1, owned: one.owned }),
    ERROR.NONE,
    'the answer may have been lost',
  );
  const stranger = assignmentOf([['t#', [0, 1, 2, 3, 4, 5]]]);
  assert.equal(one.beat({ epoch: 1, owned: stranger }), ERROR.FENCED_MEMBER_EPOCH);
  assert.equal(one.beat({ epoch: 3 }), ERROR.FENCED_MEMBER_EPOCH);
  assert.equal(one.beat({ epoch: 0 }), ERROR.FENCED_MEMBER_EPOCH);
  assert.equal(one.beat({ memberId: 'nobody' }), ERROR.UNKNOWN_MEMBER_ID);
});

test('a static member that is away keeps its partitions, and comes back to them', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one', { instanceId: 'a' });
  const two = new Consumer(group, topics, 'two', { instanceId: 'b' });
  settle([one, two]);
  const epoch = group.epoch;
  const had = two.partitions;
  assert.equal(
    new Consumer(group, topics, 'early', { instanceId: 'b' }).beat(),
    ERROR.UNRELEASED_INSTANCE_ID,
  );
  two.group.heartbeat(two.request({ epoch: -2 }));
  settle([one]);
  assert.equal(one.partitions.length, 3);
  const back = new Consumer(group, topics, 'back', { instanceId: 'b' });
  settle([back, one]);
  assert.deepEqual(back.partitions, had);
  assert.equal(group.epoch, epoch, 'nobody else notices');
  assert.equal(two.beat(), ERROR.FENCED_INSTANCE_ID);
});

test('a member that leaves frees its partitions at once', () => {
  const { group, topics } = makeConsumerGroup();
  const [one, two] = ['one', 'two'].map((id) => new Consumer(group, topics, id)) as [
    Consumer,
    Consumer,
  ];
  settle([one, two]);
  two.group.heartbeat(two.request({ epoch: -1 }));
  one.beat();
  assert.equal(one.told.get('t#')?.length, 6);
});

test('topics that come, grow and go are followed', () => {
  const { group, topics } = makeConsumerGroup();
  const one = new Consumer(group, topics, 'one', { regex: 't.*' });
  settle([one]);
  topics.put('t2', 2);
  settle([one]);
  assert.deepEqual([...one.owned.keys()], ['t#', 't2#']);
  topics.put('t2', 3).put('other', 1);
  settle([one]);
  assert.equal(one.owned.get('t2#')?.length, 3);
  const epoch = group.epoch;
  topics.put('other', 5);
  settle([one]);
  assert.equal(group.epoch, epoch, 'what nobody reads changes nothing');
  topics.remove('t');
  settle([one]);
  assert.deepEqual([...one.owned.keys()], ['t2#']);
});

test('a member may change what it subscribes to', () => {
  const { group, topics } = makeConsumerGroup();
  topics.put('u', 2);
  const one = new Consumer(group, topics, 'one');
  const two = new Consumer(group, topics, 'two');
  settle([one, two]);
  one.beat({ topicNames: ['u'] });
  settle([one, two]);
  assert.deepEqual([...one.owned.keys()], ['u#']);
  assert.equal(two.owned.get('t#')?.length, 6);
  assert.equal(group.assignor, 'uniform');
  one.beat({ assignor: 'range' });
  assert.equal(group.assignor, 'range');
});

test('a commit needs the member and its epoch', () => {
  const { group, topics } = makeConsumerGroup();
  const nobody = { memberId: '', instanceId: undefined, generation: -1 };
  assert.equal(group.commitError(nobody, false), ERROR.NONE);
  const one = new Consumer(group, topics, 'one');
  settle([one]);
  const identity = { memberId: 'one', instanceId: undefined, generation: one.epoch };
  assert.equal(group.commitError(identity, false), ERROR.NONE);
  assert.equal(group.commitError({ ...identity, generation: 9 }, false), ERROR.STALE_MEMBER_EPOCH);
  assert.equal(group.commitError({ ...identity, generation: 9 }, true), ERROR.ILLEGAL_GENERATION);
  assert.equal(group.commitError(nobody, false), ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(group.commitError(nobody, true), ERROR.NONE);
});

test('what is not in the budget is refused, and given back', () => {
  const { group, topics, budget } = makeConsumerGroup({ maxGroupMembers: 2 });
  const members = ['one', 'two', 'three'].map((id) => new Consumer(group, topics, id));
  assert.deepEqual(
    members.map((member) => member.beat()),
    [ERROR.NONE, ERROR.NONE, ERROR.GROUP_MAX_SIZE_REACHED],
  );
  assert.ok(budget.used > 0);
  group.stop();
  assert.equal(budget.used, 0);
  assert.equal(members[0]!.owned, NOTHING);
});
