import { withCoordinator } from '../../coordinator.ts';
import { coordinatorError } from '../../coordinator-error.ts';
import { handler } from '../../dispatch.ts';
import { array, bigint64, int16, int32, int64, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';
import { TRANSACTION_STATES } from '../transaction.ts';

const request = message(0, {
  stateFilters: array(string),
  producerIdFilters: array(bigint64),
  durationFilter: int64.from(1).or(-1),
});

const response = message(0, {
  throttleTimeMs: int32,
  errorCode: int16,
  unknownStateFilters: array(string),
  transactionStates: array({
    transactionalId: string,
    producerId: bigint64,
    transactionState: string,
  }),
});

/** ListTransactions (66): by state, producer, and how long they have been open. */
export const listTransactions = handler({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 1],
  request,
  response,
  handle: ({ stateFilters, producerIdFilters, durationFilter }, { broker }) =>
    withCoordinator(broker, ({ transactions, groups }) => {
      const { wallMs } = groups.context.clock;
      const known = new Set<string>(TRANSACTION_STATES);
      const found = [...transactions.all()].filter(
        ({ state, producerId, startMs }) =>
          (stateFilters.length === 0 || stateFilters.includes(state)) &&
          (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
          (durationFilter < 0 || (state === 'Ongoing' && wallMs - startMs > durationFilter)),
      );
      return {
        unknownStateFilters: stateFilters.filter((name) => !known.has(name)),
        transactionStates: found.map(({ id, producerId, state }) => ({
          transactionalId: id,
          producerId,
          transactionState: state,
        })),
      };
    }),
  failed: (error) => ({ errorCode: coordinatorError(error) }),
});
