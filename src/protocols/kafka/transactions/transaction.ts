import type { Timer } from '../time/timer-wheel.ts';

/** As Kafka names them to its clients. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort';

export const TRANSACTION_STATES: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
];

export const NO_EPOCH = -1;
/** The last epoch that a producer is given; one more is left for fencing it. */
export const LAST_EPOCH = 32_766;

/** A transactional id, and what its producer is doing. */
export class Transaction {
  readonly id: string;
  producerId: bigint;
  producerEpoch = NO_EPOCH;
  /** The id and epoch before, under which a producer may repeat what it was not answered. */
  lastProducerId: bigint;
  lastEpoch = NO_EPOCH;
  timeoutMs = 0;
  state: TransactionState = 'Empty';
  /** Partitions with records of the transaction that is open, by stream id. */
  readonly partitions = new Map<string, Set<number>>();
  /** Groups whose offsets belong to it. */
  readonly groups = new Set<string>();
  /** Milliseconds since 1970. */
  startMs = -1;
  updateMs = 0;
  /** Aborts it when it takes too long, and tries markers again. */
  readonly timer: Timer;
  /** A change that is on its way to the disk; the next one waits for it. */
  changing: Promise<unknown> | undefined;
  retries = 0;

  constructor(id: string, producerId: bigint, timer: (transaction: Transaction) => Timer) {
    this.id = id;
    this.producerId = producerId;
    this.lastProducerId = producerId;
    this.timer = timer(this);
  }

  get decided(): 'commit' | 'abort' | undefined {
    if (this.state === 'PrepareCommit') return 'commit';
    return this.state === 'PrepareAbort' ? 'abort' : undefined;
  }

  has(streamId: string, partition: number): boolean {
    return this.partitions.get(streamId)?.has(partition) === true;
  }

  /** Answers whether it is new. */
  addPartition(streamId: string, partition: number): boolean {
    let partitions = this.partitions.get(streamId);
    if (partitions === undefined) this.partitions.set(streamId, (partitions = new Set()));
    if (partitions.has(partition)) return false;
    partitions.add(partition);
    return true;
  }
}
