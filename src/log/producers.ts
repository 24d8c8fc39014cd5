import {
  BATCH,
  baseOffsetOf,
  isTransactional,
  nextOffsetOf,
  readInt64,
} from '../formats/records/batch.ts';
import { AppendFault, type ProducerState, type TransactionMarker } from '../hub/engine.ts';

/** A batch that was taken, to know it again. */
export interface SeenBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

/** What is known of a producer; replaced, never changed. */
export interface Producer {
  readonly id: bigint;
  readonly epoch: number;
  /** The last batches, the latest last. */
  readonly batches: readonly SeenBatch[];
  /** Latest time of its last batch. */
  readonly lastTimeMs: number;
  /** When it was heard of last, by the clock of this machine. */
  readonly heardMs: number;
  readonly coordinatorEpoch: number;
  /** First offset of its open transaction. */
  readonly transactionStart: number | undefined;
}

/** How a producer was before a batch was taken. */
export type Undo = readonly [id: bigint, before: Producer | undefined];

/** Kafka's brokers remember as many: clients have at most five batches under way. */
const REMEMBERED = 5;
const SEQUENCES = 2 ** 31;

/**
 * Idempotent producers: a batch that was taken before is known again, a gap in the sequence and an
 * older instance are refused. State is that after all batches that wait for their commit; `undo`
 * takes it back when a commit fails. (KIP-98; Apache Kafka's ProducerAppendInfo.)
 */
export class Producers {
  readonly #max: number;
  /** The longest silent first. */
  readonly #known = new Map<bigint, Producer>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#known.size;
  }

  list(): Producer[] {
    return [...this.#known.values()];
  }

  /** As they were before what can be taken back was taken; the last one last. */
  before(undos: readonly Undo[]): Producer[] {
    const known = new Map(this.#known);
    for (const [id, before] of undos.toReversed()) {
      if (before === undefined) known.delete(id);
      else known.set(id, before);
    }
    return [...known.values()];
  }

  states(): ProducerState[] {
    return this.list().map((producer) => ({
      producerId: producer.id,
      producerEpoch: producer.epoch,
      lastSequence: producer.batches.at(-1)?.lastSequence ?? -1,
      lastTimeMs: producer.lastTimeMs,
      coordinatorEpoch: producer.coordinatorEpoch,
      transactionStart: producer.transactionStart,
    }));
  }

  /**
   * May the batch at `at` be taken? Answers where it lies when it was taken before.
   * @throws AppendFault fenced, out-of-order, duplicate, invalid-transaction
   */
  check(batch: Buffer, at: number): SeenBatch | undefined {
    const known = this.#known.get(batch.readBigInt64BE(at + BATCH.producerId));
    if (known === undefined) return undefined;
    const epoch = batch.readInt16BE(at + BATCH.producerEpoch);
    if (epoch < known.epoch) throw fenced(known, epoch);
    const first = batch.readInt32BE(at + BATCH.baseSequence);
    const last = lastSequenceOf(batch, at);
    if (epoch > known.epoch) {
      if (first !== 0) throw outOfOrder(known, first, 0);
    } else {
      const seen = known.batches.find(
        (one) => one.firstSequence === first && one.lastSequence === last,
      );
      if (seen !== undefined) return seen;
      this.#checkSequence(known, first, last);
    }
    if (known.transactionStart !== undefined && !isTransactional(batch, at)) {
      throw new AppendFault(
        'invalid-transaction',
        `Producer ${known.id} sent a batch outside of its transaction; end the transaction first.`,
      );
    }
    return undefined;
  }

  /** The batch at `at`, which has its offset, was taken. */
  take(batch: Buffer, at: number): Undo {
    const id = batch.readBigInt64BE(at + BATCH.producerId);
    const epoch = batch.readInt16BE(at + BATCH.producerEpoch);
    const before = this.#known.get(id);
    const baseOffset = baseOffsetOf(batch, at);
    const seen: SeenBatch = {
      firstSequence: batch.readInt32BE(at + BATCH.baseSequence),
      lastSequence: lastSequenceOf(batch, at),
      baseOffset,
    };
    const earlier = before?.epoch === epoch ? before.batches.slice(1 - REMEMBERED) : [];
    this.#set({
      id,
      epoch,
      batches: [...earlier, seen],
      lastTimeMs: readInt64(batch, at + BATCH.maxTime),
      heardMs: Date.now(),
      coordinatorEpoch: before?.coordinatorEpoch ?? -1,
      transactionStart: isTransactional(batch, at)
        ? (before?.transactionStart ?? baseOffset)
        : before?.transactionStart,
    });
    return [id, before];
  }

  /** @throws AppendFault fenced */
  checkMarker(marker: TransactionMarker): void {
    const known = this.#known.get(marker.producerId);
    if (known === undefined) return;
    if (marker.producerEpoch < known.epoch) throw fenced(known, marker.producerEpoch);
    if (marker.coordinatorEpoch < known.coordinatorEpoch) {
      throw new AppendFault(
        'fenced',
        `A coordinator of epoch ${marker.coordinatorEpoch} ends a transaction of producer ${known.id}, after one of epoch ${known.coordinatorEpoch}.`,
      );
    }
  }

  takeMarker(marker: TransactionMarker, timeMs: number): Undo {
    const before = this.#known.get(marker.producerId);
    this.#set({
      id: marker.producerId,
      epoch: marker.producerEpoch,
      batches: before?.epoch === marker.producerEpoch ? before.batches : [],
      lastTimeMs: timeMs,
      heardMs: Date.now(),
      coordinatorEpoch: marker.coordinatorEpoch,
      transactionStart: undefined,
    });
    return [marker.producerId, before];
  }

  /** Takes back what `take` and `takeMarker` did; the last one first. */
  undo([id, before]: Undo): void {
    this.#known.delete(id);
    if (before !== undefined) this.#known.set(id, before);
  }

  /** From a snapshot. */
  restore(producers: Iterable<Producer>): void {
    for (const producer of producers) this.#set(producer);
  }

  /** Forgets those that were silent since `beforeMs` and have no open transaction. */
  expire(beforeMs: number): void {
    for (const producer of this.#known.values()) {
      if (producer.heardMs < beforeMs && producer.transactionStart === undefined) {
        this.#known.delete(producer.id);
      }
    }
  }

  #set(producer: Producer): void {
    this.#known.delete(producer.id);
    this.#known.set(producer.id, producer);
    if (this.#known.size <= this.#max) return;
    for (const oldest of this.#known.values()) {
      if (oldest.transactionStart !== undefined) continue;
      this.#known.delete(oldest.id);
      return;
    }
  }

  #checkSequence(known: Producer, first: number, last: number): void {
    const before = known.batches.at(-1)?.lastSequence;
    // After a marker of a new epoch nothing is remembered, and any beginning is right.
    if (before === undefined) return;
    const expected = (before + 1) % SEQUENCES;
    if (first === expected) return;
    const behind = (before - last + SEQUENCES) % SEQUENCES;
    if (behind < SEQUENCES / 2 && first <= last) {
      throw new AppendFault(
        'duplicate',
        `Producer ${known.id} sent sequence ${first} to ${last} again; ${before} is the last that was stored.`,
      );
    }
    throw outOfOrder(known, first, expected);
  }
}

function lastSequenceOf(batch: Buffer, at: number): number {
  const first = batch.readInt32BE(at + BATCH.baseSequence);
  return (first + (nextOffsetOf(batch, at) - baseOffsetOf(batch, at) - 1)) % SEQUENCES;
}

function fenced(known: Producer, epoch: number): AppendFault {
  return new AppendFault(
    'fenced',
    `Producer ${known.id} has epoch ${epoch}; a newer instance with epoch ${known.epoch} has written since.`,
  );
}

function outOfOrder(known: Producer, first: number, expected: number): AppendFault {
  return new AppendFault(
    'out-of-order',
    `Producer ${known.id} sent sequence ${first}, expected ${expected}; a batch before it is missing.`,
  );
}
