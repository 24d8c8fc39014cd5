import { ERROR, type KafkaError } from '../../errors.ts';
import type { LeavingMember } from '../classic/requests.ts';
import type { ConsumerGroup } from '../consumer/group.ts';

/** An administrator's tool takes members out of a group of the new protocol. */
export function leaveConsumerGroup(
  group: ConsumerGroup,
  leaving: readonly LeavingMember[],
): KafkaError[] {
  return leaving.map(({ memberId, instanceId }) => {
    const member =
      instanceId === undefined ? group.members.get(memberId) : group.static(instanceId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    if (memberId !== '' && member.id !== memberId) return ERROR.FENCED_INSTANCE_ID;
    group.remove(member.id);
    return ERROR.NONE;
  });
}
