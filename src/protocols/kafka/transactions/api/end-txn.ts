import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { bigint64, bool, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { IMPLICIT } from '../features.ts';
import { producerError } from './producer-error.ts';

const request = message(3, {
  transactionalId: string,
  producerId: bigint64,
  producerEpoch: int16,
  committed: bool,
});

const response = message(3, {
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: bigint64.from(5).or(-1n),
  producerEpoch: int16.from(5).or(-1),
});

/** EndTxn (26). When it is answered, what the transaction wrote is seen (or gone) everywhere. From
 * version 5 on it gives the producer its next epoch. */
export const endTxn = handler({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  request,
  response,
  handle: ({ transactionalId, producerId, producerEpoch, committed }, { broker, version }) =>
    withCoordinator(broker, async ({ transactions }) => {
      const producer = { producerId, epoch: producerEpoch };
      if (version < IMPLICIT.endTxn) {
        await transactions.end(transactionalId, producer, committed);
        return { errorCode: ERROR.NONE };
      }
      const next = await transactions.endAndRenew(transactionalId, producer, committed);
      return { producerId: next.producerId, producerEpoch: next.epoch };
    }),
  failed: (error, _, { version }) => ({
    errorCode: producerError(coordinatorError(error), version >= 2),
  }),
});
