import type { Table } from '../../../hub/engine.ts';
import { isPromise } from '../../../model/maybe-promise.ts';
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
import { restoreTransaction, savedProducerId, saveTransaction } from './saved.ts';
import { LAST_EPOCH, NO_EPOCH, Transaction, type TransactionState } from './transaction.ts';

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
 * The transaction coordinator (KIP-98): which producer holds a transactional id, and whether its
 * transaction commits. The decision is durable before anything shows it; then the markers are
 * written, and written again after a restart, until all are there. That a transaction has begun, and
 * which partitions it has, need not be durable: what is open in a partition and unknown here is
 * found at the start, and aborted.
 */
export class Transactions {
  readonly #context: TransactionContext;
  readonly #table: Table;
  readonly #byId = new Map<string, Transaction>();
  readonly #byProducer = new Map<bigint, Transaction>();
  #stopped = false;

  constructor(context: TransactionContext, table: Table) {
    this.#context = context;
    this.#table = table;
    for (const [key, value] of table.entries()) {
      const transaction = this.#put(decodeURIComponent(key), savedProducerId(value));
      restoreTransaction(transaction, value);
    }
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

  #put(id: string, producerId: bigint): Transaction {
    const transaction = new Transaction(id, producerId, (own) =>
      this.#context.clock.timer(() => this.#timeUp(own)),
    );
    this.#byId.set(id, transaction);
    this.#byProducer.set(producerId, transaction);
    return transaction;
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
    if (!this.#byId.has(id)) {
      this.#makeRoom();
      const producerId = await producerIds.next();
      // Another request may have been as fast.
      if (!this.#byId.has(id)) this.#put(id, producerId);
    }
    const transaction = this.#byId.get(id)!;
    return this.#alone(transaction, async () => {
      checkExpected(transaction, expected);
      const repeated = transaction.state !== 'Ongoing' && isRepeated(transaction, expected);
      if (transaction.state === 'Ongoing') await this.#fence(transaction);
      refuseWhileEnding(transaction);
      if (!repeated) await this.#renew(transaction, timeoutMs, expected);
      return { producerId: transaction.producerId, epoch: transaction.producerEpoch };
    });
  }

  async #renew(
    transaction: Transaction,
    timeoutMs: number,
    expected: Producer | undefined,
  ): Promise<void> {
    const { producerId, producerEpoch } = transaction;
    const next =
      producerEpoch < LAST_EPOCH
        ? { producerId, epoch: producerEpoch + 1 }
        : { producerId: await this.#context.producerIds.next(), epoch: 0 };
    await this.#change(transaction, () => {
      this.#take(transaction, next);
      transaction.lastEpoch = expected === undefined ? NO_EPOCH : expected.epoch;
      transaction.timeoutMs = timeoutMs;
      transaction.state = 'Empty';
    });
  }

  #take(transaction: Transaction, { producerId, epoch }: Producer): void {
    if (producerId !== transaction.producerId) {
      this.#byProducer.delete(transaction.producerId);
      this.#byProducer.set(producerId, transaction);
      transaction.lastProducerId = transaction.producerId;
      transaction.producerId = producerId;
    }
    transaction.producerEpoch = epoch;
  }

  /** Runs `work` for the transaction of who says it is this producer, when nothing of it is on its
   * way to the disk. @throws KafkaFailure */
  #owned<T>(
    id: string,
    producer: Producer,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#byId.get(id);
    if (transaction === undefined) {
      throw new KafkaFailure(
        id === '' ? ERROR.INVALID_REQUEST : ERROR.INVALID_PRODUCER_ID_MAPPING,
        `Transactional id "${id}" is not known.`,
      );
    }
    return this.#alone(transaction, () => {
      checkOwner(transaction, producer);
      return work(transaction);
    });
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

  /** Makes partitions and groups part of the producer's transaction, which begins with the first.
   * @throws KafkaFailure */
  async add(
    id: string,
    producer: Producer,
    partitions: readonly { readonly streamId: string; readonly partition: number }[],
    group?: string,
  ): Promise<void> {
    await this.#owned(id, producer, async (transaction) => {
      refuseWhileEnding(transaction);
      this.#begin(transaction);
      let added = false;
      for (const { streamId, partition } of partitions) {
        added = transaction.addPartition(streamId, partition) || added;
      }
      if (group !== undefined && !transaction.groups.has(group)) {
        transaction.groups.add(group);
        added = true;
      }
      if (added) this.#saveLater(transaction);
    });
  }

  #begin(transaction: Transaction): void {
    if (transaction.state === 'Ongoing') return;
    transaction.state = 'Ongoing';
    transaction.startMs = this.#context.clock.wallMs;
    transaction.timer.start(transaction.timeoutMs);
  }

  /** Whether a producer may write to a partition, or to a group's offsets, within its transaction. */
  writeError(
    { producerId, epoch }: Producer,
    belongs: (transaction: Transaction) => boolean,
  ): KafkaError {
    const transaction = this.#byProducer.get(producerId);
    if (transaction === undefined) return ERROR.INVALID_PRODUCER_ID_MAPPING;
    if (epoch !== transaction.producerEpoch) return ERROR.INVALID_PRODUCER_EPOCH;
    if (transaction.state !== 'Ongoing' || !belongs(transaction)) return ERROR.INVALID_TXN_STATE;
    return ERROR.NONE;
  }

  /** Resolves when what the transaction wrote is seen, or gone. @throws KafkaFailure */
  async end(id: string, producer: Producer, commit: boolean): Promise<void> {
    await this.#owned(id, producer, async (transaction) => {
      const { state } = transaction;
      // The answer to the first request was lost.
      if (state === (commit ? 'CompleteCommit' : 'CompleteAbort')) return;
      if (transaction.decided === (commit ? 'commit' : 'abort')) refuseWhileEnding(transaction);
      if (state !== 'Ongoing') {
        throw new KafkaFailure(
          ERROR.INVALID_TXN_STATE,
          `The transaction of "${id}" cannot end so: its state is ${state}.`,
        );
      }
      await this.#end(transaction, commit ? 'PrepareCommit' : 'PrepareAbort');
    });
  }

  /** Aborts what a producer left open, and shuts it out: its epoch is over. */
  async #fence(transaction: Transaction): Promise<void> {
    await this.#end(transaction, 'PrepareAbort', transaction.producerEpoch + 1);
  }

  async #end(
    transaction: Transaction,
    decision: TransactionState,
    epoch = transaction.producerEpoch,
  ): Promise<void> {
    const timeLeft = transaction.timer.running;
    try {
      await this.#change(transaction, () => {
        transaction.producerEpoch = epoch;
        transaction.state = decision;
        transaction.timer.stop();
      });
    } catch (error) {
      if (timeLeft) transaction.timer.start(transaction.timeoutMs);
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
    this.#saveLater(transaction);
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

  /** Changes the transaction as soon as it is durable that it does; not at all when that fails. */
  async #change(transaction: Transaction, apply: () => void): Promise<void> {
    const before = { ...pick(transaction) };
    apply();
    transaction.updateMs = this.#context.clock.wallMs;
    try {
      await this.#save(transaction);
    } catch (error) {
      this.#take(transaction, { producerId: before.producerId, epoch: before.producerEpoch });
      Object.assign(transaction, before);
      throw error;
    }
  }

  #save(transaction: Transaction) {
    return this.#table.set([[encodeURIComponent(transaction.id), saveTransaction(transaction)]]);
  }

  /** For what is found again without it. */
  #saveLater(transaction: Transaction): void {
    transaction.updateMs = this.#context.clock.wallMs;
    const saved = this.#save(transaction);
    if (isPromise(saved)) saved.catch(() => {});
  }

  #makeRoom(): void {
    const { maxTransactionalIds } = this.#context.settings;
    if (this.#byId.size < maxTransactionalIds) return;
    throw new KafkaFailure(
      ERROR.THROTTLING_QUOTA_EXCEEDED,
      `There are ${maxTransactionalIds} transactional ids, as many as may be remembered (protocols.kafka.maxTransactionalIds).`,
    );
  }

  /** Forgets transactional ids that nobody has used for long. */
  async expire(): Promise<void> {
    const { clock, settings } = this.#context;
    const old = [...this.#byId.values()].filter(
      ({ state, changing, updateMs }) =>
        state !== 'Ongoing' &&
        !state.startsWith('Prepare') &&
        changing === undefined &&
        clock.wallMs - updateMs >= settings.transactionalIdExpiryMs,
    );
    await this.#table.set(old.map(({ id }) => [encodeURIComponent(id), undefined]));
    for (const transaction of old) {
      this.#byId.delete(transaction.id);
      this.#byProducer.delete(transaction.producerId);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#byId.values()) timer.stop();
  }
}

/** What a failed change is taken back to. */
function pick(transaction: Transaction) {
  const { producerId, producerEpoch, lastProducerId, lastEpoch } = transaction;
  const { timeoutMs, state, updateMs } = transaction;
  return { producerId, producerEpoch, lastProducerId, lastEpoch, timeoutMs, state, updateMs };
}
