import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildBatch } from '../../src/formats/records/records.test-support.ts';
import { ERROR } from '../../src/protocols/kafka/errors.ts';
import { type KafkaHub, startKafkaHub } from './kafka-kit.ts';
import { RawKafka } from './kafka-raw.ts';
import { until } from './until.ts';

const PRODUCE = 0;
const FETCH = 1;
const METADATA = 3;
const API_VERSIONS = 18;

function batch(text: string, bytes = 0): Buffer {
  const value = Buffer.alloc(Math.max(bytes, text.length), text);
  return buildBatch([{ key: null, value, headers: [], timeMs: 1_700_000_000_000 }]);
}

function produceOf(topic: string, records: Buffer | null, acks = -1) {
  return {
    acks,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  };
}

function fetchOf(topic: string, fetchOffset: number, more: object = {}) {
  return {
    maxWaitMs: 60_000,
    minBytes: 1,
    maxBytes: 1_000_000,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
    ...more,
  };
}

describe('a connection of Kafka', () => {
  let hub: KafkaHub;
  let client: RawKafka;

  before(async () => {
    hub = await startKafkaHub({ kafka: { maxBytesInFlight: 4_194_304 } });
    client = new RawKafka(hub.port);
    await client.call(METADATA, 4, { topics: [{ name: 'pipe' }] });
  });

  after(async () => {
    client.end();
    await hub.stop();
  });

  it('answers ApiVersions of a version that is not served in the form of version 0', async () => {
    const asked = client.encode(API_VERSIONS, 4, {
      clientSoftwareName: 'raw',
      clientSoftwareVersion: '1',
    });
    asked.writeInt16BE(99, 6);
    const answer = client.decode(API_VERSIONS, 0, await client.send(asked));
    assert.equal(answer.errorCode, ERROR.UNSUPPORTED_VERSION);
    const own = answer.apiKeys.find(({ apiKey }: { apiKey: number }) => apiKey === API_VERSIONS);
    assert.deepEqual([own.minVersion, own.maxVersion], [0, 4]);
  });

  it('answers pipelined requests in their order, appends among them', async () => {
    const requests: Buffer[] = [];
    for (let index = 0; index < 100; index++) {
      requests.push(client.encode(PRODUCE, 7, produceOf('pipe', batch(`message ${index}`))));
      if (index % 10 === 0) requests.push(client.encode(METADATA, 4, { topics: [] }));
    }
    const before = client.answered.length;
    const answers = requests.map((request) => client.send(request));
    await Promise.all(answers);
    const ids = client.answered.slice(before);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    const read = await client.call(FETCH, 11, fetchOf('pipe', 0));
    const [{ highWatermark, records }] = read.responses[0].partitions;
    assert.equal(highWatermark, 100);
    const text = Buffer.concat(records).toString('latin1');
    let at = -1;
    for (let index = 0; index < 100; index++) {
      const found = text.indexOf(`message ${index}`, at + 1);
      assert.ok(found > at, `message ${index}`);
      at = found;
    }
  });

  it('is read no further while more is in flight than may be, and loses nothing', async () => {
    const writer = new RawKafka(hub.port);
    await writer.call(METADATA, 4, { topics: [{ name: 'flood' }] });
    const answers: Promise<Buffer>[] = [];
    for (let index = 0; index < 40; index++) {
      const request = produceOf('flood', batch('x', 1_000_000));
      answers.push(writer.send(writer.encode(PRODUCE, 7, request)));
    }
    for (const answer of await Promise.all(answers)) {
      const { responses } = writer.decode(PRODUCE, 7, answer);
      assert.equal(responses[0].partitionResponses[0].errorCode, ERROR.NONE);
    }
    const [stream] = hub.hub.streams!.list(ORIGIN).filter(({ name }) => name === 'flood');
    assert.equal(stream!.partitions[0]!.endOffset, 40);
    writer.end();
  });

  it('is closed for an unknown API, an unserved version, garbage, and a size that is too large', async () => {
    const bad: Record<string, (raw: RawKafka) => Buffer> = {
      'unknown API': (raw) => withInt16(raw.encode(METADATA, 4, {}), 4, 99),
      'unserved version': (raw) => withInt16(raw.encode(METADATA, 4, {}), 6, 77),
      'body cut short': (raw) => {
        const request = raw.encode(PRODUCE, 7, produceOf('pipe', batch('x')));
        request.writeInt32BE(20, 0);
        return request.subarray(0, 24);
      },
      'too large': () => Buffer.from([0x06, 0x50, 0, 0, 0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff]),
    };
    for (const [name, make] of Object.entries(bad)) {
      const raw = new RawKafka(hub.port);
      await raw.call(API_VERSIONS, 0, {});
      raw.socket.write(make(raw));
      await until(name, () => raw.closed);
    }
  });

  it('is closed when requests that do not end take too much together, and others are served', async (context) => {
    const own = await startKafkaHub({ kafka: { maxBytesArriving: 12_000_000 } });
    context.after(() => own.stop());
    const part = Buffer.concat([Buffer.from([0x05, 0, 0, 0, 0, 0, 0, 7]), Buffer.alloc(4_000_000)]);
    const greedy: RawKafka[] = [];
    const other = new RawKafka(own.port);
    await other.call(API_VERSIONS, 0, {});
    for (let count = 0; count < 6; count++) {
      const raw = new RawKafka(own.port);
      await raw.call(API_VERSIONS, 0, {});
      raw.socket.write(part);
      greedy.push(raw);
    }
    await until('some are closed', () => greedy.some(({ closed }) => closed));
    await other.call(API_VERSIONS, 0, {});
    for (const raw of [...greedy, other]) raw.end();
  });

  it('survives random frames, each on a connection that was Kafka', async () => {
    for (let round = 0; round < 60; round++) {
      const raw = new RawKafka(hub.port);
      await raw.call(API_VERSIONS, 0, {});
      const body = randomBytes(1 + ((round * 7) % 90));
      // An API that is there, in a version that is: the rest is noise.
      if (body.length > 4) {
        body.writeInt16BE([0, 1, 2, 3, 8, 9, 11, 19, 32, 36, 68][round % 11]!, 0);
        body.writeInt16BE(round % 5, 2);
      }
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length);
      raw.socket.end(Buffer.concat([size, body]));
      await raw.untilClosed();
    }
    assert.equal((await client.call(API_VERSIONS, 0, {})).errorCode, ERROR.NONE);
  });

  it('answers what came before the client ended its side', async () => {
    const raw = new RawKafka(hub.port);
    const answer = raw.send(raw.encode(PRODUCE, 7, produceOf('pipe', batch('last'))));
    raw.socket.end();
    const { responses } = raw.decode(PRODUCE, 7, await answer);
    assert.equal(responses[0].partitionResponses[0].errorCode, ERROR.NONE);
    await raw.untilClosed();
  });

  it('takes a first request that comes byte by byte', async () => {
    const raw = new RawKafka(hub.port);
    const request = raw.encode(API_VERSIONS, 3, {
      clientSoftwareName: 'raw',
      clientSoftwareVersion: '1',
    });
    for (const byte of request.subarray(0, -1)) {
      raw.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = await raw.send(request.subarray(-1));
    assert.equal(raw.decode(API_VERSIONS, 3, answer).errorCode, ERROR.NONE);
    raw.end();
  });

  it('with acks=0 gets no answer, and is closed when the append fails', async () => {
    const raw = new RawKafka(hub.port);
    raw.socket.write(raw.encode(PRODUCE, 7, produceOf('pipe', batch('quiet'), 0)));
    // The next answer is that of the next request.
    assert.equal((await raw.call(API_VERSIONS, 0, {})).errorCode, ERROR.NONE);
    raw.socket.write(raw.encode(PRODUCE, 7, produceOf('nowhere', batch('quiet'), 0)));
    await raw.untilClosed();
  });

  it('goes when the hub stops, and a poll that waits is answered first', async (context) => {
    const own = await startKafkaHub();
    context.after(() => own.stop());
    const raw = new RawKafka(own.port);
    await raw.call(METADATA, 4, { topics: [{ name: 'calm' }] });
    const poll = raw.send(raw.encode(FETCH, 11, fetchOf('calm', 0)));
    const meter = own.hub.diagnostics.meter('kafka');
    await until('the poll has come', () => meter.received === 2);
    const drained = own.listener.drain(10_000);
    const { responses } = raw.decode(FETCH, 11, await poll);
    assert.equal(responses[0].partitions[0].errorCode, ERROR.NONE);
    await Promise.all([drained, raw.untilClosed()]);
  });

  it('with nothing to say is closed after the idle time', async (context) => {
    const own = await startKafkaHub({ kafka: { idleTimeoutMs: 50 } });
    context.after(() => own.stop());
    const raw = new RawKafka(own.port);
    await raw.call(API_VERSIONS, 0, {});
    await raw.untilClosed();
  });
});

const ORIGIN = {
  principal: { id: 'test', authenticated: true, scopes: new Set(['*']) },
  meter: undefined as never,
};

function withInt16(buffer: Buffer, at: number, value: number): Buffer {
  buffer.writeInt16BE(value, at);
  return buffer;
}

describe('the address that clients are told', () => {
  const addressOf = async (kafka: object) => {
    const hub = await startKafkaHub({ kafka });
    const raw = new RawKafka(hub.port);
    try {
      const { brokers } = await raw.call(METADATA, 4, { topics: [] });
      return { ...brokers[0], own: hub.port };
    } finally {
      raw.end();
      await hub.stop();
    }
  };

  it('is the one at which they came, unless it is configured', async () => {
    const { host, port, own, nodeId } = await addressOf({});
    assert.deepEqual([host, port, nodeId], ['127.0.0.1', own, 1]);
    const told = await addressOf({ advertised: 'broker.example:1234', brokerId: 7 });
    assert.deepEqual([told.host, told.port, told.nodeId], ['broker.example', 1234, 7]);
    const six = await addressOf({ advertised: '[2001:db8::1]:9092' });
    assert.deepEqual([six.host, six.port], ['2001:db8::1', 9092]);
  });

  it('and the cluster, topics and producer ids are the same after a restart', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'polywire-kafka-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const facts = async () => {
      const hub = await startKafkaHub({ folder });
      const raw = new RawKafka(hub.port);
      const { clusterId, topics } = await raw.call(METADATA, 12, { topics: [{ name: 'kept' }] });
      const init = { transactionalId: null, transactionTimeoutMs: 1000 };
      const { producerId } = await raw.call(22, 4, init);
      raw.end();
      await hub.stop();
      return { clusterId, topicId: topics[0].topicId, producerId };
    };
    const first = await facts();
    const second = await facts();
    assert.match(first.clusterId, /^[A-Za-z0-9_-]{22}$/);
    assert.equal(second.clusterId, first.clusterId);
    assert.equal(second.topicId, first.topicId);
    assert.ok(second.producerId > first.producerId);
  });
});

describe('a hub that asks for credentials', () => {
  it('keeps little of who has shown none, and takes nothing but a login', async (context) => {
    const hub = await startKafkaHub({ users: [{ user: 'alice', password: 'correct horse' }] });
    context.after(() => hub.stop());
    const large = net.connect(hub.port, '127.0.0.1');
    large.on('error', () => undefined);
    const closed = new Promise((resolve) => large.on('close', resolve));
    large.write(Buffer.from([0, 2, 0, 0, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]));
    await closed;
    const raw = new RawKafka(hub.port);
    assert.equal((await raw.call(API_VERSIONS, 0, {})).errorCode, ERROR.NONE);
    const noHandshake = await raw.call(36, 1, { authBytes: Buffer.from('x') });
    assert.equal(noHandshake.errorCode, ERROR.ILLEGAL_SASL_STATE);
    const unknown = await raw.call(17, 1, { mechanism: 'GSSAPI' });
    assert.equal(unknown.errorCode, ERROR.UNSUPPORTED_SASL_MECHANISM);
    assert.deepEqual(unknown.mechanisms.toSorted(), [
      'OAUTHBEARER',
      'PLAIN',
      'SCRAM-SHA-256',
      'SCRAM-SHA-512',
    ]);
    raw.socket.write(raw.encode(METADATA, 4, { topics: [] }));
    await raw.untilClosed();
  });

  it('waits for a login no longer than it says', async (context) => {
    const users = [{ user: 'alice', password: 'correct horse' }];
    const hub = await startKafkaHub({ users, kafka: { authenticateTimeoutMs: 100 } });
    context.after(() => hub.stop());
    const raw = new RawKafka(hub.port);
    await raw.call(API_VERSIONS, 0, {});
    await raw.untilClosed();
  });

  it('takes tokens without headers after SaslHandshake version 0, and logins again', async (context) => {
    const users = ['alice', 'bob'].map((user) => ({ user, password: `password of ${user}` }));
    const hub = await startKafkaHub({ users });
    context.after(() => hub.stop());
    const raw = new RawKafka(hub.port);
    await raw.call(17, 0, { mechanism: 'PLAIN' });
    const token = (user: string): Buffer => Buffer.from(`\0${user}\0password of ${user}`);
    const framed = Buffer.concat([Buffer.from([0, 0, 0, token('alice').length]), token('alice')]);
    assert.equal((await raw.send(framed)).length, 0);
    assert.equal((await raw.call(METADATA, 4, { topics: [] })).topics.length, 0);
    await raw.call(17, 1, { mechanism: 'PLAIN' });
    const again = await raw.call(36, 1, { authBytes: token('alice') });
    assert.equal(again.errorCode, ERROR.NONE);
    await raw.call(17, 1, { mechanism: 'PLAIN' });
    const other = await raw.call(36, 1, { authBytes: token('bob') });
    assert.equal(other.errorCode, ERROR.SASL_AUTHENTICATION_FAILED);
    await raw.untilClosed();
  });
});
