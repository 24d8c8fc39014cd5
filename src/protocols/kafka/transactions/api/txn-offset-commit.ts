import type { RequestContext } from '../../context.ts';
import { type Coordinator, withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR, type KafkaError } from '../../errors.ts';
import { OffsetIntake } from '../../groups/offsets/intake.ts';
import { array, bigint64, int16, int32, int64, string } from '../../wire/fields.ts';
import { message, type Of } from '../../wire/message.ts';
import { IMPLICIT } from '../features.ts';

const request = message(3, {
  transactionalId: string,
  groupId: string,
  producerId: bigint64,
  producerEpoch: int16,
  generationId: int32.from(3).or(-1),
  memberId: string.from(3),
  groupInstanceId: string.from(3).nullable().or(null),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: int32.from(2).or(-1),
      committedMetadata: string.nullable(),
    }),
  }),
});

const response = message(3, {
  throttleTimeMs: int32,
  topics: array({
    name: string,
    partitions: array({ partitionIndex: int32, errorCode: int16 }),
  }),
});

type Asked = Of<typeof request>;

/** TxnOffsetCommit (28): offsets that count when the transaction commits. */
export const txnOffsetCommit = handler({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 5],
  request,
  response,
  handle: (asked, context) =>
    withCoordinator(context.broker, (coordinator) => {
      const refused = refusal(coordinator, asked, context.version);
      if (refused !== ERROR.NONE) return draft(asked, () => refused);
      return take(coordinator, asked, context);
    }),
  failed: (error, asked) => draft(asked, () => coordinatorError(error)),
});

function refusal({ groups, transactions }: Coordinator, asked: Asked, version: number): KafkaError {
  const { groupId, memberId, groupInstanceId, generationId } = asked;
  if (groupId === '') return ERROR.INVALID_GROUP_ID;
  const identity = {
    memberId,
    instanceId: groupInstanceId ?? undefined,
    generation: generationId,
  };
  const group = groups.get(groupId);
  const refused =
    group === undefined
      ? generationId < 0
        ? ERROR.NONE
        : ERROR.ILLEGAL_GENERATION
      : group.commitError(identity, true);
  return refused === ERROR.NONE ? producerRefusal(transactions, asked, version) : refused;
}

function producerRefusal(
  transactions: Coordinator['transactions'],
  { transactionalId, producerId, producerEpoch, groupId }: Asked,
  version: number,
): KafkaError {
  const producer = { producerId, epoch: producerEpoch };
  const place = { group: groupId };
  return version < IMPLICIT.txnOffsetCommit
    ? transactions.writeError(transactionalId, producer, place)
    : transactions.addWritten(transactionalId, producer, place);
}

async function take({ groups }: Coordinator, asked: Asked, context: RequestContext) {
  const group = groups.getOrMake(asked.groupId);
  const intake = new OffsetIntake(groups, context, -1);
  const errors = asked.topics.map(({ name, partitions }) =>
    intake.takeTopic(
      { name },
      partitions.map((one) => ({
        partition: one.partitionIndex,
        offset: one.committedOffset,
        leaderEpoch: one.committedLeaderEpoch,
        metadata: one.committedMetadata ?? '',
      })),
    ),
  );
  await groups.offsets.addPending(asked.producerId, group.id, intake.offsets);
  return draft(asked, (topic, partition) => errors[topic]![partition]!);
}

function draft(asked: Asked, errorOf: (topic: number, partition: number) => KafkaError) {
  return {
    topics: asked.topics.map(({ name, partitions }, topic) => ({
      name,
      partitions: partitions.map(({ partitionIndex }, partition) => ({
        partitionIndex,
        errorCode: errorOf(topic, partition),
      })),
    })),
  };
}
