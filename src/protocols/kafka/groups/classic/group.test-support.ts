import { FakeClock } from '../../time/fake-clock.test-support.ts';
import { Budget } from '../budget.ts';
import type { GroupSettings } from '../settings.ts';
import { ClassicGroup, type GroupContext } from './group.ts';
import type { JoinRequest, JoinResult, SyncResult } from './requests.ts';

export const SETTINGS: GroupSettings = {
  groupInitialDelayMs: 0,
  groupMinSessionTimeoutMs: 1000,
  groupMaxSessionTimeoutMs: 1_800_000,
  maxGroups: 100,
  maxGroupMembers: 50,
  maxGroupBytes: 1_000_000,
  offsetRetentionMs: 1000,
  maxOffsetMetadataBytes: 4096,
  consumerSessionTimeoutMs: 45_000,
  consumerHeartbeatMs: 1000,
};

export const SESSION_MS = 10_000;
export const REBALANCE_MS = 60_000;

/** A group with a clock that is moved by hand. */
export function makeGroup(changed: Partial<GroupSettings> = {}, save = () => {}) {
  const clock = new FakeClock();
  const settings = { ...SETTINGS, ...changed };
  const budget = new Budget(settings.maxGroupBytes);
  let ids = 0;
  const context: GroupContext = { clock, settings, budget, newId: () => String((ids += 1)) };
  const group = new ClassicGroup('g', context, save);
  return { clock, budget, context, group };
}

export function joinRequest(changed: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    instanceId: undefined,
    clientId: 'c',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    idFirst: false,
    maySkipAssignment: true,
    ...changed,
  };
}

/** Collects the answers of one member. */
export class Client {
  joins: JoinResult[] = [];
  syncs: SyncResult[] = [];
  readonly group: ClassicGroup;
  readonly request: Partial<JoinRequest>;

  constructor(group: ClassicGroup, request: Partial<JoinRequest> = {}) {
    this.group = group;
    this.request = request;
  }

  get last(): JoinResult {
    const last = this.joins.at(-1);
    if (last === undefined) throw new Error('No join was answered.');
    return last;
  }

  join(changed: Partial<JoinRequest> = {}): this {
    const memberId = this.joins.at(-1)?.memberId ?? '';
    this.group.join(joinRequest({ memberId, ...this.request, ...changed }), (result) =>
      this.joins.push(result),
    );
    return this;
  }

  get identity() {
    return {
      memberId: this.last.memberId,
      instanceId: this.request.instanceId,
      generation: this.last.generation,
    };
  }

  sync(assignments: { [memberId: string]: string } = {}): this {
    this.group.sync(
      {
        ...this.identity,
        protocolType: undefined,
        protocol: undefined,
        assignments: Object.entries(assignments).map(([memberId, text]) => ({
          memberId,
          assignment: Buffer.from(text),
        })),
      },
      (result) => this.syncs.push(result),
    );
    return this;
  }

  /** As the leader: each member is assigned its own id. */
  syncAll(): this {
    return this.sync(
      Object.fromEntries((this.last.members ?? []).map(({ memberId }) => [memberId, memberId])),
    );
  }

  heartbeat(): number {
    return this.group.heartbeat(this.identity);
  }
}

/** A stable group of so many dynamic members; the first leads. */
export function stableGroup(count: number, ...rest: Parameters<typeof makeGroup>) {
  const made = makeGroup(...rest);
  const clients = Array.from({ length: count }, () => new Client(made.group));
  for (const client of clients) client.join();
  if (count > 1) clients[0]!.join();
  clients[0]!.syncAll();
  for (const client of clients.slice(1)) client.sync();
  return { ...made, clients };
}
