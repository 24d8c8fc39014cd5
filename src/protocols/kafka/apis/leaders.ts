import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { findTopic, partitionOf } from '../topics.ts';
import { array, int8, int16, int32, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * ElectLeaders (43): one broker leads every partition, so that there is never anything to elect.
 *
 *     request  => electionType(1) [topic [partition]]? timeoutMs
 *     response => throttleTimeMs errorCode(1) [topic [partitionId errorCode errorMessage]]
 */
export const electLeaders = handler({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  request: message(2, {
    electionType: int8.from(1),
    topicPartitions: array({ topic: string, partitions: array(int32) }).nullable(),
    timeoutMs: int32.or(60_000),
  }),
  response: message(2, {
    throttleTimeMs: int32,
    errorCode: int16.from(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: string.nullable().or(null),
      }),
    }),
  }),
  handle: ({ topicPartitions }, context) => ({
    // Of all partitions, only those would be listed that an election changed.
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => {
      const found = findTopic(context, { name: topic }, 'manage');
      return {
        topic,
        partitionResult: partitions.map((partitionId) => {
          const { error } = partitionOf(found, partitionId);
          return error === ERROR.NONE
            ? {
                partitionId,
                errorCode: ERROR.ELECTION_NOT_NEEDED,
                errorMessage: 'The one broker leads this partition.',
              }
            : { partitionId, errorCode: error };
        }),
      };
    }),
  }),
});

/**
 * ListPartitionReassignments (46): with one broker there are none.
 *
 *     request  => timeoutMs [name [partitionIndex]]?
 *     response => throttleTimeMs errorCode errorMessage [name [partitionIndex [replica]
 *                 [addingReplica] [removingReplica]]]
 */
export const listPartitionReassignments = handler({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  request: message(0, {
    timeoutMs: int32.or(60_000),
    topics: array({ name: string, partitionIndexes: array(int32) })
      .nullable()
      .or(null),
  }),
  response: message(0, {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  }),
  handle: () => ({}),
});
