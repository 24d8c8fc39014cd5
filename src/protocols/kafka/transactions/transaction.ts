import type { Timer } from '../time/timer-wheel.ts';

/** As Kafka names them to its clients. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort';

/** What a producer writes to: a partition, or the offsets of a group. */
export type Place =
  | { readonly streamId: string; readonly partition: number }
  | { readonly group: string };

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

  has(place: Place): boolean {
    if ('group' in place) return this.groups.has(place.group);
    return this.partitions.get(place.streamId)?.has(place.partition) === true;
  }

  /** Answers whether it is new. */
  add(place: Place): boolean {
    if (this.has(place)) return false;
    if ('group' in place) {
      this.groups.add(place.group);
      return true;
    }
    let partitions = this.partitions.get(place.streamId);
    if (partitions === undefined) this.partitions.set(place.streamId, (partitions = new Set()));
    partitions.add(place.partition);
    return true;
  }
}
