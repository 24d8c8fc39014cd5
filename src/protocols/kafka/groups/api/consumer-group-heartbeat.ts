import { isPromise, type MaybePromise } from '../../../../model/maybe-promise.ts';
import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { KafkaFailure } from '../../failure.ts';
import { array, int16, int32, string, struct, uuid } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import { type Assignment, assignmentOf } from '../consumer/assignment.ts';
import { refused } from '../consumer/group.ts';
import { heartbeatFlaw } from '../consumer/heartbeat-flaw.ts';
import type { HeartbeatRequest, HeartbeatResult } from '../consumer/requests.ts';
import type { Groups } from '../groups.ts';
import { mayRead, type StreamTopics, visibleTo } from '../stream-topics.ts';
import { patternsLoaded, topicPattern } from '../topic-pattern.ts';

const topicPartitions = array({ topicId: uuid, partitions: array(int32) });

const request = message(0, {
  groupId: string,
  memberId: string,
  memberEpoch: int32,
  instanceId: string.nullable().or(null),
  rackId: string.nullable().or(null),
  rebalanceTimeoutMs: int32.or(-1),
  subscribedTopicNames: array(string).nullable().or(null),
  subscribedTopicRegex: string.from(1).nullable().or(null),
  serverAssignor: string.nullable().or(null),
  topicPartitions: topicPartitions.nullable().or(null),
});

const response = message(0, {
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: string.nullable().or(null),
  memberId: string.nullable().or(null),
  memberEpoch: int32,
  heartbeatIntervalMs: int32,
  assignment: struct({ topicPartitions }).nullable().or(null),
});

type Asked = Of<typeof request>;

/** ConsumerGroupHeartbeat (68): everything that members of the new protocol say and learn. */
export const consumerGroupHeartbeat = handler({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, ({ groups, topics }) => {
      const flaw = heartbeatFlaw(asked, context.version) ?? forbiddenTopic(asked, topics, context);
      if (flaw !== undefined) return { errorCode: flaw.error, errorMessage: flaw.message };
      if (!usesPattern(groups, asked)) return beat(groups, asked, context);
      return patternsLoaded().then(() => beat(groups, asked, context));
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});

function usesPattern(groups: Groups, asked: Asked): boolean {
  if (asked.subscribedTopicRegex) return true;
  const group = groups.get(asked.groupId);
  return group?.kind === 'consumer' && group.members.get(asked.memberId)?.topicRegex !== undefined;
}

function forbiddenTopic(
  { subscribedTopicNames }: Asked,
  topics: StreamTopics,
  { broker, client }: RequestContext,
): { error: KafkaError; message: string } | undefined {
  const hidden = subscribedTopicNames?.find(
    (name) => topics.find(name) && !mayRead(broker.streams, name, client.origin),
  );
  if (hidden === undefined) return undefined;
  return {
    error: ERROR.TOPIC_AUTHORIZATION_FAILED,
    message: `Topic ${hidden} may not be read by this client.`,
  };
}

function beat(
  groups: Groups,
  asked: Asked,
  context: RequestContext,
): MaybePromise<ReturnType<typeof draft>> {
  const found = groups.get(asked.groupId);
  const joins = asked.memberEpoch === 0;
  if (!joins && found?.kind !== 'consumer') {
    return draft(groups, refused(ERROR.GROUP_ID_NOT_FOUND, `Group ${asked.groupId} not found.`));
  }
  const flaw = patternFlaw(asked.subscribedTopicRegex);
  if (flaw !== undefined) return draft(groups, flaw);
  const group = groups.consumerGroup(asked.groupId);
  const result = group.heartbeat(heartbeatRequest(groups, asked, context));
  const saved = groups.save(group);
  return isPromise(saved) ? saved.then(() => draft(groups, result)) : draft(groups, result);
}

/** What is wrong in an expression is told before anything is made for it. */
function patternFlaw(regex: string | null): HeartbeatResult | undefined {
  if (regex === null || regex === '') return undefined;
  try {
    topicPattern(regex);
    return undefined;
  } catch (error) {
    if (error instanceof KafkaFailure) return refused(error.wireError, error.message);
    throw error;
  }
}

function heartbeatRequest(groups: Groups, asked: Asked, context: RequestContext): HeartbeatRequest {
  const { broker, client, clientId } = context;
  const names = asked.subscribedTopicNames ?? [];
  return {
    // Version 0 lets the coordinator make the id.
    memberId: asked.memberId === '' ? groups.context.newId() : asked.memberId,
    instanceId: asked.instanceId ?? undefined,
    epoch: asked.memberEpoch,
    rackId: asked.rackId ?? undefined,
    clientId: clientId ?? '',
    clientHost: client.host,
    rebalanceTimeoutMs: asked.rebalanceTimeoutMs,
    topicNames: asked.subscribedTopicNames ?? undefined,
    topicRegex: asked.subscribedTopicRegex ?? undefined,
    assignor: asked.serverAssignor ?? undefined,
    owned: asked.topicPartitions === null ? undefined : owned(asked.topicPartitions),
    visible: visibleTo(broker.streams, client.origin),
    bytes: names.reduce((sum, name) => sum + name.length, 1024),
  };
}

function owned(partitions: NonNullable<Asked['topicPartitions']>): Assignment {
  return assignmentOf(partitions.map((one) => [one.topicId, one.partitions]));
}

function draft(groups: Groups, result: HeartbeatResult) {
  const { assignment } = result;
  return {
    errorCode: result.error,
    errorMessage: result.message ?? null,
    memberId: result.memberId ?? null,
    memberEpoch: result.epoch,
    heartbeatIntervalMs: groups.context.settings.consumerHeartbeatMs,
    assignment:
      assignment === undefined
        ? null
        : {
            topicPartitions: [...assignment].map(([topicId, partitions]) => ({
              topicId,
              partitions,
            })),
          },
  };
}
