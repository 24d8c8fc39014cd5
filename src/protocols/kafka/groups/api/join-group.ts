import type { MaybePromise } from '../../../../model/maybe-promise.ts';
import type { RequestContext } from '../../context.ts';
import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { array, bool, bytes, int16, int32, string } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import { refusedJoin } from '../classic/rebalance.ts';
import type { JoinReply, JoinRequest, JoinResult } from '../classic/requests.ts';
import type { Groups } from '../groups.ts';
import { awaitReply } from './await-reply.ts';

const request = message(6, {
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: int32.from(1).or(-1),
  memberId: string,
  groupInstanceId: string.from(5).nullable().or(null),
  protocolType: string,
  protocols: array({ name: string, metadata: bytes }),
  reason: string.from(8).nullable().or(null),
});

const response = message(6, {
  throttleTimeMs: int32.from(2),
  errorCode: int16,
  generationId: int32.or(-1),
  protocolType: string.from(7).nullable().or(null),
  protocolName: string.nullable(7),
  leader: string,
  skipAssignment: bool.from(9),
  memberId: string,
  members: array({
    memberId: string,
    groupInstanceId: string.from(5).nullable().or(null),
    metadata: bytes,
  }),
});

/** JoinGroup (11): waits until the group's next generation is complete. */
export const joinGroup = handler({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, ({ groups }) => {
      const abandoned = refusedJoin(ERROR.COORDINATOR_NOT_AVAILABLE, asked.memberId);
      const joined = awaitReply<JoinResult>(
        context,
        (reply) => join(groups, asked.groupId, joinRequest(asked, context), reply),
        abandoned,
      );
      return respond(joined, context.version);
    }),
  failed: (error, { memberId }, { version }) =>
    draft(refusedJoin(coordinatorError(error), memberId), version),
});

function joinRequest(asked: Of<typeof request>, context: RequestContext): JoinRequest {
  const { version, clientId, client } = context;
  return {
    memberId: asked.memberId,
    instanceId: asked.groupInstanceId ?? undefined,
    clientId: clientId ?? '',
    clientHost: client.host,
    sessionTimeoutMs: asked.sessionTimeoutMs,
    // The first version has one timeout for both.
    rebalanceTimeoutMs:
      asked.rebalanceTimeoutMs < 0 ? asked.sessionTimeoutMs : asked.rebalanceTimeoutMs,
    protocolType: asked.protocolType,
    // Copied: a view would keep the whole request.
    protocols: asked.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata),
    })),
    idFirst: version >= 4,
    maySkipAssignment: version >= 9,
  };
}

function join(groups: Groups, id: string, asked: JoinRequest, reply: JoinReply): void {
  const refuse = (error: KafkaError): void => reply(refusedJoin(error, asked.memberId));
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = groups.context.settings;
  if (id === '') {
    refuse(ERROR.INVALID_GROUP_ID);
  } else if (
    asked.sessionTimeoutMs < groupMinSessionTimeoutMs ||
    asked.sessionTimeoutMs > groupMaxSessionTimeoutMs
  ) {
    refuse(ERROR.INVALID_SESSION_TIMEOUT);
  } else if (asked.memberId !== '' && groups.get(id) === undefined) {
    refuse(ERROR.UNKNOWN_MEMBER_ID);
  } else {
    const group = groups.classicGroup(id);
    if (group === undefined) refuse(ERROR.INCONSISTENT_GROUP_PROTOCOL);
    else group.join(asked, reply);
  }
}

function respond(joined: MaybePromise<JoinResult>, version: number) {
  return joined instanceof Promise
    ? joined.then((result) => draft(result, version))
    : draft(joined, version);
}

function draft(result: JoinResult, version: number) {
  const { protocolType, protocol, members = [] } = result;
  return {
    errorCode: result.error,
    generationId: result.generation,
    protocolType: protocolType ?? null,
    protocolName: protocol ?? (version >= 7 ? null : ''),
    leader: result.leader ?? '',
    skipAssignment: result.skipAssignment ?? false,
    memberId: result.memberId,
    members: members.map(({ memberId, instanceId, metadata }) => ({
      memberId,
      groupInstanceId: instanceId ?? null,
      metadata,
    })),
  };
}
