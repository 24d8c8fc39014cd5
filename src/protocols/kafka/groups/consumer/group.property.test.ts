import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SETTINGS } from '../classic/group.test-support.ts';
import { assignmentOf, partitionCount } from './assignment.ts';
import { ASSIGNORS } from './assignors.ts';
import { Consumer, makeConsumerGroup, settle } from './group.test-support.ts';

const TOPICS = ['t', 'u', 'v'];

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      topics: fc.subarray(TOPICS, { minLength: 1 }),
      fixed: fc.boolean(),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('beat' as const), who: fc.nat(7) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('obey' as const), who: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lost' as const), who: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), who: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('away' as const), who: fc.nat(7) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 20_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('topic' as const),
      name: fc.constantFrom(...TOPICS),
      partitions: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      who: fc.nat(7),
      topics: fc.subarray(TOPICS, { minLength: 1 }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Simulation {
  readonly made = makeConsumerGroup();
  readonly consumers: Consumer[] = [];
  #epoch = 0;
  #ids = 0;

  run(one: Step): void {
    const { group, topics, clock } = this.made;
    if (one.kind === 'join') {
      const id = `m${(this.#ids += 1)}`;
      const options = { names: one.topics, ...(one.fixed && { instanceId: `i${id}` }) };
      const consumer = new Consumer(group, topics, id, options);
      consumer.beat();
      this.consumers.push(consumer);
    } else if (one.kind === 'wait') {
      clock.advance(one.ms);
    } else if (one.kind === 'topic') {
      const before = topics.find(one.name)?.partitions ?? 0;
      topics.put(one.name, Math.max(before, one.partitions));
    } else {
      const consumer = this.consumers[one.who];
      if (consumer !== undefined) this.#act(one, consumer);
    }
    this.check();
  }

  #act(one: Step & { who: number }, consumer: Consumer): void {
    const { group } = this.made;
    if (one.kind === 'beat') {
      if (consumer.beat() !== 0) consumer.startAgain();
    } else if (one.kind === 'obey') {
      consumer.obey();
    } else if (one.kind === 'lost') {
      consumer.lose();
    } else if (one.kind === 'subscribe') {
      consumer.names = one.topics;
      if (consumer.beat({ topicNames: one.topics }) !== 0) consumer.startAgain();
    } else if (one.kind === 'away' && consumer.instanceId !== undefined) {
      if (consumer.epoch > 0) group.heartbeat(consumer.request({ epoch: -2 }));
      // It comes back as a new process with the same name.
      consumer.id = `m${(this.#ids += 1)}`;
      consumer.startAgain();
    } else {
      if (one.kind === 'leave') group.heartbeat(consumer.request({ epoch: -1 }));
      this.consumers.splice(this.consumers.indexOf(consumer), 1);
    }
  }

  /** No partition is with two, and epochs only grow. */
  check(): void {
    const { group } = this.made;
    assert.ok(group.epoch >= this.#epoch);
    this.#epoch = group.epoch;
    const read = this.consumers
      .filter(({ id, epoch }) => epoch > 0 && group.members.has(id))
      .flatMap(({ partitions }) => partitions);
    assert.equal(new Set(read).size, read.length, 'two read one partition');
    const told = [...group.members.values()].flatMap(({ assigned, revoking }) =>
      [...assigned, ...revoking].flatMap(([id, list]) => list.map((one) => `${id}${one}`)),
    );
    assert.equal(new Set(told).size, told.length, 'two were assigned one partition');
  }

  /** Everybody does as told, and whoever is gone is gone long enough. */
  rest(): void {
    const { group, topics, clock } = this.made;
    for (let ms = 0; ms <= SETTINGS.consumerSessionTimeoutMs + 1000; ms += 1000) {
      settle(this.consumers);
      clock.advance(1000);
      this.check();
    }
    settle(this.consumers);
    const wanted = new Set(this.consumers.flatMap(({ names }) => names));
    const all = TOPICS.filter((name) => wanted.has(name) && topics.find(name)).flatMap((name) =>
      Array.from({ length: topics.find(name)!.partitions }, (_, one) => `${name}#${one}`),
    );
    assert.deepEqual(this.consumers.flatMap(({ partitions }) => partitions).sort(), all.sort());
    assert.equal(group.members.size, this.consumers.length);
    assert.equal(group.state, this.consumers.length === 0 ? 'Empty' : 'Stable');
    group.stop();
    assert.equal(this.made.budget.used, 0);
  }
}

test('whatever happens, no two members read one partition, and at rest all are read', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const simulation = new Simulation();
      for (const one of steps) simulation.run(one);
      simulation.rest();
    }),
    { numRuns: 300 },
  );
});

const member = fc.record({ topics: fc.subarray(['a', 'b', 'c']), instance: fc.boolean() });

for (const [name, assignor] of ASSIGNORS) {
  test(`${name}: everything that somebody wants goes to one who wants it`, () => {
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 8 }),
        fc.record({ a: fc.nat(20), b: fc.nat(20), c: fc.nat(20) }),
        fc.nat(8),
        (given, sizes, gone) => {
          const topics = Object.entries(sizes).map(([id, partitions]) => ({ id, partitions }));
          const members = given.map((one, index) => ({
            id: `m${index}`,
            instanceId: one.instance ? `i${index}` : undefined,
            topics: new Set(one.topics),
            target: assignmentOf([]),
          }));
          const first = assignor(members, topics);
          // Again, with one fewer and everybody keeping what it can.
          const left = members
            .filter((_, index) => index !== gone)
            .map((one) => ({ ...one, target: first.get(one.id)! }));
          for (const [those, targets] of [
            [members, first],
            [left, assignor(left, topics)],
          ] as const) {
            const assigned = [...targets].flatMap(([id, target]) => {
              const wants = those.find((one) => one.id === id)!.topics;
              return [...target].flatMap(([topic, list]) => {
                assert.ok(wants.has(topic));
                return list.map((one) => `${topic}${one}`);
              });
            });
            const wanted = topics.filter(({ id }) => those.some((one) => one.topics.has(id)));
            const all = wanted.flatMap(({ id, partitions }) =>
              Array.from({ length: partitions }, (_, one) => `${id}${one}`),
            );
            assert.deepEqual(assigned.sort(), all.sort());
          }
        },
      ),
    );
  });
}

test('uniform: who wants the same has equally many, and keeps what it may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(60), (count, partitions) => {
      const topics = [{ id: 'a', partitions }];
      const assignor = ASSIGNORS.get('uniform')!;
      const members = Array.from({ length: count }, (_, index) => ({
        id: `m${index}`,
        instanceId: undefined,
        topics: new Set(['a']),
        target: assignmentOf([]),
      }));
      const counts = (targets: ReturnType<typeof assignor>) =>
        [...targets.values()].map((target) => partitionCount(target));
      const before = assignor(members, topics);
      assert.ok(Math.max(...counts(before)) - Math.min(...counts(before)) <= 1);
      const more = [...members, { ...members[0]!, id: 'new' }].map((one) => ({
        ...one,
        target: before.get(one.id) ?? assignmentOf([]),
      }));
      const after = assignor(more, topics);
      assert.ok(Math.max(...counts(after)) - Math.min(...counts(after)) <= 1);
      const kept = members.filter(({ id }) =>
        [...after.get(id)!].every(([topic, list]) =>
          list.every((one) => before.get(id)!.get(topic)?.includes(one)),
        ),
      );
      assert.equal(kept.length, count, 'nobody gets what another had and keeps the rest');
    }),
  );
});
