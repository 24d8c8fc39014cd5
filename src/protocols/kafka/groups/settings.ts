/** What an operator may set about groups; the defaults and their reasons are in the options. */
export interface GroupSettings {
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxGroups: number;
  readonly maxMembers: number;
  /** Bytes of members' metadata, assignments and offset metadata of all groups together. */
  readonly maxBytes: number;
  readonly offsetRetentionMs: number;
  readonly maxOffsetMetadataBytes: number;
  readonly maxOffsets: number;
  readonly consumerSessionTimeoutMs: number;
  readonly consumerHeartbeatMs: number;
}
