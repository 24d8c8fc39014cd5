import type { Stream } from '../../../hub/engine.ts';
import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { seeTopic } from '../topics.ts';
import { array, bool, int16, int32, int64, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * DescribeLogDirs (35): how large partitions are; of all topics with null.
 *
 *     request  => [topic [partition]]?
 *     response => throttleTimeMs errorCode(3) [errorCode logDir [name [partitionIndex partitionSize
 *                 offsetLag isFutureKey]] totalBytes(4) usableBytes(4)]
 */
const request = message(2, {
  topics: array({ topic: string, partitions: array(int32) }).nullable(),
});

const response = message(2, {
  throttleTimeMs: int32,
  errorCode: int16.from(3),
  results: array({
    errorCode: int16,
    logDir: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        partitionSize: int64,
        offsetLag: int64,
        isFutureKey: bool,
      }),
    }),
    totalBytes: int64.from(4).or(-1),
    usableBytes: int64.from(4).or(-1),
  }),
});

/** The folder is the engine's own matter: it has this name here. */
const LOG_DIRECTORY = '/log';

export const describeLogDirs = handler({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 4],
  request,
  response,
  handle({ topics }, context) {
    const described =
      topics === null
        ? context.broker.streams.list(context.client.origin).map((stream) => describe(stream))
        : topics.flatMap(({ topic, partitions }) => {
            const { value } = seeTopic(context, { name: topic });
            return value === undefined ? [] : [describe(value, new Set(partitions))];
          });
    return { results: [{ errorCode: ERROR.NONE, logDir: LOG_DIRECTORY, topics: described }] };
  },
});

function describe({ name, partitions }: Stream, wanted?: ReadonlySet<number>) {
  return {
    name,
    partitions: partitions
      .filter(({ index }) => wanted?.has(index) ?? true)
      .map(({ index, bytes }) => ({ partitionIndex: index, partitionSize: bytes })),
  };
}
