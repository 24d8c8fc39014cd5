import { array, bytes, int16, int32, int64, string, struct, uuid } from '../wire/fields.ts';
import { message, type Of } from '../wire/message.ts';

/**
 * Produce (0): record batches for partitions. Each is a view into the request, which becomes the
 * log's. Before version 3 they are message sets of formats 0 and 1.
 *
 *     request  => transactionalId(3) acks timeoutMs [name(3-12) topicId(13) [index records]]
 *     response => [name(3-12) topicId(13) [index errorCode baseOffset logAppendTimeMs(2)
 *                 logStartOffset(5) [batchIndex batchIndexErrorMessage](8) errorMessage(8)
 *                 currentLeader(10, tag 0)]] throttleTimeMs(1) nodeEndpoints(10, tag 0)
 */
export const request = message(9, {
  transactionalId: string.from(3).nullable().or(null),
  acks: int16,
  timeoutMs: int32,
  topicData: array({
    name: string.until(12),
    topicId: uuid.from(13),
    partitionData: array({ index: int32, records: bytes.nullable() }),
  }),
});

export const response = message(9, {
  responses: array({
    name: string.until(12),
    topicId: uuid.from(13),
    partitionResponses: array({
      index: int32,
      errorCode: int16,
      baseOffset: int64,
      logAppendTimeMs: int64.from(2).or(-1),
      logStartOffset: int64.from(5).or(-1),
      recordErrors: array({
        batchIndex: int32,
        batchIndexErrorMessage: string.nullable().or(null),
      }).from(8),
      errorMessage: string.from(8).nullable().or(null),
      currentLeader: struct({ leaderId: int32.or(-1), leaderEpoch: int32.or(-1) })
        .from(10)
        .tag(0),
    }),
  }),
  throttleTimeMs: int32.from(1),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().or(null),
  })
    .from(10)
    .tag(0),
});

export type ProduceRequest = Of<typeof request>;

export interface ProduceResponse {
  readonly responses: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitionResponses: readonly {
      readonly index: number;
      readonly errorCode: number;
      readonly baseOffset: number;
      readonly logAppendTimeMs: number;
      readonly logStartOffset: number;
      readonly errorMessage: string | null;
    }[];
  }[];
}
