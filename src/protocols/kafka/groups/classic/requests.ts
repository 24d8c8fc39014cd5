import type { KafkaError } from '../../errors.ts';

/** What members ask of a classic group, and its answers, in no version of the wire. */

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinRequest {
  /** '' for a member that has no id yet. */
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** `consumer`, `connect`... */
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  /** A new dynamic member is given an id and has to join again with it (KIP-394). */
  readonly idFirst: boolean;
  /** The client understands `skipAssignment` (KIP-814). */
  readonly maySkipAssignment: boolean;
}

export interface JoinResult {
  readonly error: KafkaError;
  readonly memberId: string;
  readonly generation: number;
  readonly protocolType?: string | undefined;
  readonly protocol?: string | undefined;
  readonly leader?: string;
  /** The leader takes over without assigning anew. */
  readonly skipAssignment?: boolean;
  /** For the leader alone. */
  readonly members?: readonly {
    readonly memberId: string;
    readonly instanceId: string | undefined;
    readonly metadata: Buffer;
  }[];
}

export type JoinReply = (result: JoinResult) => void;

/** Who says it is a member of which generation. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly generation: number;
}

export interface SyncRequest extends MemberIdentity {
  /** Undefined where the version does not say. */
  readonly protocolType: string | undefined;
  readonly protocol: string | undefined;
  /** Of the leader. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncResult {
  readonly error: KafkaError;
  readonly protocolType?: string | undefined;
  readonly protocol?: string | undefined;
  readonly assignment?: Buffer;
}

export type SyncReply = (result: SyncResult) => void;

export interface LeavingMember {
  readonly memberId: string;
  readonly instanceId: string | undefined;
}

export const NO_GENERATION = -1;
