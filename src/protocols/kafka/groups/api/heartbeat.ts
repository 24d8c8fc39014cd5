import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { classicMember } from './members.ts';

const request = message(4, {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: string.from(3).nullable().or(null),
});

const response = message(4, { throttleTimeMs: int32.from(1), errorCode: int16 });

/** Heartbeat (12): the member is there, and learns whether it has to join again. */
export const heartbeat = handler({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  request,
  response,
  handle: ({ groupId, generationId, memberId, groupInstanceId }, { broker }) =>
    withCoordinator(broker, ({ groups }) => {
      const group = classicMember(groups, groupId);
      if (typeof group === 'number') return { errorCode: group };
      const instanceId = groupInstanceId ?? undefined;
      return { errorCode: group.heartbeat({ memberId, instanceId, generation: generationId }) };
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});
