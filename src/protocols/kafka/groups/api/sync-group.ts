import { isPromise } from '../../../../model/maybe-promise.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { array, bytes, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { SyncResult } from '../classic/requests.ts';
import { awaitReply } from './await-reply.ts';
import { classicMember } from './members.ts';

const request = message(4, {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: string.from(3).nullable().or(null),
  protocolType: string.from(5).nullable().or(null),
  protocolName: string.from(5).nullable().or(null),
  assignments: array({ memberId: string, assignment: bytes }),
});

const response = message(4, {
  throttleTimeMs: int32.from(1),
  errorCode: int16,
  protocolType: string.from(5).nullable().or(null),
  protocolName: string.from(5).nullable().or(null),
  assignment: bytes,
});

/** SyncGroup (14): the leader brings everybody's assignment, the others wait for it. */
export const syncGroup = handler({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, ({ groups }) => {
      const found = classicMember(groups, asked.groupId);
      if (typeof found === 'number') return { errorCode: found };
      const synced = awaitReply<SyncResult>(
        context,
        (reply) =>
          found.sync(
            {
              memberId: asked.memberId,
              instanceId: asked.groupInstanceId ?? undefined,
              generation: asked.generationId,
              protocolType: asked.protocolType ?? undefined,
              protocol: asked.protocolName ?? undefined,
              // Copied: a view would keep the whole request.
              assignments: asked.assignments.map(({ memberId, assignment }) => ({
                memberId,
                assignment: Buffer.from(assignment),
              })),
            },
            reply,
          ),
        { error: ERROR.COORDINATOR_NOT_AVAILABLE },
      );
      return isPromise(synced) ? synced.then(draft) : draft(synced);
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});

function draft({ error, protocolType, protocol, assignment }: SyncResult) {
  return {
    errorCode: error,
    protocolType: protocolType ?? null,
    protocolName: protocol ?? null,
    assignment: assignment ?? Buffer.alloc(0),
  };
}
