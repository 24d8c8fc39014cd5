import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BATCH, nextOffsetOf } from '../../src/formats/records/batch.ts';
import { buildBatch, readBatch } from '../../src/formats/records/records.test-support.ts';
import type { Partition, Stream } from '../../src/hub/engine.ts';
import { ERROR } from '../../src/protocols/kafka/errors.ts';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { RawKafka } from './kafka-raw.ts';
import { until } from './until.ts';

const FETCH = 1;
const FULL = { sessionId: 0, sessionEpoch: -1 };

interface Asked {
  readonly partition?: number;
  readonly fetchOffset: number;
  readonly partitionMaxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
}

describe('Fetch', () => {
  let hub: KafkaHub;
  let client: RawKafka;
  let stream: Stream;

  before(async () => {
    hub = await startKafkaHub({ kafka: { fetchSessions: 2 } });
    client = new RawKafka(hub.port);
  });

  after(async () => {
    client.end();
    await hub.stop();
  });

  async function topic(name: string, partitions = 1): Promise<readonly Partition[]> {
    const request = { topics: [{ name, numPartitions: partitions, replicationFactor: 1 }] };
    const { topics } = await client.call(19, 7, { ...request, timeoutMs: 1000 });
    assert.equal(topics[0].errorCode, ERROR.NONE, topics[0].errorMessage);
    const { streams } = hub.hub;
    const meter = hub.hub.diagnostics.meter('kafka');
    const principal = { id: 'test', authenticated: true, scopes: new Set(['*']) };
    stream = streams!.get(name, 'read', { principal, meter });
    return stream.partitions;
  }

  function request(asked: readonly Asked[], more: object = {}) {
    const partitions = asked.map((one) => ({
      partition: 0,
      partitionMaxBytes: 1_000_000,
      ...one,
    }));
    return {
      maxWaitMs: 60_000,
      minBytes: 1,
      maxBytes: 10_000_000,
      ...FULL,
      topics: [{ topic: stream.name, topicId: stream.id, partitions }],
      ...more,
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  function partitionsOf(answer: { responses: { partitions: any[] }[] }): any[] {
    return answer.responses.flatMap(({ partitions }) => partitions);
  }

  async function append(partition: Partition, ...values: string[]): Promise<void> {
    for (const value of values) {
      const record = { key: null, value: Buffer.from(value), headers: [], timeMs: 1 };
      await partition.append(buildBatch([record]));
    }
  }

  /** The values of all batches. */
  function valuesOf(records: readonly Buffer[]): string[] {
    const bytes = Buffer.concat(records);
    const values: string[] = [];
    for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
      for (const { value } of readBatch(bytes, at)) values.push(String(value));
    }
    return values;
  }

  it('answers at once what is there, in every version that clients speak', async () => {
    const [partition] = await topic('versions');
    await append(partition!, 'one', 'two');
    for (let version = 4; version <= 18; version++) {
      const answer = await client.call(FETCH, version, request([{ fetchOffset: 0 }]));
      const [{ records, highWatermark, lastStableOffset, errorCode }] = partitionsOf(answer);
      assert.equal(errorCode, ERROR.NONE);
      assert.deepEqual(valuesOf(records), ['one', 'two'], `version ${version}`);
      assert.deepEqual([highWatermark, lastStableOffset], [2, 2]);
      const [{ topic: name, topicId }] = answer.responses;
      assert.equal(version < 13 ? name : topicId, version < 13 ? stream.name : stream.id);
    }
  });

  it('waits for an append to any of its partitions', async () => {
    const partitions = await topic('waits', 3);
    const meter = hub.hub.diagnostics.meter('kafka');
    const { received } = meter;
    const asked = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 0 }));
    const poll = client.call(FETCH, 12, request(asked));
    await until('the poll has come', () => meter.received > received);
    await append(partitions[1]!, 'woken');
    const answer = partitionsOf(await poll);
    assert.deepEqual(
      answer.flatMap(({ records }) => valuesOf(records)),
      ['woken'],
    );
  });

  it('waits no longer than it is told, and answers an empty response then', async () => {
    await topic('empty');
    const answer = await client.call(FETCH, 12, request([{ fetchOffset: 0 }], { maxWaitMs: 20 }));
    const [{ records, errorCode }] = partitionsOf(answer);
    assert.deepEqual([errorCode, Buffer.concat(records).length], [ERROR.NONE, 0]);
    const now = await client.call(FETCH, 12, request([{ fetchOffset: 0 }], { maxWaitMs: 0 }));
    assert.equal(partitionsOf(now)[0].errorCode, ERROR.NONE);
  });

  it('waits for the fewest bytes that it is told', async () => {
    const [partition] = await topic('min-bytes');
    const poll = client.call(FETCH, 12, request([{ fetchOffset: 0 }], { minBytes: 1_000 }));
    let done = false;
    void poll.then(() => (done = true));
    for (let round = 0; !done; round++) {
      await append(partition!, 'x'.repeat(100));
      assert.ok(round < 50, 'it is answered at last');
    }
    const [{ records }] = partitionsOf(await poll);
    assert.ok(Buffer.concat(records).length >= 1_000);
  });

  it('keeps to its limits, but one batch goes out however large it is', async () => {
    const partitions = await topic('limits', 3);
    for (const partition of partitions) {
      await append(partition, 'a'.repeat(5_000), 'b'.repeat(5_000), 'c'.repeat(5_000));
    }
    const asked = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 0 }));
    const bytesOf = (answer: Parameters<typeof partitionsOf>[0]): number[] =>
      partitionsOf(answer).map(({ records }) => Buffer.concat(records).length);
    const [first, ...others] = bytesOf(
      await client.call(FETCH, 12, request(asked, { maxBytes: 100 })),
    );
    assert.ok(first! > 5_000 && first! < 10_000);
    assert.deepEqual(others, [0, 0]);
    const limited = bytesOf(
      await client.call(
        FETCH,
        12,
        request(asked.map((one) => ({ ...one, partitionMaxBytes: 5_500 }))),
      ),
    );
    for (const bytes of limited) assert.ok(bytes > 5_000 && bytes < 10_000, `${bytes}`);
    const all = bytesOf(await client.call(FETCH, 12, request(asked, { maxBytes: 11_000 })));
    assert.ok(all.reduce((sum, bytes) => sum + bytes) <= 11_000, `${all}`);
  });

  it('is answered with little while clients are slow to take what waits for them', async (context) => {
    const own = await startKafkaHub({ kafka: { maxUnsentBytes: 41_000_000 } });
    context.after(() => own.stop());
    const [slow, quick] = [new RawKafka(own.port), new RawKafka(own.port)];
    const name = 'slow';
    await quick.call(19, 5, {
      topics: [{ name, numPartitions: 40, replicationFactor: 1 }],
      timeoutMs: 1000,
    });
    const value = Buffer.alloc(1_000_000, 'x');
    const records = buildBatch([{ key: null, value, headers: [], timeMs: Date.now() }]);
    const partitions = Array.from({ length: 40 }, (_, partition) => ({
      partition,
      fetchOffset: 0,
      partitionMaxBytes: 2_000_000,
    }));
    for (const { partition } of partitions) {
      const topicData = [{ name, partitionData: [{ index: partition, records }] }];
      await quick.call(0, 7, { acks: -1, timeoutMs: 1000, topicData });
    }
    const all = {
      maxWaitMs: 1_000,
      minBytes: 1,
      maxBytes: 50_000_000,
      topics: [{ topic: name, partitions }],
    };
    const bytesOf = (answer: Parameters<typeof partitionsOf>[0]): number =>
      partitionsOf(answer).reduce((sum, { records: [one] }) => sum + one.length, 0);
    slow.socket.pause();
    // The operating system takes the first ones.
    const waiting = [1, 2, 3].map(() => slow.send(slow.encode(FETCH, 11, all)));
    let little = 50_000_000;
    while (little > 2_000_000) little = bytesOf(await quick.call(FETCH, 11, all));
    assert.ok(little >= 1_000_000, 'one batch at least');
    slow.socket.resume();
    for (const answer of waiting) {
      assert.ok(bytesOf(slow.decode(FETCH, 11, await answer)) >= 1_000_000);
    }
    while (bytesOf(await quick.call(FETCH, 11, all)) < 40_000_000);
    slow.end();
    quick.end();
  });

  it('starts with the batch that holds the offset', async () => {
    const [partition] = await topic('middle');
    const records = ['a', 'b', 'c'].map((value) => ({
      key: null,
      value: Buffer.from(value),
      headers: [],
      timeMs: 1,
    }));
    await partition!.append(buildBatch(records));
    const [answer] = partitionsOf(await client.call(FETCH, 12, request([{ fetchOffset: 2 }])));
    assert.deepEqual(valuesOf(answer.records), ['a', 'b', 'c']);
    assert.equal(nextOffsetOf(Buffer.concat(answer.records)), 3);
  });

  it('refuses what is not there, each partition by itself', async () => {
    const [partition] = await topic('errors');
    await append(partition!, 'one');
    const errorsOf = async (version: number, asked: Asked[], more: object = {}) =>
      partitionsOf(await client.call(FETCH, version, request(asked, more))).map(
        ({ errorCode }) => errorCode,
      );
    assert.deepEqual(
      await errorsOf(12, [
        { fetchOffset: 5 },
        { partition: 9, fetchOffset: 0 },
        { fetchOffset: 0, currentLeaderEpoch: 7 },
        { fetchOffset: -1 },
      ]),
      [
        ERROR.OFFSET_OUT_OF_RANGE,
        ERROR.UNKNOWN_TOPIC_OR_PARTITION,
        ERROR.UNKNOWN_LEADER_EPOCH,
        ERROR.OFFSET_OUT_OF_RANGE,
      ],
    );
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }];
    const unknown = [
      { topic: 'nowhere', topicId: `${'12'.repeat(4)}-1212-1212-1212-121212121212`, partitions },
    ];
    assert.deepEqual(await errorsOf(12, [], { topics: unknown }), [
      ERROR.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    assert.deepEqual(await errorsOf(13, [], { topics: unknown }), [ERROR.UNKNOWN_TOPIC_ID]);
  });

  it('tells a client with records of an epoch that never was where to cut', async () => {
    const [partition] = await topic('diverged');
    await append(partition!, 'one');
    const asked = [{ fetchOffset: 1, lastFetchedEpoch: partition!.epoch + 3 }];
    const [answer] = partitionsOf(await client.call(FETCH, 12, request(asked)));
    assert.deepEqual(answer.divergingEpoch, { epoch: partition!.epoch, endOffset: 1 });
  });

  it('with read_committed ends before an open transaction, and lists what was aborted', async () => {
    const [partition] = await topic('transactions');
    const transactional = (value: string, baseSequence: number): Buffer =>
      buildBatch([{ key: null, value: Buffer.from(value), headers: [], timeMs: 1 }], {
        producerId: 77n,
        producerEpoch: 0,
        baseSequence,
        transactional: true,
      });
    await append(partition!, 'plain');
    await partition!.append(transactional('aborted', 0));
    const committed = { isolationLevel: 1, maxWaitMs: 0 };
    const open = await client.call(FETCH, 12, request([{ fetchOffset: 0 }], committed));
    assert.deepEqual(valuesOf(partitionsOf(open)[0].records), ['plain']);
    assert.equal(partitionsOf(open)[0].lastStableOffset, 1);
    assert.equal(partitionsOf(open)[0].highWatermark, 2);
    const poll = client.call(FETCH, 12, request([{ fetchOffset: 1 }], { isolationLevel: 1 }));
    await partition!.writeMarker({
      producerId: 77n,
      producerEpoch: 0,
      commit: false,
      coordinatorEpoch: 0,
    });
    const [answer] = partitionsOf(await poll);
    assert.equal(answer.lastStableOffset, 3);
    assert.deepEqual(answer.abortedTransactions, [{ producerId: 77n, firstOffset: 1 }]);
    const all = await client.call(FETCH, 12, request([{ fetchOffset: 0 }], { maxWaitMs: 0 }));
    assert.equal(partitionsOf(all)[0].abortedTransactions, null);
  });

  describe('sessions', () => {
    it('answer only what changed, in turn, and know what was forgotten', async () => {
      const partitions = await topic('session', 3);
      for (const partition of partitions) await append(partition, 'first');
      const asked = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 0 }));
      const began = await client.call(FETCH, 13, request(asked, { sessionId: 0, sessionEpoch: 0 }));
      assert.notEqual(began.sessionId, 0);
      assert.equal(partitionsOf(began).length, 3);
      let epoch = 0;
      const next = async (changed: Asked[], more: object = {}) => {
        const { topics } = request(changed);
        const session = { sessionId: began.sessionId, sessionEpoch: ++epoch, maxWaitMs: 0 };
        const used = changed.length === 0 ? [] : topics;
        return client.call(FETCH, 13, request([], { ...session, topics: used, ...more }));
      };
      const read = asked.map((one) => ({ ...one, fetchOffset: 1 }));
      assert.deepEqual(partitionsOf(await next(read)), []);
      await append(partitions[1]!, 'second');
      const [only, ...more] = partitionsOf(await next([]));
      assert.deepEqual(more, []);
      assert.equal(only.partitionIndex, 1);
      assert.deepEqual(valuesOf(only.records), ['second']);
      await append(partitions[0]!, 'second');
      await append(partitions[2]!, 'second');
      const forgottenTopicsData = [{ topic: 'session', topicId: stream.id, partitions: [2] }];
      const left = partitionsOf(
        await next([{ partition: 1, fetchOffset: 2 }], { forgottenTopicsData }),
      );
      assert.deepEqual(
        left.map(({ partitionIndex }) => partitionIndex),
        [0],
      );
      const wrong = await client.call(
        FETCH,
        13,
        request([], { sessionId: began.sessionId, sessionEpoch: 99, topics: [] }),
      );
      assert.equal(wrong.errorCode, ERROR.INVALID_FETCH_SESSION_EPOCH);
      // Its last request closes it.
      await client.call(
        FETCH,
        13,
        request(asked, { sessionId: began.sessionId, sessionEpoch: -1 }),
      );
      assert.equal((await next([])).errorCode, ERROR.FETCH_SESSION_ID_NOT_FOUND);
    });

    it('are refused past their number, and whole requests go on', async () => {
      const [partition] = await topic('slots');
      await append(partition!, 'one');
      const begin = request([{ fetchOffset: 0 }], { sessionId: 0, sessionEpoch: 0 });
      const ids: number[] = [];
      for (let index = 0; index < 3; index++) {
        ids.push((await client.call(FETCH, 13, begin)).sessionId);
      }
      assert.deepEqual(
        ids.map((id) => id > 0),
        [true, true, false],
      );
      const other = new RawKafka(hub.port);
      assert.equal((await other.call(FETCH, 13, begin)).sessionId, 0);
      client.end();
      await client.untilClosed();
      client = new RawKafka(hub.port);
      let id = 0;
      while (id === 0) id = (await other.call(FETCH, 13, begin)).sessionId;
      other.end();
    });

    it('never starve a partition behind busy ones', async () => {
      const partitions = await topic('fair', 4);
      for (const partition of partitions) {
        for (let round = 0; round < 5; round++) await append(partition, 'x'.repeat(4_000));
      }
      const offsets = [0, 0, 0, 0];
      const asked = (): Asked[] =>
        offsets.map((fetchOffset, partition) => ({ partition, fetchOffset }));
      const limits = { maxBytes: 4_200, maxWaitMs: 0 };
      let answer = await client.call(
        FETCH,
        12,
        request(asked(), { sessionId: 0, sessionEpoch: 0, ...limits }),
      );
      const { sessionId } = answer;
      assert.notEqual(sessionId, 0);
      for (let epoch = 1; epoch <= 12; epoch++) {
        for (const { partitionIndex, records } of partitionsOf(answer)) {
          const bytes = Buffer.concat(records);
          if (bytes.length > BATCH.records) offsets[partitionIndex] = nextOffsetOf(bytes);
        }
        answer = await client.call(
          FETCH,
          12,
          request(asked(), { sessionId, sessionEpoch: epoch, ...limits }),
        );
      }
      assert.ok(Math.max(...offsets) - Math.min(...offsets) <= 1, `${offsets}`);
      assert.ok(Math.min(...offsets) >= 2, `${offsets}`);
    });
  });
});
