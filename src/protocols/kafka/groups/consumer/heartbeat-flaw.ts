import { ERROR, type KafkaError } from '../../errors.ts';
import { ASSIGNORS } from './assignors.ts';
import { AWAY_EPOCH } from './member.ts';

interface Heartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly topicPartitions: readonly unknown[] | null;
}

/** What makes a heartbeat one that nothing can be done with (KIP-848, "Request Validation"). */
export function heartbeatFlaw(
  asked: Heartbeat,
  version: number,
): { readonly error: KafkaError; readonly message: string } | undefined {
  const text = flawText(asked, version);
  if (text !== undefined) return { error: ERROR.INVALID_REQUEST, message: text };
  const { serverAssignor } = asked;
  if (serverAssignor !== null && !ASSIGNORS.has(serverAssignor)) {
    return {
      error: ERROR.UNSUPPORTED_ASSIGNOR,
      message: `Assignor ${serverAssignor} is not supported; there are ${[...ASSIGNORS.keys()].join(', ')}.`,
    };
  }
  return undefined;
}

function flawText(asked: Heartbeat, version: number): string | undefined {
  const { memberId, memberEpoch } = asked;
  if (asked.groupId === '') return 'GroupId must not be empty.';
  if (asked.instanceId === '') return 'InstanceId must not be empty.';
  if (asked.rackId === '') return 'RackId must not be empty.';
  if (memberId === '' && (version >= 1 || memberEpoch !== 0)) return 'MemberId must not be empty.';
  if (memberEpoch < AWAY_EPOCH) return `MemberEpoch ${memberEpoch} is not valid.`;
  if (memberEpoch === AWAY_EPOCH && asked.instanceId === null) {
    return 'Only a member with an InstanceId may leave for a while.';
  }
  return memberEpoch === 0 ? joinFlaw(asked) : undefined;
}

function joinFlaw(asked: Heartbeat): string | undefined {
  const { subscribedTopicNames: names, subscribedTopicRegex: regex } = asked;
  if (asked.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided to join.';
  if (asked.topicPartitions === null || asked.topicPartitions.length > 0) {
    return 'TopicPartitions must be empty to join.';
  }
  // Empty ones are taken: clients that evaluate patterns themselves may have found no topic yet.
  if (names === null && regex === null) {
    return 'SubscribedTopicNames or SubscribedTopicRegex must be set to join.';
  }
  return undefined;
}
