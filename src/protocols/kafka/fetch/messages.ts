import {
  array,
  bigint64,
  type Draft,
  int8,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  uuid,
} from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';

/**
 * Fetch (1): records of partitions, from an offset each. Stored batches go out as they are: whole,
 * and the first one from the batch that holds the offset.
 *
 *     request  => replicaId(4-14) maxWaitMs minBytes maxBytes isolationLevel sessionId(7)
 *                 sessionEpoch(7) [topic(4-12) topicId(13) [partition currentLeaderEpoch(9)
 *                 fetchOffset lastFetchedEpoch(12) logStartOffset(5) partitionMaxBytes
 *                 replicaDirectoryId(17, tag 0) highWatermark(18, tag 1)]]
 *                 [topic(7-12) topicId(13) [partition]](7) rackId(11)
 *                 clusterId(12, tag 0) replicaState(15, tag 1)
 *     response => throttleTimeMs errorCode(7) sessionId(7) [topic(4-12) topicId(13)
 *                 [partitionIndex errorCode highWatermark lastStableOffset logStartOffset(5)
 *                 [producerId firstOffset]? preferredReadReplica(11) records
 *                 divergingEpoch(12, tag 0) currentLeader(12, tag 1) snapshotId(12, tag 2)]]
 *                 nodeEndpoints(16, tag 0)
 */
export const request = message(12, {
  clusterId: string.from(12).nullable().or(null).tag(0),
  replicaId: int32.until(14).or(-1),
  replicaState: struct({ replicaId: int32.or(-1), replicaEpoch: int64.or(-1) })
    .from(15)
    .tag(1),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32.or(0x7f_ff_ff_ff),
  isolationLevel: int8,
  sessionId: int32.from(7),
  sessionEpoch: int32.from(7).or(-1),
  topics: array({
    topic: string.until(12),
    topicId: uuid.from(13),
    partitions: array({
      partition: int32,
      currentLeaderEpoch: int32.from(9).or(-1),
      fetchOffset: int64,
      lastFetchedEpoch: int32.from(12).or(-1),
      logStartOffset: int64.from(5).or(-1),
      partitionMaxBytes: int32,
      replicaDirectoryId: uuid.from(17).tag(0),
      highWatermark: bigint64.from(18).or(0x7f_ff_ff_ff_ff_ff_ff_ffn).tag(1),
    }),
  }),
  forgottenTopicsData: array({
    topic: string.until(12),
    topicId: uuid.from(13),
    partitions: array(int32),
  }).from(7),
  rackId: string.from(11),
});

export const response = message(12, {
  throttleTimeMs: int32,
  errorCode: int16.from(7),
  sessionId: int32.from(7),
  responses: array({
    topic: string.until(12),
    topicId: uuid.from(13),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      highWatermark: int64,
      lastStableOffset: int64.or(-1),
      logStartOffset: int64.from(5).or(-1),
      divergingEpoch: struct({ epoch: int32.or(-1), endOffset: int64.or(-1) })
        .from(12)
        .tag(0),
      currentLeader: struct({ leaderId: int32.or(-1), leaderEpoch: int32.or(-1) })
        .from(12)
        .tag(1),
      snapshotId: struct({ endOffset: int64.or(-1), epoch: int32.or(-1) })
        .from(12)
        .tag(2),
      abortedTransactions: array({ producerId: bigint64, firstOffset: int64 }).nullable(),
      preferredReadReplica: int32.from(11).or(-1),
      records: records.nullable(),
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().or(null),
  })
    .from(16)
    .tag(0),
});

export type FetchRequest = Of<typeof request>;
export type FetchResponse = Draft<Of<typeof response>>;
export type PartitionAnswer = NonNullable<
  NonNullable<FetchResponse['responses']>[number]['partitions']
>[number];
