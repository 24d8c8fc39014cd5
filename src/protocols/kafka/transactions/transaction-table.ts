import type { Table } from '../../../hub/engine.ts';
import { isPromise } from '../../../model/maybe-promise.ts';
import type { Clock } from '../time/clock.ts';
import type { Timer } from '../time/timer-wheel.ts';
import type { Producer } from './producer.ts';
import { restoreTransaction, savedProducerId, saveTransaction } from './saved.ts';
import { Transaction } from './transaction.ts';

/** All transactional ids, found by id and by producer, and made durable. */
export class TransactionTable {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #timer: (transaction: Transaction) => Timer;
  readonly #byId = new Map<string, Transaction>();
  readonly #byProducer = new Map<bigint, Transaction>();

  /** @param timer the one of a new transaction */
  constructor(table: Table, clock: Clock, timer: (transaction: Transaction) => Timer) {
    this.#table = table;
    this.#clock = clock;
    this.#timer = timer;
    for (const [key, value] of table.entries()) {
      restoreTransaction(this.put(decodeURIComponent(key), savedProducerId(value)), value);
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<Transaction> {
    return this.#byId.values();
  }

  get(id: string): Transaction | undefined {
    return this.#byId.get(id);
  }

  byProducer(producerId: bigint): Transaction | undefined {
    return this.#byProducer.get(producerId);
  }

  put(id: string, producerId: bigint): Transaction {
    const transaction = new Transaction(id, producerId, this.#timer);
    this.#byId.set(id, transaction);
    this.#byProducer.set(producerId, transaction);
    return transaction;
  }

  /** The transactional id has another producer from now on. */
  take(transaction: Transaction, { producerId, epoch }: Producer): void {
    if (producerId !== transaction.producerId) {
      this.#byProducer.delete(transaction.producerId);
      this.#byProducer.set(producerId, transaction);
      transaction.lastProducerId = transaction.producerId;
      transaction.producerId = producerId;
    }
    transaction.producerEpoch = epoch;
  }

  /** Changes the transaction as soon as it is durable that it does; not at all when that fails. */
  async change(transaction: Transaction, apply: () => void): Promise<void> {
    const before = pick(transaction);
    apply();
    transaction.updateMs = this.#clock.wallMs;
    try {
      await this.#save(transaction);
    } catch (error) {
      this.take(transaction, { producerId: before.producerId, epoch: before.producerEpoch });
      Object.assign(transaction, before);
      throw error;
    }
  }

  /** For what is found again without it. */
  saveLater(transaction: Transaction): void {
    transaction.updateMs = this.#clock.wallMs;
    const saved = this.#save(transaction);
    if (isPromise(saved)) saved.catch(() => {});
  }

  #save(transaction: Transaction) {
    return this.#table.set([[encodeURIComponent(transaction.id), saveTransaction(transaction)]]);
  }

  async forget(transactions: readonly Transaction[]): Promise<void> {
    for (const { id, producerId } of transactions) {
      this.#byId.delete(id);
      this.#byProducer.delete(producerId);
    }
    await this.#table.set(transactions.map(({ id }) => [encodeURIComponent(id), undefined]));
  }
}

/** What a failed change is taken back to. */
function pick(transaction: Transaction) {
  const { producerId, producerEpoch, lastProducerId, lastEpoch } = transaction;
  const { timeoutMs, state, updateMs } = transaction;
  return { producerId, producerEpoch, lastProducerId, lastEpoch, timeoutMs, state, updateMs };
}
