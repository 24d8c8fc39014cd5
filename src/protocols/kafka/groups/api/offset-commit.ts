import { isPromise, type MaybePromise } from '../../../../model/maybe-promise.ts';
import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { array, int16, int32, int64, string, uuid } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import type { Groups } from '../groups.ts';
import { type AskedOffset, OffsetIntake } from '../offsets/intake.ts';

const request = message(8, {
  groupId: string,
  generationIdOrMemberEpoch: int32.from(1).or(-1),
  memberId: string.from(1),
  groupInstanceId: string.from(7).nullable().or(null),
  retentionTimeMs: int64.from(2).until(4).or(-1),
  topics: array({
    name: string.until(9),
    topicId: uuid.from(10),
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: int32.from(6).or(-1),
      committedMetadata: string.nullable(),
    }),
  }),
});

const response = message(8, {
  throttleTimeMs: int32.from(3),
  topics: array({
    name: string.until(9),
    topicId: uuid.from(10),
    partitions: array({ partitionIndex: int32, errorCode: int16 }),
  }),
});

type Asked = Of<typeof request>;

/** OffsetCommit (8): what members, and consumers that belong to no group, have read. */
export const offsetCommit = handler({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 10],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, ({ groups }) => {
      const refused = refusal(groups, asked, context.version);
      return refused === ERROR.NONE ? commit(groups, asked, context) : draft(asked, () => refused);
    }),
  failed: (error, asked) => draft(asked, () => coordinatorError(error)),
});

function refusal(groups: Groups, asked: Asked, version: number): KafkaError {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = asked;
  if (groupId === '') return ERROR.INVALID_GROUP_ID;
  const identity = { memberId, instanceId: groupInstanceId ?? undefined, generation };
  const group = groups.get(groupId);
  // Whoever names no generation needs no group.
  if (group === undefined) return generation < 0 ? ERROR.NONE : ERROR.ILLEGAL_GENERATION;
  const error = group.commitError(identity, false);
  if (error === ERROR.NONE && group.kind === 'consumer' && generation >= 0 && version < 9) {
    return ERROR.UNSUPPORTED_VERSION;
  }
  return error === ERROR.STALE_MEMBER_EPOCH && version < 9 ? ERROR.ILLEGAL_GENERATION : error;
}

function commit(
  groups: Groups,
  asked: Asked,
  context: RequestContext,
): MaybePromise<ReturnType<typeof draft>> {
  const group = groups.getOrMake(asked.groupId);
  const intake = new OffsetIntake(groups, context, asked.retentionTimeMs);
  const errors = asked.topics.map(({ name, topicId, partitions }) =>
    intake.takeTopic(context.version >= 10 ? { id: topicId } : { name }, partitions.map(offsetOf)),
  );
  const answer = (): ReturnType<typeof draft> =>
    draft(asked, (topic, partition) => errors[topic]![partition]!);
  if (intake.offsets.length === 0) return answer();
  const written = groups.offsets.commit(group.id, intake.offsets);
  if (!isPromise(written)) return answer();
  return written.then(answer);
}

function offsetOf(asked: Asked['topics'][number]['partitions'][number]): AskedOffset {
  return {
    partition: asked.partitionIndex,
    offset: asked.committedOffset,
    leaderEpoch: asked.committedLeaderEpoch,
    metadata: asked.committedMetadata ?? '',
  };
}

function draft(asked: Asked, errorOf: (topic: number, partition: number) => KafkaError) {
  return {
    topics: asked.topics.map(({ name, topicId, partitions }, topic) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }, partition) => ({
        partitionIndex,
        errorCode: errorOf(topic, partition),
      })),
    })),
  };
}
