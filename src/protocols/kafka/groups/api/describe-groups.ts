import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { array, bool, bytes, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { ClassicGroup } from '../classic/group.ts';
import type { Groups } from '../groups.ts';

/** Tells that nobody asked for the caller's rights; there are none of groups. */
export const NO_OPERATIONS = -2_147_483_648;

const request = message(5, {
  groups: array(string),
  includeAuthorizedOperations: bool.from(3),
});

const response = message(5, {
  throttleTimeMs: int32.from(1),
  groups: array({
    errorCode: int16,
    errorMessage: string.from(6).nullable().or(null),
    groupId: string,
    groupState: string,
    protocolType: string,
    protocolData: string,
    members: array({
      memberId: string,
      groupInstanceId: string.from(4).nullable().or(null),
      clientId: string,
      clientHost: string,
      memberMetadata: bytes,
      memberAssignment: bytes,
    }),
    authorizedOperations: int32.from(3).or(NO_OPERATIONS),
  }),
});

/** DescribeGroups (15): groups of the classic protocol. */
export const describeGroups = handler({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  request,
  response,
  handle: (asked, { broker, version }) =>
    withCoordinator(broker, ({ groups }) => ({
      groups: asked.groups.map((id) => describe(groups, id, version)),
    })),
  failed: (error, asked) => ({
    groups: asked.groups.map((groupId) => ({ groupId, errorCode: coordinatorError(error) })),
  }),
});

function describe(groups: Groups, groupId: string, version: number) {
  if (groupId === '') return { groupId, errorCode: ERROR.INVALID_GROUP_ID };
  const group = groups.get(groupId);
  if (group?.kind === 'classic') return describeClassic(group);
  // Before version 6 a group that is not there is told to be dead.
  const errorCode = version >= 6 ? ERROR.GROUP_ID_NOT_FOUND : ERROR.NONE;
  const errorMessage =
    group === undefined
      ? `Group ${groupId} not found.`
      : `Group ${groupId} is not a classic group.`;
  return {
    groupId,
    errorCode,
    errorMessage: version >= 6 ? errorMessage : null,
    groupState: 'Dead',
  };
}

function describeClassic(group: ClassicGroup) {
  const known = group.state === 'Stable' || group.state === 'CompletingRebalance';
  return {
    groupId: group.id,
    errorCode: ERROR.NONE,
    groupState: group.state,
    protocolType: group.roster.protocolType ?? '',
    protocolData: known ? (group.protocol ?? '') : '',
    members: [...group.roster.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId ?? null,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: known ? member.metadataFor(group.protocol) : Buffer.alloc(0),
      memberAssignment: group.state === 'Stable' ? member.assignment : Buffer.alloc(0),
    })),
  };
}
