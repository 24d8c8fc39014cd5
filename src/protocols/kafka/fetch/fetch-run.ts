import type { Partition, PartitionListener } from '../../../hub/engine.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import type { RequestContext } from '../context.ts';
import { ERROR } from '../errors.ts';
import { type Found, findTopic, partitionOf } from '../topics.ts';
import type { FetchRequest, FetchResponse, PartitionAnswer } from './messages.ts';
import { PartitionFetch } from './partition-fetch.ts';
import type { Selection, Wanted } from './session.ts';

/** However long a client would wait. */
const MAX_WAIT_MS = 300_000;

/** What is read at least, however much waits for slow clients. */
const MIN_ROOM = 65_536;

/** What was read of one partition. */
interface Answered {
  readonly wanted: Wanted;
  readonly answer: PartitionAnswer;
}

/**
 * One Fetch: reads, and where that is too little waits for commits until it is enough, the time is
 * up or the connection ends; then it reads once more, whatever there is.
 */
export class FetchRun implements PartitionListener {
  readonly #asked: FetchRequest;
  readonly #selection: Selection;
  readonly #context: RequestContext;
  readonly #fetches: readonly PartitionFetch[];
  readonly #stops: (() => void)[] = [];
  #wake: (() => void) | undefined;

  constructor(asked: FetchRequest, selection: Selection, context: RequestContext) {
    this.#asked = asked;
    this.#selection = selection;
    this.#context = context;
    const committedOnly = asked.isolationLevel === 1;
    const topics = new TopicFinder(context);
    this.#fetches = selection.wanted.map(
      (wanted) => new PartitionFetch(wanted, topics.find(wanted), committedOnly),
    );
  }

  answer(): MaybePromise<FetchResponse> {
    const { maxWaitMs, minBytes } = this.#asked;
    if (maxWaitMs > 0 && minBytes > 0 && this.#tooLittle(minBytes)) return this.#later();
    return this.#respond(0, [], this.#room, false);
  }

  /** Bytes that the response may have. */
  get #room(): number {
    const { options, unsent } = this.#context.broker;
    const left = Math.max(unsent.left, MIN_ROOM);
    return Math.min(this.#asked.maxBytes, options.maxFetchBytes, left);
  }

  /** Whether all that could be sent is less than the client wants at least, and nothing failed.
   * Bytes are estimated: how many a partition has is known, and not how many lie after an offset. */
  #tooLittle(minBytes: number): boolean {
    let bytes = 0;
    for (const fetch of this.#fetches) {
      if (fetch.failed) return false;
      bytes += fetch.available;
      if (bytes >= minBytes) return false;
    }
    return true;
  }

  async #later(): Promise<FetchResponse> {
    const { client } = this.#context;
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // Node keeps timers of one duration in one list: starting and ending one is cheap.
        const timer = setTimeout(resolve, Math.min(this.#asked.maxWaitMs, MAX_WAIT_MS));
        this.#stops.push(() => clearTimeout(timer), client.onEnd(resolve));
        for (const { partition } of this.#fetches) {
          if (partition !== undefined) this.#stops.push(partition.watch(this));
        }
      });
    } finally {
      this.#wake = undefined;
      for (const stop of this.#stops) stop();
    }
    return this.#respond(0, [], this.#room, false);
  }

  /** More may have been committed in this turn: what wakes goes on after it. */
  committed(): void {
    if (this.#wake !== undefined && !this.#tooLittle(this.#asked.minBytes)) this.#wake();
  }

  ended(): void {
    this.#wake?.();
  }

  /** Reads one partition after the other while there is room in the response. */
  #respond(
    start: number,
    answered: Answered[],
    room: number,
    began: boolean,
  ): MaybePromise<FetchResponse> {
    let left = room;
    let any = began;
    for (let index = start; index < this.#fetches.length; index++) {
      const fetch = this.#fetches[index]!;
      const read = fetch.read(left, any);
      if (isPromise(read)) {
        return read.then((answer) => {
          answered.push({ wanted: fetch.wanted, answer });
          const bytes = bytesOf(answer);
          return this.#respond(index + 1, answered, left - bytes, any || bytes > 0);
        });
      }
      answered.push({ wanted: fetch.wanted, answer: read });
      const bytes = bytesOf(read);
      left -= bytes;
      any ||= bytes > 0;
    }
    return this.#response(answered);
  }

  #response(answered: readonly Answered[]): FetchResponse {
    const { session, incremental } = this.#selection;
    const responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = [];
    for (const { wanted, answer } of answered) {
      const told = session?.tells(wanted, answer) ?? true;
      if (incremental && !told) continue;
      const { topic, topicId } = wanted;
      const last = responses.at(-1);
      if (last !== undefined && last.topic === topic && last.topicId === topicId) {
        last.partitions.push(answer);
      } else responses.push({ topic, topicId, partitions: [answer] });
    }
    return { errorCode: ERROR.NONE, sessionId: session?.id ?? 0, responses };
  }
}

function bytesOf({ records }: PartitionAnswer): number {
  let bytes = 0;
  for (const batch of records ?? []) bytes += batch.length;
  return bytes;
}

/** Looks each topic of a request up once. */
class TopicFinder {
  readonly #context: RequestContext;
  #last: Wanted | undefined;
  #found: ReturnType<typeof findTopic> | undefined;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  find(wanted: Wanted): Found<Partition> {
    const { topic, topicId, partition } = wanted;
    const last = this.#last;
    if (this.#found === undefined || last?.topic !== topic || last.topicId !== topicId) {
      this.#found = findTopic(this.#context, { name: topic, topicId }, 'read');
      this.#last = wanted;
    }
    return partitionOf(this.#found, partition);
  }
}
