import type { KafkaOptions } from '../options.ts';

/** What an operator may set about groups. */
export type GroupSettings = Pick<
  KafkaOptions,
  | 'groupInitialDelayMs'
  | 'groupMinSessionTimeoutMs'
  | 'groupMaxSessionTimeoutMs'
  | 'maxGroups'
  | 'maxGroupMembers'
  | 'maxGroupBytes'
  | 'maxOffsetMetadataBytes'
  | 'offsetRetentionMs'
  | 'consumerSessionTimeoutMs'
  | 'consumerHeartbeatMs'
>;
