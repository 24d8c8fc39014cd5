import type { Partition, Stream } from '../../../hub/engine.ts';
import type { OffsetStore } from '../groups/offsets/store.ts';
import type { Transaction } from './transaction.ts';
import type { Transactions } from './transactions.ts';

/**
 * Goes on where a stop of the hub interrupted: ends what was decided, lets time run for what was
 * open, and aborts what is open in a partition, or waits as an offset, and belongs to no
 * transaction.
 */
export async function recover(
  transactions: Transactions,
  streams: readonly Stream[],
  offsets: OffsetStore,
): Promise<void> {
  const ending: Promise<unknown>[] = [];
  for (const stream of streams) {
    for (const partition of stream.partitions) ending.push(...adopt(transactions, partition));
  }
  for (const producerId of offsets.pendingProducers()) {
    const transaction = transactions.byProducer(producerId);
    if (transaction === undefined || !isOpen(transaction)) {
      ending.push(Promise.resolve(offsets.endPending(producerId, false)));
      continue;
    }
    for (const group of offsets.pendingGroups(producerId)) transaction.groups.add(group);
  }
  for (const transaction of transactions.all()) ending.push(transactions.resume(transaction));
  await Promise.all(ending);
}

/** What a producer has open in a partition. */
function adopt(transactions: Transactions, partition: Partition): Promise<unknown>[] {
  const ending: Promise<unknown>[] = [];
  for (const { producerId, producerEpoch, transactionStart } of partition.producers()) {
    if (transactionStart === undefined) continue;
    const transaction = transactions.byProducer(producerId);
    if (transaction !== undefined && isOpen(transaction)) {
      // That it had this partition was not stored before the stop.
      transaction.add({ streamId: partition.stream.id, partition: partition.index });
      continue;
    }
    const marker = { producerId, producerEpoch, commit: false, coordinatorEpoch: 0 };
    ending.push(Promise.resolve(partition.writeMarker(marker)));
  }
  return ending;
}

function isOpen({ state }: Transaction): boolean {
  return state === 'Ongoing' || state === 'PrepareCommit' || state === 'PrepareAbort';
}
