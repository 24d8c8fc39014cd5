import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { array, bool, int16, int32, int64, string, uuid } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import type { Groups } from '../groups.ts';
import { type FetchedTopic, fetchAll, fetchTopic } from '../offsets/fetch.ts';

const request = message(6, {
  groupId: string.until(7),
  topics: array({ name: string, partitionIndexes: array(int32) })
    .until(7)
    .nullable(2),
  groups: array({
    groupId: string,
    memberId: string.from(9).nullable().or(null),
    memberEpoch: int32.from(9).or(-1),
    topics: array({
      name: string.until(9),
      topicId: uuid.from(10),
      partitionIndexes: array(int32),
    }).nullable(),
  }).from(8),
  requireStable: bool.from(7),
});

const partition = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: int32.from(5).or(-1),
  metadata: string.nullable(),
  errorCode: int16,
};

const response = message(6, {
  throttleTimeMs: int32.from(3),
  topics: array({ name: string, partitions: array(partition) }).until(7),
  errorCode: int16.from(2).until(7),
  groups: array({
    groupId: string,
    topics: array({ name: string.until(9), topicId: uuid.from(10), partitions: array(partition) }),
    errorCode: int16,
  }).from(8),
});

type AskedGroup = Of<typeof request>['groups'][number];

/** OffsetFetch (9): what groups have committed; from version 8 on of several at once. */
export const offsetFetch = handler({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, ({ groups }) => {
      const { requireStable } = asked;
      if (context.version >= 8) {
        return { groups: asked.groups.map((one) => fetch(groups, one, requireStable, context)) };
      }
      return fetch(groups, asGroup(asked), requireStable, context);
    }),
  failed: (error, asked) => ({
    errorCode: coordinatorError(error),
    groups: asked.groups.map(({ groupId }) => ({ groupId, errorCode: coordinatorError(error) })),
  }),
});

/** One group as the versions ask that know only one. */
function asGroup({ groupId, topics }: Of<typeof request>): AskedGroup {
  const named = topics?.map((topic) => ({ ...topic, topicId: '' })) ?? null;
  return { groupId, memberId: null, memberEpoch: -1, topics: named };
}

function fetch(groups: Groups, asked: AskedGroup, requireStable: boolean, context: RequestContext) {
  const { groupId } = asked;
  const errorCode = refusal(groups, asked);
  if (errorCode !== ERROR.NONE) return { groupId, errorCode, topics: [] };
  const query = { groupId, requireStable, context };
  const topics: FetchedTopic[] =
    asked.topics === null
      ? fetchAll(groups, query)
      : asked.topics.map(({ name, topicId, partitionIndexes }) =>
          fetchTopic(
            groups,
            query,
            context.version >= 10 ? { id: topicId } : { name },
            partitionIndexes,
          ),
        );
  return { groupId, errorCode, topics };
}

/** A member of the new protocol says which epoch it is in; of others no proof is asked. */
function refusal(groups: Groups, { groupId, memberId, memberEpoch }: AskedGroup): KafkaError {
  if (groupId === '') return ERROR.INVALID_GROUP_ID;
  if (memberEpoch < 0 || memberId === null) return ERROR.NONE;
  const group = groups.get(groupId);
  if (group?.kind !== 'consumer') return ERROR.NONE;
  return group.memberError(memberId, memberEpoch);
}
