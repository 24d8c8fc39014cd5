import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR } from '../errors.ts';
import { FakeTable } from '../fake-table.test-support.ts';
import { FakeClock } from '../time/fake-clock.test-support.ts';
import { Budget } from './budget.ts';
import { Client, SESSION_MS, SETTINGS } from './classic/group.test-support.ts';
import type { ClassicGroup } from './classic/group.ts';
import { Consumer, FakeTopics, settle } from './consumer/group.test-support.ts';
import type { ConsumerGroup } from './consumer/group.ts';
import { Groups } from './groups.ts';
import { OffsetStore } from './offsets/store.ts';

const RETENTION_MS = SETTINGS.offsetRetentionMs;

/** The groups of a hub that can be started again. */
class World {
  readonly clock = new FakeClock();
  readonly table = new FakeTable();
  readonly offsetsTable = new FakeTable();
  readonly topics = new FakeTopics().put('t', 4);
  groups!: Groups;

  constructor() {
    this.restart();
  }

  restart(): void {
    this.groups?.stop();
    const settings = { ...SETTINGS, maxGroups: 3 };
    const budget = new Budget(settings.maxGroupBytes);
    const offsets = new OffsetStore(this.offsetsTable, budget);
    const context = { clock: this.clock, settings, budget, newId: () => String(Math.random()) };
    this.groups = new Groups(context, this.table, offsets, this.topics);
  }

  classic(id: string): ClassicGroup {
    const group = this.groups.classicGroup(id);
    assert.ok(group !== undefined);
    return group;
  }

  /** Members heartbeat, and what changes is saved. */
  async settle(group: ConsumerGroup, consumers: readonly Consumer[]): Promise<void> {
    settle(consumers);
    await this.groups.save(group);
  }

  async commit(group: string, topic = 't', expireMs = -1): Promise<void> {
    const committed = {
      offset: 5,
      leaderEpoch: -1,
      metadata: '',
      commitMs: this.clock.wallMs,
      expireMs,
      streamNumber: 1,
      sequence: this.groups.offsets.nextSequence(),
    };
    this.groups.getOrMake(group);
    await this.groups.offsets.commit(group, [{ topic, partition: 0, committed }]);
  }
}

const leaving = (client: Client) => [
  { memberId: client.last.memberId, instanceId: client.request.instanceId },
];

test('a classic group goes on after a restart, as long as its members are there', () => {
  const world = new World();
  const before = new Client(world.classic('g')).join().syncAll();
  world.restart();
  const group = world.classic('g');
  assert.equal(group.state, 'Stable');
  assert.equal(group.heartbeat(before.identity), ERROR.NONE);
  const after = new Client(group);
  after.joins = before.joins;
  assert.equal(after.sync().syncs[0]?.assignment?.toString(), before.last.memberId);
  world.clock.advance(SESSION_MS + 20);
  assert.equal(group.state, 'Empty');
});

test('a group of the new protocol goes on after a restart', async () => {
  const world = new World();
  const group = world.groups.consumerGroup('g');
  const members = [
    new Consumer(group, world.topics, 'a/b', { instanceId: 'fixed' }),
    new Consumer(group, world.topics, 'ü', { regex: 't' }),
  ];
  await world.settle(group, members);
  const { epoch } = group;
  world.restart();
  const again = world.groups.consumerGroup('g');
  assert.equal(again.state, 'Stable');
  assert.equal(again.epoch, epoch);
  for (const { id, epoch: own, owned } of members) {
    const member = again.members.get(id)!;
    assert.equal(member.epoch, own);
    assert.deepEqual(member.assigned, owned);
  }
  assert.equal(again.static('fixed')?.id, 'a/b');
  again.remove('a/b');
  await world.groups.save(again);
  world.restart();
  assert.equal(world.groups.consumerGroup('g').members.size, 1);
});

test('a group changes its protocol while it has no members, and keeps its offsets', async () => {
  const world = new World();
  const client = new Client(world.classic('g')).join().syncAll();
  await world.commit('g');
  assert.throws(() => world.groups.consumerGroup('g'), /classic protocol/);
  client.group.leave(leaving(client));
  const group = world.groups.consumerGroup('g');
  const consumer = new Consumer(group, world.topics, 'one');
  await world.settle(group, [consumer]);
  assert.equal(world.groups.classicGroup('g'), undefined);
  world.restart();
  assert.equal(world.groups.get('g')?.kind, 'consumer');
  world.groups.consumerGroup('g').remove('one');
  await world.groups.save(world.groups.consumerGroup('g'));
  assert.equal(world.classic('g').state, 'Empty');
  world.restart();
  assert.equal(world.groups.get('g')?.kind, 'classic');
  assert.equal(world.groups.offsets.group('g')?.get('t', 0)?.offset, 5);
});

test('offsets go when the group has been without members for long, the group with them', async () => {
  const world = new World();
  const client = new Client(world.classic('g')).join().syncAll();
  await world.commit('g');
  world.clock.advance(RETENTION_MS * 2);
  client.heartbeat();
  await world.groups.expire();
  // The metadata of this member tells no topics, so nobody knows which it reads.
  assert.equal(world.groups.offsets.count, 1);
  client.group.leave(leaving(client));
  world.clock.advance(RETENTION_MS - 10);
  await world.groups.expire();
  assert.equal(world.groups.offsets.count, 1);
  world.clock.advance(20);
  await world.groups.expire();
  assert.equal(world.groups.offsets.count, 0);
  assert.equal(world.groups.get('g'), undefined);
  assert.equal(world.table.size, 0);
});

test('offsets of topics that no member reads go while the group is at work', async () => {
  const world = new World();
  const group = world.groups.consumerGroup('g');
  const consumer = new Consumer(group, world.topics, 'one');
  await world.settle(group, [consumer]);
  await world.commit('g', 't');
  await world.commit('g', 'unread');
  await world.commit('alone', 't', world.clock.wallMs + 5);
  world.clock.advance(RETENTION_MS + 10);
  await world.groups.expire();
  assert.deepEqual([...world.groups.offsets.group('g')!.topics()], ['t']);
  assert.equal(world.groups.get('alone'), undefined);
});

test('groups are bounded; useless ones make room', async () => {
  const world = new World();
  await world.commit('one');
  await world.commit('two');
  world.classic('useless');
  world.classic('three');
  assert.equal(world.groups.get('useless'), undefined);
  new Client(world.classic('three')).join();
  assert.throws(() => world.groups.getOrMake('four'), /maxGroups/);
  await world.groups.remove(world.groups.get('one')!);
  world.groups.getOrMake('four');
});

test('what could not be stored of a group is stored with its next change', async () => {
  const world = new World();
  const group = world.groups.consumerGroup('g');
  const consumer = new Consumer(group, world.topics, 'one');
  settle([consumer]);
  world.table.hold = true;
  const failed = world.groups.save(group);
  world.table.settle(new Error('disk full'));
  await assert.rejects(async () => failed, /disk full/);
  world.table.hold = false;
  await world.groups.save(group);
  world.restart();
  assert.equal(world.groups.consumerGroup('g').members.size, 1);
});
