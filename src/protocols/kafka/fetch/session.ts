import { ERROR, type KafkaError } from '../errors.ts';
import { ZERO_UUID } from '../wire/reader.ts';
import type { FetchRequest, PartitionAnswer } from './messages.ts';

/** A partition that is fetched, as the client last asked for it. */
export interface Wanted {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
}

/** What the client was last told of a partition in a session. */
interface Told {
  highWatermark: number;
  logStartOffset: number;
}

/** The partitions that a request means, in the order in which they are served. */
export interface Selection {
  readonly wanted: readonly Wanted[];
  /** Undefined for a request outside of sessions. */
  readonly session: FetchSession | undefined;
  /** Only what changed is answered. */
  readonly incremental: boolean;
}

/** Partitions of one session; it is forgotten past them, and the client begins anew. */
const MAX_PARTITIONS = 100_000;

const FULL = -1;
const FIRST = 0;

/**
 * Fetch sessions (KIP-227): the client names its partitions once, then only what changes; it is
 * answered only what changed. A session belongs to its connection; one that comes back on another
 * begins anew, as it does when a broker has forgotten its session.
 */
export class FetchSessions {
  readonly #sessions = new Map<number, FetchSession>();
  readonly #slots: SessionSlots;

  constructor(slots: SessionSlots) {
    this.#slots = slots;
  }

  /** @returns an error for the whole response, where the request does not fit its session */
  select(asked: FetchRequest): Selection | KafkaError {
    const { sessionId, sessionEpoch } = asked;
    if (sessionEpoch === FULL || sessionEpoch === FIRST) {
      this.#drop(sessionId);
      const wanted = [...wantedOf(asked)];
      const session = sessionEpoch === FIRST ? this.#open(wanted) : undefined;
      return { wanted, session, incremental: false };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return ERROR.FETCH_SESSION_ID_NOT_FOUND;
    const error = session.update(asked);
    if (error !== ERROR.NONE) return error;
    if (session.size > MAX_PARTITIONS) {
      this.#drop(sessionId);
      return ERROR.FETCH_SESSION_ID_NOT_FOUND;
    }
    return { wanted: session.wanted(), session, incremental: true };
  }

  close(): void {
    for (const id of [...this.#sessions.keys()]) this.#drop(id);
  }

  #open(wanted: readonly Wanted[]): FetchSession | undefined {
    const tooMany = wanted.length > MAX_PARTITIONS;
    if (wanted.length === 0 || tooMany || !this.#slots.take()) return undefined;
    let id: number;
    do id = 1 + Math.floor(Math.random() * 0x7f_ff_ff_fe);
    while (this.#sessions.has(id));
    const session = new FetchSession(id, wanted);
    this.#sessions.set(id, session);
    return session;
  }

  #drop(id: number): void {
    if (this.#sessions.delete(id)) this.#slots.give();
  }
}

/** How many sessions all connections may have together. */
export class SessionSlots {
  #left: number;

  constructor(count: number) {
    this.#left = count;
  }

  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }

  give(): void {
    this.#left++;
  }
}

export class FetchSession {
  readonly id: number;
  readonly #byId: boolean;
  #epoch = 1;
  /** In the order in which they are served: those that got records go to the end. */
  readonly #partitions = new Map<string, { wanted: Wanted; told: Told | undefined }>();

  constructor(id: number, wanted: readonly Wanted[]) {
    this.id = id;
    this.#byId = wanted[0]!.topicId !== ZERO_UUID;
    for (const one of wanted) this.#partitions.set(keyOf(one), { wanted: one, told: undefined });
  }

  get size(): number {
    return this.#partitions.size;
  }

  wanted(): Wanted[] {
    return [...this.#partitions.values()].map(({ wanted }) => wanted);
  }

  update(asked: FetchRequest): KafkaError {
    if (asked.sessionEpoch !== this.#epoch) return ERROR.INVALID_FETCH_SESSION_EPOCH;
    const wanted = [...wantedOf(asked)];
    if (wanted.some(({ topicId }) => (topicId !== ZERO_UUID) !== this.#byId)) {
      return ERROR.FETCH_SESSION_TOPIC_ID_ERROR;
    }
    this.#epoch = this.#epoch === 0x7f_ff_ff_ff ? 1 : this.#epoch + 1;
    for (const one of wanted) {
      const known = this.#partitions.get(keyOf(one));
      if (known === undefined) this.#partitions.set(keyOf(one), { wanted: one, told: undefined });
      else known.wanted = one;
    }
    for (const { topic, topicId, partitions } of asked.forgottenTopicsData) {
      for (const partition of partitions) {
        this.#partitions.delete(keyOf({ topic, topicId, partition }));
      }
    }
    return ERROR.NONE;
  }

  /** Whether the client has to be told this; it is remembered as told. */
  tells(wanted: Wanted, answer: PartitionAnswer): boolean {
    const key = keyOf(wanted);
    const known = this.#partitions.get(key);
    if (known === undefined) return true;
    const { errorCode = 0, highWatermark = -1, logStartOffset = -1, records } = answer;
    const { told } = known;
    const hasRecords = (records?.length ?? 0) > 0;
    if (hasRecords) {
      this.#partitions.delete(key);
      this.#partitions.set(key, known);
    }
    // After an error everything is news.
    known.told = errorCode === ERROR.NONE ? { highWatermark, logStartOffset } : undefined;
    return (
      hasRecords ||
      errorCode !== ERROR.NONE ||
      answer.divergingEpoch !== undefined ||
      told === undefined ||
      told.highWatermark !== highWatermark ||
      told.logStartOffset !== logStartOffset
    );
  }
}

function* wantedOf({ topics }: FetchRequest): Iterable<Wanted> {
  for (const { topic, topicId, partitions } of topics) {
    for (const one of partitions) yield { ...one, topic, topicId };
  }
}

function keyOf(one: Pick<Wanted, 'topic' | 'topicId' | 'partition'>): string {
  return `${one.topicId === ZERO_UUID ? one.topic : one.topicId}/${one.partition}`;
}
