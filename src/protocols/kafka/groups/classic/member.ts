import type { Timer } from '../../time/timer-wheel.ts';
import type { JoinReply, JoinRequest, MemberProtocol, SyncReply } from './requests.ts';

const EMPTY = Buffer.alloc(0);
/** What a member takes beside its metadata and assignment: objects, timer, strings. */
const MEMBER_BYTES = 1024;

/** A member of a classic group. */
export class ClassicMember {
  id: string;
  /** Name of a static member (KIP-345); undefined for a dynamic one. */
  readonly instanceId: string | undefined;
  clientId: string;
  clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** In order of preference. */
  protocols: readonly MemberProtocol[];
  assignment: Buffer = EMPTY;
  /** Set while its JoinGroup waits. */
  joining: JoinReply | undefined;
  /** Set while its SyncGroup waits. */
  syncing: SyncReply | undefined;
  /** It was never answered with its id, so it cannot send heartbeats. */
  isNew = false;
  /** What the roster has counted for it. */
  countedBytes = 0;
  /** Runs while no request of the member waits here. */
  readonly session: Timer;

  constructor(id: string, request: JoinRequest, session: Timer) {
    this.id = id;
    this.instanceId = request.instanceId;
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.sessionTimeoutMs = request.sessionTimeoutMs;
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    this.protocols = request.protocols;
    this.session = session;
  }

  get bytes(): number {
    return MEMBER_BYTES + metadataBytes(this.protocols) + this.assignment.length;
  }

  update(request: JoinRequest): void {
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.sessionTimeoutMs = request.sessionTimeoutMs;
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    this.protocols = request.protocols;
  }

  supports(protocol: string): boolean {
    return this.protocols.some(({ name }) => name === protocol);
  }

  metadataFor(protocol: string | undefined): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY;
  }

  hasProtocols(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, index) => {
        const own = this.protocols[index]!;
        return own.name === name && own.metadata.equals(metadata);
      })
    );
  }
}

export function metadataBytes(protocols: readonly MemberProtocol[]): number {
  return protocols.reduce((sum, { name, metadata }) => sum + name.length + metadata.length, 0);
}

/** What a join that makes a new member will take. */
export function newMemberBytes(request: JoinRequest): number {
  return MEMBER_BYTES + metadataBytes(request.protocols);
}
