import { batchBytes, nextOffsetOf } from '../../../formats/records/batch.ts';
import type { Partition } from '../../../hub/engine.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import { ERROR, type KafkaError } from '../errors.ts';
import { topicErrorOf } from '../faults.ts';
import { epochError, type Found } from '../topics.ts';
import type { PartitionAnswer } from './messages.ts';
import type { Wanted } from './session.ts';

const NO_RECORDS: readonly Buffer[] = [];

/** One partition of a Fetch. */
export class PartitionFetch {
  readonly wanted: Wanted;
  readonly partition: Partition | undefined;
  readonly #committedOnly: boolean;
  readonly #error: KafkaError;
  readonly #diverging: { readonly epoch: number; readonly endOffset: number } | undefined;
  /** Bytes of the partition when the Fetch came. */
  readonly #bytesBefore: number;
  readonly #endBefore: number;

  constructor(wanted: Wanted, found: Found<Partition>, committedOnly: boolean) {
    this.wanted = wanted;
    this.partition = found.value;
    this.#committedOnly = committedOnly;
    this.#error = found.value === undefined ? found.error : this.#refusal(found.value);
    this.#diverging =
      found.value === undefined || this.#error !== ERROR.NONE ? undefined : this.#divergence();
    this.#bytesBefore = found.value?.bytes ?? 0;
    this.#endBefore = found.value === undefined ? 0 : this.#end(found.value);
  }

  /** There is something to tell other than records. */
  get failed(): boolean {
    return this.#error !== ERROR.NONE || this.#diverging !== undefined;
  }

  /** About how many bytes could be sent. */
  get available(): number {
    const { partition } = this;
    if (partition === undefined) return 0;
    const end = this.#end(partition);
    const { fetchOffset } = this.wanted;
    if (fetchOffset >= end) return 0;
    const before = this.#endBefore > fetchOffset ? this.#share(partition) : 0;
    return Math.max(1, before, partition.bytes - this.#bytesBefore);
  }

  /** The share of a partition's bytes that its records from the offset on have, were all alike. */
  #share(partition: Partition): number {
    const count = partition.endOffset - partition.startOffset;
    const wanted = this.#endBefore - this.wanted.fetchOffset;
    return Math.floor((this.#bytesBefore * wanted) / Math.max(count, 1));
  }

  #end({ stableOffset, endOffset }: Partition): number {
    return this.#committedOnly ? stableOffset : endOffset;
  }

  #refusal(partition: Partition): KafkaError {
    const { currentLeaderEpoch, fetchOffset } = this.wanted;
    const error = epochError(partition, currentLeaderEpoch);
    if (error !== ERROR.NONE) return error;
    const inRange = fetchOffset >= partition.startOffset && fetchOffset <= partition.endOffset;
    return inRange ? ERROR.NONE : ERROR.OFFSET_OUT_OF_RANGE;
  }

  /** Where the client has records of an epoch that are no longer there. */
  #divergence(): { readonly epoch: number; readonly endOffset: number } | undefined {
    const { lastFetchedEpoch, fetchOffset } = this.wanted;
    if (lastFetchedEpoch < 0) return undefined;
    const end = this.partition!.epochEnd(lastFetchedEpoch);
    const agrees = end.epoch === lastFetchedEpoch && end.endOffset >= fetchOffset;
    return agrees ? undefined : end;
  }

  /**
   * @param room bytes that the response has left
   * @param began whether the response has records already: then a batch that does not fit waits for
   *   the next one, else at least one goes out, however large
   */
  read(room: number, began: boolean): MaybePromise<PartitionAnswer> {
    const { partition } = this;
    if (partition === undefined) return this.#failure(this.#error);
    // The partition may have moved on while the Fetch waited.
    const error = this.#error === ERROR.NONE ? this.#refusal(partition) : this.#error;
    if (error !== ERROR.NONE) return this.#failure(error);
    if (this.#diverging !== undefined)
      return { ...this.#empty(partition), divergingEpoch: this.#diverging };
    const { fetchOffset, partitionMaxBytes } = this.wanted;
    const end = this.#end(partition);
    if (fetchOffset >= end || (began && room <= 0)) return this.#empty(partition);
    const maxBytes = Math.max(0, Math.min(room, partitionMaxBytes));
    try {
      const read = partition.read(fetchOffset, maxBytes, end);
      return isPromise(read)
        ? read.then(
            (batches) => this.#found(partition, batches, room, began),
            (thrown) => this.#failure(topicErrorOf(thrown)),
          )
        : this.#found(partition, read, room, began);
    } catch (thrown) {
      return this.#failure(topicErrorOf(thrown));
    }
  }

  #found(
    partition: Partition,
    batches: readonly Buffer[],
    room: number,
    began: boolean,
  ): MaybePromise<PartitionAnswer> {
    if (began && batches.reduce((sum, { length }) => sum + length, 0) > room) {
      return this.#empty(partition);
    }
    const answer = { ...this.#empty(partition), records: batches };
    if (!this.#committedOnly || batches.length === 0) return answer;
    const last = batches.at(-1)!;
    const upTo = endOf(last);
    const aborted = partition.abortedTransactions(this.wanted.fetchOffset, upTo);
    return isPromise(aborted)
      ? aborted.then((abortedTransactions) => ({ ...answer, abortedTransactions }))
      : { ...answer, abortedTransactions: aborted };
  }

  #empty(partition: Partition): PartitionAnswer {
    return {
      partitionIndex: this.wanted.partition,
      errorCode: ERROR.NONE,
      highWatermark: partition.endOffset,
      lastStableOffset: partition.stableOffset,
      logStartOffset: partition.startOffset,
      abortedTransactions: this.#committedOnly ? [] : null,
      records: NO_RECORDS,
    };
  }

  #failure(errorCode: KafkaError): PartitionAnswer {
    return {
      partitionIndex: this.wanted.partition,
      errorCode,
      highWatermark: -1,
      logStartOffset: this.partition?.startOffset ?? -1,
      abortedTransactions: null,
      records: NO_RECORDS,
    };
  }
}

/** The offset after the last batch of a buffer that holds whole ones. */
function endOf(batches: Buffer): number {
  let at = 0;
  for (let next = 0; next < batches.length; next = at + batchBytes(batches, at)) at = next;
  return nextOffsetOf(batches, at);
}
