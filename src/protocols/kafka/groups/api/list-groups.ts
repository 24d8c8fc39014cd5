import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { array, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { Group } from '../groups.ts';

const request = message(3, {
  statesFilter: array(string).from(4),
  typesFilter: array(string).from(5),
});

const response = message(3, {
  throttleTimeMs: int32.from(1),
  errorCode: int16,
  groups: array({
    groupId: string,
    protocolType: string,
    groupState: string.from(4),
    groupType: string.from(5),
  }),
});

/** ListGroups (16); filters are compared without regard to case. */
export const listGroups = handler({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  request,
  response,
  handle: ({ statesFilter, typesFilter }, { broker }) =>
    withCoordinator(broker, ({ groups }) => {
      const listed = [...groups.all()].map((group) => ({
        groupId: group.id,
        protocolType: protocolTypeOf(group),
        groupState: group.state,
        groupType: group.kind,
      }));
      return {
        groups: listed.filter(
          ({ groupState, groupType }) =>
            passes(groupState, statesFilter) && passes(groupType, typesFilter),
        ),
      };
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});

function protocolTypeOf(group: Group): string {
  return group.kind === 'consumer' ? 'consumer' : (group.roster.protocolType ?? '');
}

function passes(value: string, filter: readonly string[]): boolean {
  return filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase());
}
