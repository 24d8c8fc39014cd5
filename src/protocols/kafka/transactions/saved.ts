import type { Transaction, TransactionState } from './transaction.ts';

/** What is stored of a transactional id: JSON. */
interface Saved {
  readonly version: 1;
  /** Text: it may pass 2^53. */
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly lastProducerId: string;
  readonly lastEpoch: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  readonly partitions: readonly (readonly [streamId: string, partitions: readonly number[]])[];
  readonly groups: readonly string[];
  readonly startMs: number;
  readonly updateMs: number;
}

export function saveTransaction(transaction: Transaction): Buffer {
  const saved: Saved = {
    version: 1,
    producerId: String(transaction.producerId),
    producerEpoch: transaction.producerEpoch,
    lastProducerId: String(transaction.lastProducerId),
    lastEpoch: transaction.lastEpoch,
    timeoutMs: transaction.timeoutMs,
    state: transaction.state,
    partitions: [...transaction.partitions].map(([id, partitions]) => [id, [...partitions]]),
    groups: [...transaction.groups],
    startMs: transaction.startMs,
    updateMs: transaction.updateMs,
  };
  return Buffer.from(JSON.stringify(saved));
}

export function savedProducerId(bytes: Buffer): bigint {
  return BigInt(read(bytes).producerId);
}

export function restoreTransaction(transaction: Transaction, bytes: Buffer): void {
  const saved = read(bytes);
  transaction.producerEpoch = saved.producerEpoch;
  transaction.lastProducerId = BigInt(saved.lastProducerId);
  transaction.lastEpoch = saved.lastEpoch;
  transaction.timeoutMs = saved.timeoutMs;
  transaction.state = saved.state;
  transaction.startMs = saved.startMs;
  transaction.updateMs = saved.updateMs;
  for (const [id, partitions] of saved.partitions) {
    for (const partition of partitions) transaction.add({ streamId: id, partition });
  }
  for (const group of saved.groups) transaction.groups.add(group);
}

/** @throws Error for bytes that this version did not write */
function read(bytes: Buffer): Saved {
  const saved = JSON.parse(bytes.toString()) as Saved;
  if (saved.version !== 1) throw new Error('A transaction was stored by another version.');
  return saved;
}
