import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { bigint64, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { producerError } from './producer-error.ts';

const request = message(3, {
  transactionalId: string,
  producerId: bigint64,
  producerEpoch: int16,
  groupId: string,
});

const response = message(3, { throttleTimeMs: int32, errorCode: int16 });

/** AddOffsetsToTxn (25): offsets of a group will be a part of the transaction. */
export const addOffsetsToTxn = handler({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  request,
  response,
  handle: ({ transactionalId, producerId, producerEpoch, groupId }, { broker }) =>
    withCoordinator(broker, async ({ transactions }) => {
      if (groupId === '') return { errorCode: ERROR.INVALID_GROUP_ID };
      const producer = { producerId, epoch: producerEpoch };
      await transactions.add(transactionalId, producer, [{ group: groupId }]);
      return { errorCode: ERROR.NONE };
    }),
  failed: (error, _, { version }) => ({
    errorCode: producerError(coordinatorError(error), version >= 2),
  }),
});
