/**
 * The coordinator of all consumer groups and transactions: one for a broker, made at the first
 * request that needs it. Handlers use it so:
 *
 *     handle: (request, context) =>
 *       withCoordinator(context.broker, ({ groups }) => ...)
 */
import { randomUUID } from 'node:crypto';
import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Broker } from './context.ts';
import { perBroker } from './dispatch.ts';
import { Budget } from './groups/budget.ts';
import { Groups } from './groups/groups.ts';
import { OffsetStore } from './groups/offsets/store.ts';
import { StreamTopics } from './groups/stream-topics.ts';
import { SystemClock } from './time/clock.ts';
import { markerWriter } from './transactions/markers.ts';
import { recover } from './transactions/recovery.ts';
import { Transactions } from './transactions/transactions.ts';

export interface Coordinator {
  readonly groups: Groups;
  readonly transactions: Transactions;
  readonly topics: StreamTopics;
}

const GROUPS_TABLE = 'kafka-groups';
const OFFSETS_TABLE = 'kafka-offsets';
const TRANSACTIONS_TABLE = 'kafka-transactions';
/** How often what is too old is looked for, at least. */
const EXPIRY_MS = 600_000;

interface Opening {
  open: Coordinator | undefined;
  opening: Promise<Coordinator> | undefined;
}

const openingOf = perBroker((): Opening => ({ open: undefined, opening: undefined }));

/** The coordinator, at once where it is open. */
export function coordinatorOf(broker: Broker): MaybePromise<Coordinator> {
  const state = openingOf(broker);
  if (state.open !== undefined) return state.open;
  state.opening ??= open(broker).then(
    (coordinator) => (state.open = coordinator),
    (error) => {
      state.opening = undefined;
      throw error;
    },
  );
  return state.opening;
}

export function withCoordinator<T>(
  broker: Broker,
  use: (coordinator: Coordinator) => MaybePromise<T>,
): MaybePromise<T> {
  const coordinator = coordinatorOf(broker);
  return isPromise(coordinator) ? coordinator.then(use) : use(coordinator);
}

async function open(broker: Broker): Promise<Coordinator> {
  const { streams, options } = broker;
  const [groupsTable, offsetsTable, transactionsTable] = await Promise.all([
    streams.table(GROUPS_TABLE),
    streams.table(OFFSETS_TABLE),
    streams.table(TRANSACTIONS_TABLE),
  ]);
  const clock = new SystemClock();
  const budget = new Budget(options.maxGroupBytes);
  const topics = new StreamTopics(streams, broker.meter);
  const offsets = new OffsetStore(offsetsTable, budget);
  await removeOrphans(offsets, topics);
  const context = { clock, settings: options, budget, newId: () => randomUUID() };
  const groups = new Groups(context, groupsTable, offsets, topics);
  const markers = markerWriter((id) => topics.stream(id));
  const { producerIds } = broker;
  const transactions = new Transactions(
    { clock, settings: options, producerIds, offsets, markers },
    transactionsTable,
  );
  await recover(transactions, topics.all(), offsets);
  const stopWatching = streams.onChange((stream, change) => {
    if (change === 'removed') later(offsets.removeTopic(stream.name, stream.number));
  });
  const expiryMs = Math.min(EXPIRY_MS, options.offsetRetentionMs, options.transactionalIdExpiryMs);
  const expiry = clock.timer(() => {
    later(groups.expire());
    later(transactions.expire());
    expiry.start(expiryMs);
  });
  expiry.start(expiryMs);
  broker.onClose(() => {
    stopWatching();
    groups.stop();
    transactions.stop();
    clock.stop();
  });
  return { groups, transactions, topics };
}

/** A topic may have gone while this was not open. */
async function removeOrphans(offsets: OffsetStore, topics: StreamTopics): Promise<void> {
  const numbers = new Set(topics.all().map(({ number }) => number));
  await offsets.removeOrphans((number) => numbers.has(number));
}

/** What fails here is found again: at the next time, or at the next start. */
function later(done: MaybePromise<void>): void {
  if (isPromise(done)) done.catch(() => {});
}
