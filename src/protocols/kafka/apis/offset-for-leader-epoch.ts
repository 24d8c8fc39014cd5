import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { epochError, findTopic, partitionOf } from '../topics.ts';
import { array, int16, int32, int64, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * OffsetForLeaderEpoch (23): where the records of an epoch end, by which clients see that records
 * they had read were lost.
 *
 *     request  => replicaId(3) [topic [partition currentLeaderEpoch leaderEpoch]]
 *     response => throttleTimeMs [topic [errorCode partition leaderEpoch endOffset]]
 */
const request = message(4, {
  replicaId: int32.from(3).or(-2),
  topics: array({
    topic: string,
    partitions: array({
      partition: int32,
      currentLeaderEpoch: int32.or(-1),
      leaderEpoch: int32,
    }),
  }),
});

const response = message(4, {
  throttleTimeMs: int32,
  topics: array({
    topic: string,
    partitions: array({
      errorCode: int16,
      partition: int32,
      leaderEpoch: int32.or(-1),
      endOffset: int64.or(-1),
    }),
  }),
});

export const offsetForLeaderEpoch = handler({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  request,
  response,
  handle: ({ topics }, context) => ({
    topics: topics.map(({ topic, partitions }) => {
      const found = findTopic(context, { name: topic }, 'read');
      return {
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
          const { value, error } = partitionOf(found, partition);
          if (value === undefined) return { errorCode: error, partition };
          const stale = epochError(value, currentLeaderEpoch);
          if (stale !== ERROR.NONE) return { errorCode: stale, partition };
          if (leaderEpoch < 0 || leaderEpoch > value.epoch) return { partition };
          const { epoch, endOffset } = value.epochEnd(leaderEpoch);
          return { partition, leaderEpoch: epoch, endOffset };
        }),
      };
    }),
  }),
});
