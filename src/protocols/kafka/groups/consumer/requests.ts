import type { KafkaError } from '../../errors.ts';
import type { Assignment } from './assignment.ts';
import type { VisibleTopics } from './topics.ts';

/** ConsumerGroupHeartbeat in no version of the wire; undefined is "as before". */
export interface HeartbeatRequest {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  /** 0 joins, -1 leaves, -2 leaves and comes back (static members). */
  readonly epoch: number;
  readonly rackId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  /** -1 is "as before". */
  readonly rebalanceTimeoutMs: number;
  readonly topicNames: readonly string[] | undefined;
  /** '' ends a subscription by expression. */
  readonly topicRegex: string | undefined;
  readonly assignor: string | undefined;
  readonly owned: Assignment | undefined;
  /** What the caller may read. */
  readonly visible: VisibleTopics;
  /** About what the member takes, for the limit. */
  readonly bytes: number;
}

export interface HeartbeatResult {
  readonly error: KafkaError;
  readonly message?: string;
  /** Undefined with an error. */
  readonly memberId: string | undefined;
  readonly epoch: number;
  /** Undefined where the member knows it already. */
  readonly assignment: Assignment | undefined;
}
