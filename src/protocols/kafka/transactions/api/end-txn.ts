import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { bigint64, bool, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { producerError } from './producer-error.ts';

const request = message(3, {
  transactionalId: string,
  producerId: bigint64,
  producerEpoch: int16,
  committed: bool,
});

const response = message(3, { throttleTimeMs: int32, errorCode: int16 });

/** EndTxn (26). When it is answered, what the transaction wrote is seen (or gone) everywhere. */
export const endTxn = handler({
  key: 26,
  name: 'EndTxn',
  versions: [0, 4],
  request,
  response,
  handle: ({ transactionalId, producerId, producerEpoch, committed }, { broker }) =>
    withCoordinator(broker, async ({ transactions }) => {
      await transactions.end(transactionalId, { producerId, epoch: producerEpoch }, committed);
      return { errorCode: ERROR.NONE };
    }),
  failed: (error, _, { version }) => ({
    errorCode: producerError(coordinatorError(error), version >= 2),
  }),
});
