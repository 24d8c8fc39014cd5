import type { Table } from '../../../hub/engine.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { KafkaFailure } from '../failure.ts';
import type { OffsetStore } from '../groups/offsets/store.ts';
import type { ProducerIds } from '../producer-ids.ts';
import type { Clock } from '../time/clock.ts';
import type { MarkerWriter } from './markers.ts';
import {
  checkExpected,
  checkOwner,
  isRepeated,
  type Producer,
  refuseWhileEnding,
} from './producer.ts';
import {
  LAST_EPOCH,
  NO_EPOCH,
  type Place,
  type Transaction,
  type TransactionState,
} from './transaction.ts';
import { TransactionTable } from './transaction-table.ts';

export interface TransactionSettings {
  readonly maxTransactionTimeoutMs: number;
  readonly maxTransactionalIds: number;
  readonly transactionalIdExpiryMs: number;
}

export interface TransactionContext {
  readonly clock: Clock;
  readonly settings: TransactionSettings;
  readonly producerIds: Pick<ProducerIds, 'next'>;
  readonly offsets: OffsetStore;
  readonly markers: MarkerWriter;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/**
 * The transaction coordinator (KIP-98, KIP-890): which producer holds a transactional id, and
 * whether its transaction commits. The decision is durable before anything shows it; then the
 * markers are written, and written again after a restart, until all are there. That a transaction
 * has begun, and which partitions it has, need not be durable: what is open in a partition and
 * unknown here is found at the start, and aborted.
 */
export class Transactions {
  readonly #context: TransactionContext;
  readonly #table: TransactionTable;
  #stopped = false;

  constructor(context: TransactionContext, table: Table) {
    this.#context = context;
    const { clock } = context;
    this.#table = new TransactionTable(table, clock, (transaction) =>
      clock.timer(() => this.#timeUp(transaction)),
    );
  }

  all(): IterableIterator<Transaction> {
    return this.#table.all();
  }

  get(id: string): Transaction | undefined {
    return this.#table.get(id);
  }

  byProducer(producerId: bigint): Transaction | undefined {
    return this.#table.byProducer(producerId);
  }

  /**
   * A producer takes over a transactional id: whoever had it before is fenced off, and what that
   * one left open is aborted.
   * @param expected what the producer had, where it wants to go on after an error (KIP-360)
   * @throws KafkaFailure
   */
  async init(id: string, timeoutMs: number, expected: Producer | undefined): Promise<Producer> {
    if (id === '') throw new KafkaFailure(ERROR.INVALID_REQUEST, 'A transactional id is empty.');
    const { settings, producerIds } = this.#context;
    if (timeoutMs < 1 || timeoutMs > settings.maxTransactionTimeoutMs) {
      throw new KafkaFailure(
        ERROR.INVALID_TRANSACTION_TIMEOUT,
        `A transaction timeout of ${timeoutMs} ms is not allowed; at most ${settings.maxTransactionTimeoutMs} (protocols.kafka.maxTransactionTimeoutMs).`,
      );
    }
    if (this.#table.get(id) === undefined) {
      this.#checkRoom();
      const producerId = await producerIds.next();
      // Another request may have been as fast.
      if (this.#table.get(id) === undefined) this.#table.put(id, producerId);
    }
    const transaction = this.#table.get(id)!;
    return this.#alone(transaction, async () => {
      checkExpected(transaction, expected);
      const repeated = transaction.state !== 'Ongoing' && isRepeated(transaction, expected);
      if (transaction.state === 'Ongoing') await this.#fence(transaction);
      refuseWhileEnding(transaction);
      if (!repeated) {
        await this.#renew(transaction, expected?.epoch ?? NO_EPOCH, () => {
          transaction.timeoutMs = timeoutMs;
          transaction.state = 'Empty';
        });
      }
      return currentProducer(transaction);
    });
  }

  #checkRoom(): void {
    const { maxTransactionalIds } = this.#context.settings;
    if (this.#table.size < maxTransactionalIds) return;
    throw new KafkaFailure(
      ERROR.THROTTLING_QUOTA_EXCEEDED,
      `There are ${maxTransactionalIds} transactional ids, as many as may be remembered (protocols.kafka.maxTransactionalIds).`,
    );
  }

  /** Gives the producer its next epoch, or a new id when it has had them all. */
  async #renew(transaction: Transaction, lastEpoch: number, apply: () => void): Promise<void> {
    const { producerId, producerEpoch } = transaction;
    const next =
      producerEpoch < LAST_EPOCH
        ? { producerId, epoch: producerEpoch + 1 }
        : { producerId: await this.#context.producerIds.next(), epoch: 0 };
    await this.#table.change(transaction, () => {
      this.#table.take(transaction, next);
      transaction.lastEpoch = lastEpoch;
      apply();
    });
  }

  /** Runs `work` for a transactional id, when nothing of it is on its way to the disk.
   * @throws KafkaFailure */
  #with<T>(id: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const transaction = this.#table.get(id);
    if (transaction === undefined) {
      throw new KafkaFailure(
        id === '' ? ERROR.INVALID_REQUEST : ERROR.INVALID_PRODUCER_ID_MAPPING,
        `Transactional id "${id}" is not known.`,
      );
    }
    return this.#alone(transaction, () => work(transaction));
  }

  /** One change of a transaction after the other. */
  async #alone<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
    while (transaction.changing !== undefined) await transaction.changing;
    const { promise, resolve } = Promise.withResolvers<void>();
    transaction.changing = promise;
    try {
      return await work();
    } finally {
      transaction.changing = undefined;
      resolve();
    }
  }

  /** Makes places part of the producer's transaction, which begins with the first.
   * @throws KafkaFailure */
  async add(id: string, producer: Producer, places: readonly Place[]): Promise<void> {
    await this.#with(id, async (transaction) => {
      checkOwner(transaction, producer);
      refuseWhileEnding(transaction);
      this.#addPlaces(transaction, places);
    });
  }

  /** The same for a client that writes without having said where (KIP-890), at once. */
  addWritten(id: string, producer: Producer, place: Place): KafkaError {
    const transaction = this.#table.byProducer(producer.producerId);
    if (transaction === undefined || transaction.id !== id)
      return ERROR.INVALID_PRODUCER_ID_MAPPING;
    if (producer.epoch !== transaction.producerEpoch) return ERROR.INVALID_PRODUCER_EPOCH;
    if (transaction.changing !== undefined || transaction.decided !== undefined) {
      return ERROR.CONCURRENT_TRANSACTIONS;
    }
    this.#addPlaces(transaction, [place]);
    return ERROR.NONE;
  }

  #addPlaces(transaction: Transaction, places: readonly Place[]): void {
    if (transaction.state !== 'Ongoing') {
      transaction.state = 'Ongoing';
      transaction.startMs = this.#context.clock.wallMs;
      transaction.timer.start(transaction.timeoutMs);
    }
    let added = false;
    for (const place of places) added = transaction.add(place) || added;
    if (added) this.#table.saveLater(transaction);
  }

  /** Whether a producer may write to a place: it said so, and its transaction is open. */
  writeError(id: string, { producerId, epoch }: Producer, place: Place): KafkaError {
    const transaction = this.#table.byProducer(producerId);
    if (transaction === undefined || transaction.id !== id)
      return ERROR.INVALID_PRODUCER_ID_MAPPING;
    if (epoch !== transaction.producerEpoch) return ERROR.INVALID_PRODUCER_EPOCH;
    return transaction.state === 'Ongoing' && transaction.has(place)
      ? ERROR.NONE
      : ERROR.INVALID_TXN_STATE;
  }

  /** Resolves when what the transaction wrote is seen, or gone. @throws KafkaFailure */
  async end(id: string, producer: Producer, commit: boolean): Promise<void> {
    await this.#with(id, async (transaction) => {
      checkOwner(transaction, producer);
      // The answer to the first request was lost.
      if (transaction.state === (commit ? 'CompleteCommit' : 'CompleteAbort')) return;
      this.#checkEnd(transaction, commit);
      await this.#end(transaction, commit ? 'PrepareCommit' : 'PrepareAbort');
    });
  }

  /** The same, and the producer has a new epoch afterwards, so that nothing that comes late can get
   * into its next transaction (KIP-890). @throws KafkaFailure */
  async endAndRenew(id: string, producer: Producer, commit: boolean): Promise<Producer> {
    return this.#with(id, async (transaction) => {
      if (isRepeated(transaction, producer) && transaction.state !== 'Ongoing') {
        refuseWhileEnding(transaction);
        if (transaction.state === (commit ? 'CompleteCommit' : 'CompleteAbort')) {
          return currentProducer(transaction);
        }
        this.#checkEnd(transaction, commit);
      }
      checkOwner(transaction, producer);
      if (!commit && transaction.state !== 'Ongoing' && transaction.decided === undefined) {
        await this.#renew(transaction, producer.epoch, () => {
          transaction.state = 'CompleteAbort';
        });
        return currentProducer(transaction);
      }
      this.#checkEnd(transaction, commit);
      await this.#end(transaction, commit ? 'PrepareCommit' : 'PrepareAbort', producer.epoch);
      if (transaction.producerEpoch > LAST_EPOCH) {
        refuseWhileEnding(transaction);
        await this.#renew(transaction, producer.epoch, () => {});
      }
      return currentProducer(transaction);
    });
  }

  #checkEnd(transaction: Transaction, commit: boolean): void {
    if (transaction.decided === (commit ? 'commit' : 'abort')) refuseWhileEnding(transaction);
    if (transaction.state === 'Ongoing') return;
    throw new KafkaFailure(
      ERROR.INVALID_TXN_STATE,
      `The transaction of "${transaction.id}" cannot end so: its state is ${transaction.state}.`,
    );
  }

  /** Aborts what a producer left open, and ends its epoch. One that only took too long, and aborts
   * too, is told the new one. */
  async #fence(transaction: Transaction): Promise<void> {
    await this.#end(transaction, 'PrepareAbort', transaction.producerEpoch);
  }

  /** @param lastEpoch given where the epoch ends with the transaction: the one that may repeat it */
  async #end(
    transaction: Transaction,
    decision: TransactionState,
    lastEpoch?: number,
  ): Promise<void> {
    const timed = transaction.timer.running;
    transaction.timer.stop();
    try {
      await this.#table.change(transaction, () => {
        transaction.state = decision;
        if (lastEpoch === undefined) return;
        transaction.producerEpoch += 1;
        transaction.lastEpoch = lastEpoch;
        transaction.lastProducerId = transaction.producerId;
      });
    } catch (error) {
      if (timed) transaction.timer.start(transaction.timeoutMs);
      throw error;
    }
    await this.#complete(transaction);
  }

  /** Writes the markers of a transaction whose end is decided. What fails is tried again later:
   * the decision stands. */
  async #complete(transaction: Transaction): Promise<void> {
    const commit = transaction.decided === 'commit';
    const { markers, offsets } = this.#context;
    const { producerId, producerEpoch } = transaction;
    const marker = { producerId, producerEpoch, commit, coordinatorEpoch: 0 };
    try {
      await markers.write(marker, transaction.partitions);
      await offsets.endPending(producerId, commit);
    } catch {
      const delayMs = Math.min(FIRST_RETRY_MS * 2 ** transaction.retries, LAST_RETRY_MS);
      transaction.retries += 1;
      if (!this.#stopped) transaction.timer.start(delayMs);
      return;
    }
    transaction.state = commit ? 'CompleteCommit' : 'CompleteAbort';
    transaction.partitions.clear();
    transaction.groups.clear();
    transaction.retries = 0;
    this.#table.saveLater(transaction);
  }

  /** Goes on with a transaction that a stop of the hub has interrupted. */
  async resume(transaction: Transaction): Promise<void> {
    if (transaction.decided !== undefined) {
      await this.#alone(transaction, () => this.#complete(transaction));
    } else if (transaction.state === 'Ongoing') {
      const leftMs = transaction.startMs + transaction.timeoutMs - this.#context.clock.wallMs;
      transaction.timer.start(Math.min(leftMs, transaction.timeoutMs));
    }
  }

  #timeUp(transaction: Transaction): void {
    const done = this.#alone(transaction, async () => {
      if (this.#stopped) return;
      if (transaction.decided !== undefined) await this.#complete(transaction);
      else if (transaction.state === 'Ongoing') await this.#fence(transaction);
    });
    // Where nothing can be stored now, it is looked at again.
    done.catch(() => transaction.timer.start(LAST_RETRY_MS));
  }

  /** Forgets transactional ids that nobody has used for long. */
  async expire(): Promise<void> {
    const { clock, settings } = this.#context;
    const old = [...this.#table.all()].filter(
      ({ state, decided, changing, updateMs }) =>
        state !== 'Ongoing' &&
        decided === undefined &&
        changing === undefined &&
        clock.wallMs - updateMs >= settings.transactionalIdExpiryMs,
    );
    if (old.length > 0) await this.#table.forget(old);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#table.all()) timer.stop();
  }
}

function currentProducer({ producerId, producerEpoch }: Transaction): Producer {
  return { producerId, epoch: producerEpoch };
}
