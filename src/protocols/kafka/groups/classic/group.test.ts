import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR } from '../../errors.ts';
import {
  Client,
  joinRequest,
  makeGroup,
  REBALANCE_MS,
  SESSION_MS,
  stableGroup,
} from './group.test-support.ts';

test('a first member joins, leads, syncs and is stable', () => {
  const { group } = makeGroup();
  const client = new Client(group).join();
  assert.equal(client.last.error, ERROR.NONE);
  assert.equal(client.last.generation, 1);
  assert.equal(client.last.leader, client.last.memberId);
  assert.deepEqual(
    client.last.members?.map(({ memberId }) => memberId),
    [client.last.memberId],
  );
  client.syncAll();
  assert.equal(client.syncs[0]?.assignment?.toString(), client.last.memberId);
  assert.equal(group.state, 'Stable');
  assert.equal(client.heartbeat(), ERROR.NONE);
});

test('from version 4 on a dynamic member is given its id first', () => {
  const { group, clock } = makeGroup();
  const client = new Client(group, { idFirst: true }).join();
  assert.equal(client.last.error, ERROR.MEMBER_ID_REQUIRED);
  assert.equal(group.state, 'Empty');
  assert.ok(!group.unused);
  client.join();
  assert.equal(client.last.error, ERROR.NONE);

  const forgotten = new Client(group, { idFirst: true }).join();
  clock.advance(SESSION_MS + 20);
  forgotten.join();
  assert.equal(forgotten.last.error, ERROR.UNKNOWN_MEMBER_ID);
});

test('a newcomer makes the others join again, and all get the same generation', () => {
  const { group, clients } = stableGroup(1);
  const [first] = clients as [Client];
  const second = new Client(group).join();
  assert.equal(second.joins.length, 0);
  assert.equal(first.heartbeat(), ERROR.REBALANCE_IN_PROGRESS);
  first.join();
  assert.equal(first.last.generation, 2);
  assert.equal(second.last.generation, 2);
  assert.equal(second.last.leader, first.last.memberId);
  assert.equal(second.last.members?.length, 0);
  second.sync();
  assert.equal(second.syncs.length, 0, 'it waits for the leader');
  first.syncAll();
  assert.equal(second.syncs[0]?.assignment?.toString(), second.last.memberId);
});

test('whoever does not join within the rebalance timeout is left behind', () => {
  const { group, clients, clock } = stableGroup(2);
  const [first, second] = clients as [Client, Client];
  new Client(group).join();
  first.join();
  for (let at = 0; at < REBALANCE_MS; at += 5000) {
    assert.equal(second.heartbeat(), ERROR.REBALANCE_IN_PROGRESS);
    clock.advance(5000);
  }
  clock.advance(20);
  assert.equal(first.last.members?.length, 2);
  assert.equal(second.heartbeat(), ERROR.UNKNOWN_MEMBER_ID);
});

test('a member without heartbeats is removed, and its share goes to the others', () => {
  const { group, clients, clock } = stableGroup(2);
  const [first, second] = clients as [Client, Client];
  clock.advance(SESSION_MS - 1000);
  assert.equal(first.heartbeat(), ERROR.NONE);
  clock.advance(1010);
  assert.equal(group.state, 'PreparingRebalance');
  assert.equal(first.heartbeat(), ERROR.REBALANCE_IN_PROGRESS);
  first.join();
  assert.equal(first.last.members?.length, 1);
  assert.equal(second.heartbeat(), ERROR.UNKNOWN_MEMBER_ID);
});

test('a leader that does not sync is removed when the rebalance timeout is over', () => {
  const { group, clock } = makeGroup();
  const leader = new Client(group).join();
  const other = new Client(group).join();
  leader.join();
  other.sync();
  for (let at = 0; at < REBALANCE_MS; at += 5000) {
    leader.heartbeat();
    clock.advance(5000);
  }
  clock.advance(20);
  assert.equal(other.syncs[0]?.error, ERROR.REBALANCE_IN_PROGRESS);
  other.join();
  assert.equal(other.last.leader, other.last.memberId);
});

test('a generation that is over is refused', () => {
  const { group, clients } = stableGroup(1);
  const [client] = clients as [Client];
  const old = client.identity;
  client.join().syncAll();
  assert.equal(group.generation, 2);
  assert.equal(group.heartbeat(old), ERROR.ILLEGAL_GENERATION);
  assert.equal(group.commitError(old, false), ERROR.ILLEGAL_GENERATION);
  assert.equal(group.commitError(client.identity, false), ERROR.NONE);
});

test('a follower that repeats its join gets the generation as it is', () => {
  const { clients } = stableGroup(2);
  const [first, second] = clients as [Client, Client];
  second.join();
  assert.equal(second.last.generation, first.last.generation);
  assert.equal(first.heartbeat(), ERROR.NONE);
  second.join({ protocols: [{ name: 'range', metadata: Buffer.from('other topics') }] });
  assert.equal(first.heartbeat(), ERROR.REBALANCE_IN_PROGRESS);
});

test('the protocol that most members prefer is chosen among those that all understand', () => {
  const { group } = makeGroup();
  const protocols = (...names: string[]) =>
    names.map((name) => ({ name, metadata: Buffer.from(name) }));
  const first = new Client(group, { protocols: protocols('range', 'sticky', 'own') }).join();
  const second = new Client(group, { protocols: protocols('sticky', 'range') }).join();
  const third = new Client(group, { protocols: protocols('sticky', 'range') }).join();
  first.join();
  assert.equal(first.last.protocol, 'sticky');
  assert.equal(first.last.members?.[1]?.metadata.toString(), 'sticky');
  assert.equal(second.last.protocol, third.last.protocol);
  const stranger = new Client(group, { protocols: protocols('own') }).join();
  assert.equal(stranger.last.error, ERROR.INCONSISTENT_GROUP_PROTOCOL);
  const connect = new Client(group, { protocolType: 'connect' }).join();
  assert.equal(connect.last.error, ERROR.INCONSISTENT_GROUP_PROTOCOL);
});

test('a static member that comes back keeps its share, and its former self is fenced', () => {
  const { group } = makeGroup();
  const before = new Client(group, { instanceId: 'i' }).join().syncAll();
  const after = new Client(group, { instanceId: 'i' }).join();
  assert.equal(after.last.error, ERROR.NONE);
  assert.notEqual(after.last.memberId, before.last.memberId);
  assert.equal(after.last.generation, 1);
  assert.equal(after.last.skipAssignment, true);
  assert.equal(before.heartbeat(), ERROR.FENCED_INSTANCE_ID);
  after.sync();
  assert.equal(after.syncs[0]?.assignment?.toString(), before.last.memberId);
});

test('an older client that leads and comes back is not told that it leads', () => {
  const { group } = makeGroup();
  const before = new Client(group, { instanceId: 'i' }).join().syncAll();
  const after = new Client(group, { instanceId: 'i', maySkipAssignment: false }).join();
  assert.equal(after.last.leader, before.last.memberId);
  assert.deepEqual(after.last.members, []);
});

test('a static member that is away causes no rebalance until its session ends', () => {
  const { group, clock } = makeGroup();
  const stays = new Client(group, { instanceId: 'a' }).join();
  const goes = new Client(group, { instanceId: 'b' }).join();
  stays.join().syncAll();
  goes.sync();
  for (let at = 0; at < SESSION_MS - 2000; at += 1000) {
    clock.advance(1000);
    assert.equal(stays.heartbeat(), ERROR.NONE);
  }
  const back = new Client(group, { instanceId: 'b' }).join().sync();
  assert.equal(back.syncs[0]?.assignment?.toString(), goes.last.memberId);
  clock.advance(SESSION_MS + 10);
  assert.equal(stays.heartbeat(), ERROR.UNKNOWN_MEMBER_ID);
});

test('a waiting join of a static member is fenced when another takes its name', () => {
  const { group } = stableGroup(1);
  const before = new Client(group, { instanceId: 'i' }).join();
  assert.equal(before.joins.length, 0);
  new Client(group, { instanceId: 'i' }).join();
  assert.equal(before.last.error, ERROR.FENCED_INSTANCE_ID);
});

test('members leave one by one and by name; the last one leaves an empty group', () => {
  const { group } = makeGroup();
  const first = new Client(group).join();
  const second = new Client(group, { instanceId: 'i' }).join();
  first.join().syncAll();
  second.sync();
  assert.deepEqual(
    group.leave([
      { memberId: '', instanceId: 'i' },
      { memberId: 'nobody', instanceId: undefined },
      { memberId: first.last.memberId, instanceId: 'i' },
    ]),
    [ERROR.NONE, ERROR.UNKNOWN_MEMBER_ID, ERROR.UNKNOWN_MEMBER_ID],
  );
  assert.equal(first.heartbeat(), ERROR.REBALANCE_IN_PROGRESS);
  group.leave([{ memberId: first.last.memberId, instanceId: undefined }]);
  assert.equal(group.state, 'Empty');
  assert.ok(group.unused);
});

test('the first rebalance waits for more members while they come', () => {
  const { group, clock } = makeGroup({ groupInitialDelayMs: 300 });
  const clients = [new Client(group).join()];
  for (let index = 0; index < 3; index += 1) {
    clock.advance(200);
    clients.push(new Client(group).join());
  }
  assert.ok(clients.every(({ joins }) => joins.length === 0));
  clock.advance(620);
  assert.ok(clients.every(({ last }) => last.generation === 1));
  assert.equal(clients[0]!.last.members?.length, 4);
});

test('a client that does not repeat an unanswered first join is forgotten', () => {
  const { group, clock } = stableGroup(1);
  new Client(group, { rebalanceTimeoutMs: 900_000 }).join();
  assert.equal(group.roster.size, 2);
  clock.advance(300_100);
  assert.equal(group.roster.size, 0);
});

test('the assignment is handed out when it is durable, or everybody starts again', async () => {
  const saves: { resolve(): void; reject(): void }[] = [];
  const { group } = makeGroup({}, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    saves.push({ resolve, reject: () => reject(new Error('disk full')) });
    return promise as never;
  });
  const client = new Client(group).join().syncAll();
  assert.equal(client.syncs.length, 0);
  saves[0]!.reject();
  await Promise.resolve().then(() => {});
  assert.equal(client.syncs[0]?.error, ERROR.COORDINATOR_NOT_AVAILABLE);
  client.join().syncAll();
  saves[1]!.resolve();
  await Promise.resolve().then(() => {});
  assert.equal(client.syncs[1]?.error, ERROR.NONE);
  assert.equal(client.last.generation, 2);
});

test('members and their metadata are bounded', () => {
  const { group, budget } = makeGroup({ maxGroupMembers: 2, maxGroupBytes: 10_000 });
  const first = new Client(group).join();
  const large = new Client(group, { protocols: [{ name: 'range', metadata: Buffer.alloc(9000) }] });
  assert.equal(large.join().last.error, ERROR.GROUP_MAX_SIZE_REACHED);
  new Client(group).join();
  assert.equal(new Client(group).join().last.error, ERROR.GROUP_MAX_SIZE_REACHED);
  first.join();
  first.sync({ [first.last.memberId]: 'x'.repeat(9000) });
  assert.equal(first.syncs[0]?.error, ERROR.GROUP_MAX_SIZE_REACHED);
  group.stop();
  assert.equal(budget.used, 0);
});

test('who is no member commits only to a group without members', () => {
  const { group } = makeGroup();
  const nobody = { memberId: '', instanceId: undefined, generation: -1 };
  assert.equal(group.commitError(nobody, false), ERROR.NONE);
  const client = new Client(group).join();
  assert.equal(group.commitError(nobody, false), ERROR.UNKNOWN_MEMBER_ID);
  assert.equal(group.commitError(nobody, true), ERROR.NONE);
  assert.equal(group.commitError(client.identity, false), ERROR.REBALANCE_IN_PROGRESS);
  group.join(joinRequest({ memberId: 'made up' }), ({ error }) =>
    assert.equal(error, ERROR.UNKNOWN_MEMBER_ID),
  );
});
