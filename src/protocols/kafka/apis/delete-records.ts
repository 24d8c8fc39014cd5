import type { Partition } from '../../../hub/engine.ts';
import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { topicErrorOf } from '../faults.ts';
import { findTopic, partitionOf } from '../topics.ts';
import { array, int16, int32, int64, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * DeleteRecords (21): gives up what lies before an offset; -1 is the end.
 *
 *     request  => [name [partitionIndex offset]] timeoutMs
 *     response => throttleTimeMs [name [partitionIndex lowWatermark errorCode]]
 */
const request = message(2, {
  topics: array({ name: string, partitions: array({ partitionIndex: int32, offset: int64 }) }),
  timeoutMs: int32,
});

const response = message(2, {
  throttleTimeMs: int32,
  topics: array({
    name: string,
    partitions: array({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 }),
  }),
});

const NO_WATERMARK = -1;

export const deleteRecords = handler({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  request,
  response,
  async handle(asked, context) {
    const topics = asked.topics.map(async ({ name, partitions }) => {
      const topic = findTopic(context, { name }, 'manage');
      const answers = partitions.map(async ({ partitionIndex, offset }) => {
        const { value, error } = partitionOf(topic, partitionIndex);
        if (value === undefined) {
          return { partitionIndex, errorCode: error, lowWatermark: NO_WATERMARK };
        }
        return { partitionIndex, ...(await trim(value, offset)) };
      });
      return { name, partitions: await Promise.all(answers) };
    });
    return { topics: await Promise.all(topics) };
  },
});

async function trim(partition: Partition, offset: number) {
  const before = offset === -1 ? partition.endOffset : offset;
  if (before < 0 || before > partition.endOffset) {
    return { errorCode: ERROR.OFFSET_OUT_OF_RANGE, lowWatermark: NO_WATERMARK };
  }
  try {
    const lowWatermark =
      before <= partition.startOffset ? partition.startOffset : await partition.trim(before);
    return { errorCode: ERROR.NONE, lowWatermark };
  } catch (thrown) {
    return { errorCode: topicErrorOf(thrown), lowWatermark: NO_WATERMARK };
  }
}
