import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERROR } from '../../errors.ts';
import { joinRequest, makeGroup, REBALANCE_MS, SESSION_MS } from './group.test-support.ts';
import type { ClassicGroup } from './group.ts';

const PARTITIONS = 7;

/** A client as real ones are: joins, syncs (assigning when it leads), sends heartbeats, and starts
 * again at what it is told. */
class Client {
  memberId = '';
  generation = -1;
  owned: readonly number[] = [];
  /** Its request waits at the coordinator. */
  waiting = false;
  stable = false;
  readonly group: ClassicGroup;
  readonly instanceId: string | undefined;
  /** Answers to a process that is gone reach nobody. */
  #life = 0;

  constructor(group: ClassicGroup, instanceId: string | undefined) {
    this.group = group;
    this.instanceId = instanceId;
  }

  forget(): void {
    this.memberId = '';
    this.generation = -1;
    this.owned = [];
    this.waiting = false;
    this.stable = false;
    this.#life += 1;
  }

  /** The next thing that it has to do. */
  act(): void {
    if (this.waiting) return;
    if (this.stable) this.#heartbeat();
    else this.#join();
  }

  #heartbeat(): void {
    const error = this.group.heartbeat(this.#identity());
    if (error === ERROR.NONE) return;
    this.owned = [];
    this.stable = false;
    if (error !== ERROR.REBALANCE_IN_PROGRESS) this.forget();
  }

  #identity() {
    return { memberId: this.memberId, instanceId: this.instanceId, generation: this.generation };
  }

  #join(): void {
    const life = this.#life;
    this.owned = [];
    this.waiting = true;
    const idFirst = this.instanceId === undefined;
    const { memberId, instanceId } = this;
    this.group.join(joinRequest({ memberId, instanceId, idFirst }), (result) => {
      if (life !== this.#life) return;
      this.waiting = false;
      if (result.error === ERROR.MEMBER_ID_REQUIRED) {
        this.memberId = result.memberId;
        this.#join();
        return;
      }
      if (result.error !== ERROR.NONE) {
        this.forget();
        return;
      }
      this.memberId = result.memberId;
      this.generation = result.generation;
      const leads = result.leader === result.memberId && result.skipAssignment !== true;
      this.#sync(leads ? (result.members ?? []).map((one) => one.memberId) : []);
    });
  }

  #sync(members: readonly string[]): void {
    const life = this.#life;
    this.waiting = true;
    const assignments = members.map((memberId, index) => ({
      memberId,
      assignment: Buffer.from(
        Array.from({ length: PARTITIONS }, (_, one) => one).filter(
          (one) => one % members.length === index,
        ),
      ),
    }));
    const request = {
      ...this.#identity(),
      protocolType: 'consumer',
      protocol: 'range',
      assignments,
    };
    this.group.sync(request, ({ error, assignment }) => {
      if (life !== this.#life) return;
      this.waiting = false;
      this.stable = error === ERROR.NONE;
      if (this.stable) this.owned = [...assignment!];
      else if (error !== ERROR.REBALANCE_IN_PROGRESS) this.forget();
    });
  }

  leave(): void {
    if (this.memberId === '') return;
    this.group.leave([{ memberId: this.memberId, instanceId: undefined }]);
    this.forget();
  }
}

const who = fc.nat(6);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('new' as const), fixed: fc.boolean() }) },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('act' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 9000 }),
    }),
  },
);

test('whatever happens, a generation gives each partition once, and at rest all have one', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 90 }),
      fc.constantFrom(0, 500),
      (steps, groupInitialDelayMs) => {
        const { group, clock, budget } = makeGroup({ groupInitialDelayMs });
        const clients: Client[] = [];
        let newest = 0;
        const check = (): void => {
          assert.ok(group.generation >= newest);
          newest = group.generation;
          const owned = clients
            .filter(({ stable, generation }) => stable && generation === group.generation)
            .filter(({ memberId }) => group.roster.members.has(memberId))
            .flatMap((client) => client.owned);
          assert.equal(new Set(owned).size, owned.length, 'two read one partition');
        };
        for (const one of steps) {
          if (one.kind === 'wait') clock.advance(one.ms);
          else if (one.kind === 'new') {
            const instanceId = one.fixed ? `i${clients.length}` : undefined;
            const client = new Client(group, instanceId);
            clients.push(client);
            client.act();
          } else {
            const client = clients[one.who];
            if (one.kind === 'act') client?.act();
            else if (one.kind === 'leave') client?.leave();
            // A process that starts again knows its name, and no id.
            else if (one.kind === 'again') client?.forget();
            else if (client !== undefined) clients.splice(one.who, 1);
          }
          check();
        }
        const restMs = REBALANCE_MS * 2 + SESSION_MS * 2;
        for (let ms = 0; ms < restMs; ms += 1000) {
          for (const client of clients) client.act();
          check();
          clock.advance(1000);
        }
        for (const client of clients) client.act();
        const owned = clients.flatMap((client) => client.owned);
        const all = Array.from({ length: PARTITIONS }, (_, index) => index);
        assert.deepEqual(owned.sort(), clients.length === 0 ? [] : all);
        assert.ok(clients.every(({ generation }) => generation === group.generation));
        assert.equal(group.state, clients.length === 0 ? 'Empty' : 'Stable');
        group.stop();
        assert.equal(budget.used, 0);
      },
    ),
    { numRuns: 200 },
  );
});
