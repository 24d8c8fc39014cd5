import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { errorOf } from '../../faults.ts';
import { array, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { Groups } from '../groups.ts';

const request = message(2, { groupsNames: array(string) });

const response = message(2, {
  throttleTimeMs: int32,
  results: array({ groupId: string, errorCode: int16 }),
});

/** DeleteGroups (42): groups without members, with their offsets. */
export const deleteGroups = handler({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  request,
  response,
  handle: ({ groupsNames }, { broker }) =>
    withCoordinator(broker, async ({ groups }) => ({
      results: await Promise.all(
        groupsNames.map(async (groupId) => ({ groupId, errorCode: await remove(groups, groupId) })),
      ),
    })),
  failed: (error, { groupsNames }) => ({
    results: groupsNames.map((groupId) => ({ groupId, errorCode: coordinatorError(error) })),
  }),
});

async function remove(groups: Groups, id: string): Promise<KafkaError> {
  if (id === '') return ERROR.INVALID_GROUP_ID;
  const group = groups.get(id);
  if (group === undefined) return ERROR.GROUP_ID_NOT_FOUND;
  if (!group.unused || groups.offsets.hasPending(id)) return ERROR.NON_EMPTY_GROUP;
  try {
    await groups.remove(group);
    return ERROR.NONE;
  } catch (thrown) {
    return errorOf(thrown);
  }
}
