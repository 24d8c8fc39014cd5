import type { MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { Partition, StreamRecord } from '../engine.ts';
import { recordOf } from './record-message.ts';
import type { StreamRoute } from './stream-route.ts';

interface Write {
  readonly route: StreamRoute;
  readonly partition: Partition;
  readonly records: StreamRecord[];
}

/** What one publish writes to streams: one write for each partition. */
export class StreamWrites {
  readonly #writes: Write[] = [];
  readonly #keyless = new Set<StreamRoute>();

  /** @throws Fault INVALID_ARGUMENT for a message that cannot be a record */
  add(route: StreamRoute, message: Message, levels: readonly string[]): void {
    const record = recordOf(message, message.key ?? route.keyOf(levels));
    if (record.key === null) this.#keyless.add(route);
    const partition = route.stream.partitions[route.partitionOf(record.key)]!;
    const write = this.#writes.find((one) => one.partition === partition);
    if (write === undefined) this.#writes.push({ route, partition, records: [record] });
    else write.records.push(record);
  }

  /** Answers when everything is committed. Where one partition refuses, what others took stays.
   * @throws AppendFault */
  commit(): MaybePromise<void> {
    for (const route of this.#keyless) route.turn();
    const [first] = this.#writes;
    if (this.#writes.length === 1) return nothing(first!.partition.write(first!.records));
    const answers = this.#writes.map(async ({ partition, records }) => partition.write(records));
    return allOf(answers);
  }
}

function nothing(answer: MaybePromise<number>): MaybePromise<void> {
  return typeof answer === 'number' ? undefined : answer.then(() => undefined);
}

/** When all have ended; rejects with what the first failed with. */
async function allOf(answers: readonly Promise<number>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(answers)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
