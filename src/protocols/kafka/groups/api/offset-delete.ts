import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { topicErrorOf } from '../../faults.ts';
import { array, int16, int32, string } from '../../wire/fields.ts';
import { message, NEVER } from '../../wire/message.ts';
import type { Group } from '../groups.ts';
import { isSubscribed } from '../offsets/expiry.ts';
import { findTopic } from '../offsets/intake.ts';

const request = message(NEVER, {
  groupId: string,
  topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }),
});

const response = message(NEVER, {
  errorCode: int16,
  throttleTimeMs: int32,
  topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
});

/** OffsetDelete (47): of topics that no member reads (KIP-496). */
export const offsetDelete = handler({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, async ({ groups }) => {
      const group = groups.get(asked.groupId);
      if (group === undefined) return { errorCode: ERROR.GROUP_ID_NOT_FOUND };
      if (isBusy(group)) return { errorCode: ERROR.NON_EMPTY_GROUP };
      const errors = asked.topics.map(({ name }) => refusal(group, name, context));
      const removed = asked.topics.flatMap(({ name, partitions }, index) =>
        errors[index] !== ERROR.NONE
          ? []
          : partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
      );
      await groups.offsets.remove(group.id, removed);
      const topics = asked.topics.map(({ name, partitions }, index) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: errors[index]!,
        })),
      }));
      return { errorCode: ERROR.NONE, topics };
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});

/** Members whose use of topics nobody knows here. */
function isBusy(group: Group): boolean {
  return (
    group.kind === 'classic' && group.roster.size > 0 && group.roster.protocolType !== 'consumer'
  );
}

function refusal(group: Group, name: string, context: RequestContext): KafkaError {
  if (isSubscribed(group, name)) return ERROR.GROUP_SUBSCRIBED_TO_TOPIC;
  try {
    findTopic({ name }, context);
    return ERROR.NONE;
  } catch (thrown) {
    return topicErrorOf(thrown);
  }
}
