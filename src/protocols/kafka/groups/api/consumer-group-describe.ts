import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { array, bool, int8, int16, int32, string, struct, uuid } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import type { Assignment } from '../consumer/assignment.ts';
import type { ConsumerGroup } from '../consumer/group.ts';
import type { ConsumerMember } from '../consumer/member.ts';
import { mayRead, type StreamTopics } from '../stream-topics.ts';
import { NO_OPERATIONS } from './describe-groups.ts';

const MEMBER_OF_NEW_PROTOCOL = 1;

const request = message(0, { groupIds: array(string), includeAuthorizedOperations: bool });

const assignment = struct({
  topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }),
});

const response = message(0, {
  throttleTimeMs: int32,
  groups: array({
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    groupId: string,
    groupState: string,
    groupEpoch: int32,
    assignmentEpoch: int32,
    assignorName: string,
    members: array({
      memberId: string,
      instanceId: string.nullable().or(null),
      rackId: string.nullable().or(null),
      memberEpoch: int32,
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
      subscribedTopicRegex: string.nullable().or(null),
      assignment,
      targetAssignment: assignment,
      memberType: int8.from(1).or(-1),
    }),
    authorizedOperations: int32.or(NO_OPERATIONS),
  }),
});

/** ConsumerGroupDescribe (69): groups of the new protocol. */
export const consumerGroupDescribe = handler({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  request,
  response,
  handle: ({ groupIds }, context) =>
    withCoordinator(context.broker, ({ groups, topics }) => ({
      groups: groupIds.map((groupId) => {
        if (groupId === '') return { groupId, errorCode: ERROR.INVALID_GROUP_ID };
        const group = groups.get(groupId);
        if (group?.kind === 'consumer') return describe(group, topics, context);
        const errorMessage =
          group === undefined
            ? `Group ${groupId} not found.`
            : `Group ${groupId} is not a consumer group.`;
        return { groupId, errorCode: ERROR.GROUP_ID_NOT_FOUND, errorMessage };
      }),
    })),
  failed: (error, { groupIds }) => ({
    groups: groupIds.map((groupId) => ({ groupId, errorCode: coordinatorError(error) })),
  }),
});

function describe(group: ConsumerGroup, topics: StreamTopics, context: RequestContext) {
  const { broker, client } = context;
  const members = [...group.members.values()];
  const hidden = members
    .flatMap((member) => member.topics)
    .some((name) => topics.find(name) && !mayRead(broker.streams, name, client.origin));
  if (hidden) {
    return {
      groupId: group.id,
      errorCode: ERROR.TOPIC_AUTHORIZATION_FAILED,
      errorMessage: 'The group reads topics that this client may not see.',
    };
  }
  return {
    groupId: group.id,
    errorCode: ERROR.NONE,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.assignor,
    members: members.map((member) => describeMember(member, topics)),
  };
}

function describeMember(member: ConsumerMember, topics: StreamTopics) {
  return {
    memberId: member.id,
    instanceId: member.instanceId ?? null,
    rackId: member.rackId ?? null,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: member.topicNames,
    subscribedTopicRegex: member.topicRegex ?? null,
    assignment: named(member.assigned, topics),
    targetAssignment: named(member.target, topics),
    memberType: MEMBER_OF_NEW_PROTOCOL,
  };
}

function named(assigned: Assignment, topics: StreamTopics) {
  return {
    topicPartitions: [...assigned].map(([topicId, partitions]) => ({
      topicId,
      topicName: topics.byId(topicId)?.name ?? '',
      partitions,
    })),
  };
}
