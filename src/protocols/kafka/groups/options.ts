import { Type } from '../../../hub/option-type.ts';

/** Options of consumer groups and transactions, a part of the protocol's. */
export const GROUP_OPTIONS = {
  groupInitialDelayMs: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 100,
    description:
      'How long the first rebalance of an empty group waits for more members, in milliseconds; each that comes lets it wait again.',
  }),
  groupMinSessionTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: 3_600_000,
    default: 1_000,
    description: 'The shortest session timeout that a group member may ask for, in milliseconds.',
  }),
  groupMaxSessionTimeoutMs: Type.Integer({
    minimum: 1_000,
    maximum: 86_400_000,
    default: 1_800_000,
    description: 'The longest session timeout that a group member may ask for, in milliseconds.',
  }),
  maxGroups: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'Consumer groups that may be there at once.',
  }),
  maxGroupMembers: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1_000,
    description: 'Members that one group may have.',
  }),
  maxGroupBytes: Type.Integer({
    minimum: 65_536,
    maximum: 17_179_869_184,
    default: 134_217_728,
    description:
      'Memory for the metadata, assignments and offsets of all groups together, in bytes; what does not fit is refused.',
  }),
  maxOffsetMetadataBytes: Type.Integer({
    minimum: 0,
    maximum: 32_767,
    default: 4_096,
    description: 'Largest text that a consumer may leave with an offset, in bytes.',
  }),
  offsetRetentionMs: Type.Integer({
    minimum: 1_000,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 604_800_000,
    description:
      'How long the offsets of a group are kept after its last member left, in milliseconds.',
  }),
  consumerSessionTimeoutMs: Type.Integer({
    minimum: 1_000,
    maximum: 3_600_000,
    default: 45_000,
    description:
      'A member of the new group protocol that sends no heartbeat for so long is removed, in milliseconds.',
  }),
  consumerHeartbeatMs: Type.Integer({
    minimum: 50,
    maximum: 60_000,
    default: 1_000,
    description:
      'How often members of the new group protocol are told to send heartbeats, in milliseconds. They learn of changes by them.',
  }),
  maxTransactionTimeoutMs: Type.Integer({
    minimum: 1_000,
    maximum: 86_400_000,
    default: 900_000,
    description:
      'The longest transaction timeout that a producer may ask for, in milliseconds; after it an open transaction is aborted.',
  }),
  maxTransactionalIds: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 100_000,
    description: 'Transactional ids that are remembered at once.',
  }),
  transactionalIdExpiryMs: Type.Integer({
    minimum: 1_000,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 604_800_000,
    description: 'A transactional id that is not used for so long is forgotten, in milliseconds.',
  }),
};
