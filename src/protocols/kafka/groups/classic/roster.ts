import type { Budget } from '../budget.ts';
import type { ClassicMember } from './member.ts';
import type { JoinRequest, MemberProtocol } from './requests.ts';

/** The members of a classic group: who they are, who leads, what they all understand. No time. */
export class Roster {
  readonly members = new Map<string, ClassicMember>();
  /** Ids that were given out and have not joined yet (KIP-394). */
  readonly pending = new Set<string>();
  leader: string | undefined;
  /** Of all members; undefined while there was none. */
  protocolType: string | undefined;
  readonly #budget: Budget;
  readonly #byInstance = new Map<string, ClassicMember>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.members.size;
  }

  /** Members and those that are about to be. */
  get expected(): number {
    return this.members.size + this.pending.size;
  }

  add(member: ClassicMember): void {
    this.members.set(member.id, member);
    if (member.instanceId !== undefined) this.#byInstance.set(member.instanceId, member);
    this.leader ??= member.id;
    this.recount(member);
  }

  remove(member: ClassicMember): void {
    member.session.stop();
    this.members.delete(member.id);
    if (member.instanceId !== undefined) this.#byInstance.delete(member.instanceId);
    if (this.leader === member.id) this.leader = this.members.keys().next().value;
    this.#budget.add(-member.countedBytes);
    member.countedBytes = 0;
  }

  /** A static member comes back: it is the same member under a new id. */
  rename(member: ClassicMember, id: string): void {
    const led = this.leader === member.id;
    this.members.delete(member.id);
    member.id = id;
    this.members.set(id, member);
    if (led) this.leader = id;
  }

  /** The shared bytes follow what the member holds now. */
  recount(member: ClassicMember): void {
    const { bytes } = member;
    this.#budget.add(bytes - member.countedBytes);
    member.countedBytes = bytes;
  }

  static(instanceId: string | undefined): ClassicMember | undefined {
    return instanceId === undefined ? undefined : this.#byInstance.get(instanceId);
  }

  /** Whether one with these protocols (and nobody else's than its own) fits to the others.
   * @param own the member whose protocols they replace */
  accepts(
    protocolType: string,
    protocols: readonly MemberProtocol[],
    own?: ClassicMember,
  ): boolean {
    if (protocolType === '' || protocols.length === 0) return false;
    const others = [...this.members.values()].filter((member) => member !== own);
    if (others.length === 0) return true;
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) => others.every((member) => member.supports(name)))
    );
  }

  /** The protocol that most members prefer among those that all understand. */
  elected(): string | undefined {
    const votes = new Map<string, number>();
    const common = this.#common();
    for (const { protocols } of this.members.values()) {
      const vote = protocols.find(({ name }) => common.has(name));
      if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    let elected: string | undefined;
    for (const [name, count] of votes) {
      if (elected === undefined || count > votes.get(elected)!) elected = name;
    }
    return elected;
  }

  #common(): ReadonlySet<string> {
    const members = [...this.members.values()];
    const names = members[0]?.protocols.map(({ name }) => name) ?? [];
    return new Set(names.filter((name) => members.every((member) => member.supports(name))));
  }

  /** Everybody who may take part waits for the next generation. */
  get allJoined(): boolean {
    if (this.pending.size > 0) return false;
    for (const { joining } of this.members.values()) if (joining === undefined) return false;
    return true;
  }

  /** A leader that did not come to the rebalance is followed by one that did. Answers whether there
   * is one. */
  electJoinedLeader(): boolean {
    const leader = this.leader === undefined ? undefined : this.members.get(this.leader);
    if (leader?.joining !== undefined) return true;
    for (const { id, joining } of this.members.values()) {
      if (joining === undefined) continue;
      this.leader = id;
      return true;
    }
    return false;
  }

  get maxRebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.members.values()) {
      longest = Math.max(longest, rebalanceTimeoutMs);
    }
    return longest;
  }

  update(member: ClassicMember, request: JoinRequest): void {
    member.update(request);
    if (this.members.size === 1) this.protocolType = request.protocolType;
    this.recount(member);
  }
}
