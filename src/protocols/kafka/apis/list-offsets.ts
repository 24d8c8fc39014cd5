import type { Partition } from '../../../hub/engine.ts';
import type { MaybePromise } from '../../../model/maybe-promise.ts';
import type { RequestContext } from '../context.ts';
import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { topicErrorOf } from '../faults.ts';
import { epochAt, epochError, findTopic, partitionOf } from '../topics.ts';
import { array, int8, int16, int32, int64, string } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';

/**
 * ListOffsets (2): offsets by time.
 *
 *     request  => replicaId isolationLevel(2) [name [partitionIndex currentLeaderEpoch(4) timestamp]]
 *                 timeoutMs(10)
 *     response => throttleTimeMs(2) [name [partitionIndex errorCode timestamp offset leaderEpoch(4)]]
 */
const request = message(6, {
  replicaId: int32,
  isolationLevel: int8.from(2),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      currentLeaderEpoch: int32.from(4).or(-1),
      timestamp: int64,
    }),
  }),
  timeoutMs: int32.from(10),
});

const response = message(6, {
  throttleTimeMs: int32.from(2),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      timestamp: int64.or(-1),
      offset: int64.or(-1),
      leaderEpoch: int32.from(4).or(-1),
    }),
  }),
});

/** Times that are none. */
const LATEST = -1;
const EARLIEST = -2;
/** The record with the largest time; from version 7. */
const MAX_TIMESTAMP = -3;
/** The first that is not only in remote storage; from version 8. */
const EARLIEST_LOCAL = -4;
/** The last in remote storage (version 9), the first that is to go there (version 11): there is
 * none. */
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;
const FIRST_VERSION: Readonly<Record<number, number>> = {
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [LATEST_TIERED]: 9,
  [EARLIEST_PENDING_UPLOAD]: 11,
};

type Request = Of<typeof request>;
type Asked = Request['topics'][number]['partitions'][number];
type Answer = Of<typeof response>['topics'][number]['partitions'][number];
type Found = { readonly offset: number; readonly timeMs: number } | undefined;

export const listOffsets = handler({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  request,
  response,
  async handle(asked, context) {
    const topics = asked.topics.map(async ({ name, partitions }) => {
      const topic = findTopic(context, { name }, 'read');
      const answers = partitions.map((one) => {
        const { value, error } = partitionOf(topic, one.partitionIndex);
        return value === undefined
          ? failed(one, error)
          : answer(value, one, asked.isolationLevel === 1, context);
      });
      return { name, partitions: await Promise.all(answers) };
    });
    return { topics: await Promise.all(topics) };
  },
});

function failed({ partitionIndex }: Asked, errorCode: number): Answer {
  return { partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

async function answer(
  partition: Partition,
  asked: Asked,
  committedOnly: boolean,
  { version }: RequestContext,
): Promise<Answer> {
  const { partitionIndex, currentLeaderEpoch, timestamp } = asked;
  const error = epochError(partition, currentLeaderEpoch);
  if (error !== ERROR.NONE) return failed(asked, error);
  if (version < (FIRST_VERSION[timestamp] ?? 0)) {
    return failed(asked, ERROR.UNSUPPORTED_VERSION);
  }
  const end = committedOnly ? partition.stableOffset : partition.endOffset;
  const at = (offset: number, timeMs: number, leaderEpoch: number): Answer => ({
    partitionIndex,
    errorCode: ERROR.NONE,
    timestamp: timeMs,
    offset,
    leaderEpoch,
  });
  if (timestamp === LATEST) return at(end, -1, partition.epoch);
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) {
    const start = partition.startOffset;
    return at(start, -1, epochAt(partition, start));
  }
  try {
    const found = await byTime(partition, timestamp);
    if (found === undefined || found.offset >= end) return failed(asked, ERROR.NONE);
    return at(found.offset, found.timeMs, epochAt(partition, found.offset));
  } catch (thrown) {
    return failed(asked, topicErrorOf(thrown));
  }
}

function byTime(partition: Partition, timestamp: number): MaybePromise<Found> {
  if (timestamp === MAX_TIMESTAMP) return partition.latestTime();
  if (timestamp === LATEST_TIERED || timestamp === EARLIEST_PENDING_UPLOAD) return undefined;
  return partition.offsetAtTime(Math.max(0, timestamp));
}
