import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { array, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { Groups } from '../groups.ts';
import { leaveConsumerGroup } from './leave-consumer-group.ts';

const request = message(4, {
  groupId: string,
  memberId: string.until(2),
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().or(null),
    reason: string.from(5).nullable().or(null),
  }).from(3),
});

const response = message(4, {
  throttleTimeMs: int32.from(1),
  errorCode: int16,
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().or(null),
    errorCode: int16,
  }).from(3),
});

/** LeaveGroup (13): members leave, by themselves or by an administrator's tool. */
export const leaveGroup = handler({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  request,
  response,
  handle: (asked, { broker, version }) =>
    withCoordinator(broker, async ({ groups }) => {
      if (asked.groupId === '') return { errorCode: ERROR.INVALID_GROUP_ID };
      const leaving =
        version >= 3 ? asked.members : [{ memberId: asked.memberId, groupInstanceId: null }];
      const errors = await leave(groups, asked.groupId, leaving);
      if (version < 3) return { errorCode: errors[0] };
      const members = leaving.map(({ memberId, groupInstanceId }, index) => ({
        memberId,
        groupInstanceId,
        errorCode: errors[index]!,
      }));
      return { members };
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});

async function leave(
  groups: Groups,
  id: string,
  leaving: readonly { memberId: string; groupInstanceId: string | null }[],
): Promise<KafkaError[]> {
  const members = leaving.map(({ memberId, groupInstanceId }) => ({
    memberId,
    instanceId: groupInstanceId ?? undefined,
  }));
  const group = groups.get(id);
  if (group === undefined) return members.map(() => ERROR.UNKNOWN_MEMBER_ID);
  if (group.kind === 'classic') return group.leave(members);
  const errors = leaveConsumerGroup(group, members);
  await groups.save(group);
  return errors;
}
