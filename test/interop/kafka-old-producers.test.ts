import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { readBatch } from '../../src/formats/records/records.test-support.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { RawKafka } from './kafka-raw.ts';

/** Produce 0 to 2, as kafkajs writes them to brokers of that age. */
const require = createRequire(import.meta.url);
const frameOf = require('kafkajs/src/protocol/request');

const TIME = 1_700_000_000_000;
const GZIP = 1;
const CORRUPT_MESSAGE = 2;
const INVALID_RECORD = 87;

interface Answer {
  readonly topics: readonly {
    readonly partitions: readonly { readonly errorCode: number; readonly offset?: string }[];
  }[];
}

let hub: KafkaHub;
before(async () => {
  hub = await startKafkaHub({ streams: { old: {} } });
});
after(() => hub.stop());

async function produce(
  version: number,
  compression: number,
  change: (frame: Buffer) => void = () => {},
): Promise<Answer['topics'][number]['partitions'][number]> {
  const request = require(`kafkajs/src/protocol/requests/produce/v${version}/request`)({
    acks: -1,
    timeout: 1000,
    compression,
    topicData: [
      {
        topic: 'old',
        partitions: [
          {
            partition: 0,
            messages: [
              { key: 'k', value: `one ${version}`, timestamp: TIME },
              { key: null, value: 'two', timestamp: TIME + 1 },
            ],
          },
        ],
      },
    ],
  });
  const frame = await frameOf({ correlationId: 1, clientId: 'old', request });
  const raw = new RawKafka(hub.port);
  try {
    change(frame.buffer);
    const body = await raw.send(frame.buffer);
    const { decode } = require(`kafkajs/src/protocol/requests/produce/v${version}/response`);
    const answer = (await decode(body.subarray(4))) as Answer;
    return answer.topics[0]!.partitions[0]!;
  } finally {
    raw.socket.destroy();
  }
}

function stored() {
  const origin = { principal: LOCAL, meter: hub.hub.diagnostics.meter('test') };
  return hub.hub.streams!.get('old', 'read', origin).partitions[0]!;
}

describe('Kafka producers of before 0.11', () => {
  for (const [version, compression] of [
    [0, 0],
    [1, 0],
    [2, 0],
    [2, GZIP],
  ] as const) {
    it(`Produce ${version} is stored as a record batch, compression ${compression}`, async () => {
      const partition = stored();
      const start = partition.endOffset;
      const { errorCode, ...offsets } = await produce(version, compression);
      assert.equal(errorCode, 0);
      assert.equal(
        Number(offsets.offset ?? (offsets as { baseOffset?: string }).baseOffset),
        start,
      );
      const [batch] = await partition.read(start, 10_000);
      const time = version === 2 ? TIME : -1;
      assert.deepEqual(
        readBatch(batch!).map(({ offset, key, value, timeMs }) => [
          offset,
          key === null ? null : `${key}`,
          `${value}`,
          timeMs,
        ]),
        [
          [start, 'k', `one ${version}`, time],
          [start + 1, null, 'two', version === 2 ? TIME + 1 : -1],
        ],
      );
    });
  }

  it('what is broken is refused, and what is new as well', async () => {
    const broken = await produce(2, 0, (frame) => {
      frame[frame.length - 1]! ^= 1;
    });
    assert.equal(broken.errorCode, CORRUPT_MESSAGE);
    const magic = await produce(0, 0, (frame) => {
      const at = frame.indexOf('old', 20) + 3 + 4 + 4 + 4 + 16;
      frame[at] = 2;
    });
    assert.equal(magic.errorCode, INVALID_RECORD);
  });
});
