import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';
import type { Message } from '../../model/message.ts';
import type { Partition, StreamRecord } from '../engine.ts';
import { recordOf } from './record-message.ts';
import { utf8 } from './record-text.ts';
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

  /**
   * @param key that its payload says, where the message has none
   * @throws Fault INVALID_ARGUMENT for a message that cannot be a record
   */
  add(route: StreamRoute, message: Message, levels: readonly string[], key?: string): void {
    const record = recordOf(message, message.key ?? key ?? route.keyOf(levels));
    const order =
      record.key === null && message.order !== undefined && route.stream.partitions.length > 1
        ? utf8(message.order)
        : record.key;
    if (order === null) this.#keyless.add(route);
    const partition = route.stream.partitions[route.partitionOf(order)]!;
    const write = this.#writes.find((one) => one.partition === partition);
    if (write === undefined) this.#writes.push({ route, partition, records: [record] });
    else write.records.push(record);
  }

  /** Answers when everything is committed. Where one partition refuses, what others took stays.
   * @throws AppendFault */
  commit(): MaybePromise<void> {
    for (const route of this.#keyless) route.turn();
    const [first] = this.#writes;
    return this.#writes.length === 1 ? written(first!) : allOf(this.#writes);
  }
}

function written(write: Write): MaybePromise<void> {
  const refused = (thrown: unknown): never => {
    write.route.refused += write.records.length;
    throw thrown;
  };
  try {
    const answer = write.partition.write(write.records);
    return isPromise(answer) ? answer.then(nothing, refused) : undefined;
  } catch (thrown) {
    return refused(thrown);
  }
}

function nothing(): void {
  // Where it was written is not for the publisher.
}

/** When all have ended; rejects with what the first failed with. */
async function allOf(writes: readonly Write[]): Promise<void> {
  const answers = writes.map(async (write) => written(write));
  for (const outcome of await Promise.allSettled(answers)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
