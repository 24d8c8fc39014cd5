import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { bigint64, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { producerError } from './producer-error.ts';

const NO_PRODUCER = -1n;

const request = message(2, {
  transactionalId: string.nullable(),
  transactionTimeoutMs: int32,
  producerId: bigint64.from(3).or(NO_PRODUCER),
  producerEpoch: int16.from(3).or(-1),
});

const response = message(2, {
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: bigint64.or(NO_PRODUCER),
  producerEpoch: int16.or(-1),
});

/** InitProducerId (22): an identity for producers that number their batches, and with a
 * transactional id the sole right to it. */
export const initProducerId = handler({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  request,
  response,
  handle: async (asked, { broker }) => {
    const { transactionalId, producerId, producerEpoch } = asked;
    if (transactionalId === null) {
      return { producerId: await broker.producerIds.next(), producerEpoch: 0 };
    }
    return withCoordinator(broker, async ({ transactions }) => {
      const expected =
        producerId === NO_PRODUCER ? undefined : { producerId, epoch: producerEpoch };
      const given = await transactions.init(transactionalId, asked.transactionTimeoutMs, expected);
      return { producerId: given.producerId, producerEpoch: given.epoch };
    });
  },
  failed: (error, _, { version }) => ({
    errorCode: producerError(coordinatorError(error), version >= 4),
  }),
});
