import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RecordJson } from '../../src/config/operator/record-json.ts';
import type { StreamDetails, StreamList } from '../../src/config/operator/stream-view.ts';
import { ATTRIBUTE, BATCH } from '../../src/formats/records/batch.ts';
import { BatchBuilder } from '../../src/formats/records/batch-builder.ts';
import { seal } from '../../src/formats/records/stamp.ts';
import type { Partition } from '../../src/hub/engine.ts';
import { LOCAL } from '../../src/model/principal.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';

interface PageJson {
  readonly next: string;
  readonly records: readonly RecordJson[];
}

let hub: TestHub;
before(async () => {
  hub = await startHub([]);
});
after(() => hub.close());

async function get<T>(path: string, status = 200): Promise<T> {
  const response = await fetch(hub.url + path);
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text) as T;
}

async function make(stream: object, status = 201): Promise<StreamDetails & { detail?: string }> {
  const body = JSON.stringify(stream);
  const response = await fetch(`${hub.url}/streams`, { method: 'POST', body });
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

function partitionOf(name: string, index = 0): Partition {
  const origin = { principal: LOCAL, meter: hub.hub.diagnostics.meter('test') };
  return hub.hub.streams!.get(name, 'read', origin).partitions[index]!;
}

async function write(name: string, index: number, ...values: (string | Buffer | null)[]) {
  const records = values.map((value) => ({
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    headers: [] as const,
    timeMs: 1_700_000_000_000 + clock++,
  }));
  await partitionOf(name, index).write(records);
}

let clock = 0;

describe('streams for operators', () => {
  it('are made, listed, described and removed', async () => {
    const made = await make({
      name: 'made',
      subjects: ['made.>'],
      partitions: 2,
      retention: { ageMs: 1000 },
    });
    assert.equal(made.settings.retentionMs, 1000);
    assert.equal(made.partitions.length, 2);
    await write('made', 1, 'x');
    const { engine, streams } = await get<StreamList>('/streams');
    assert.equal(engine, 'embedded');
    const listed = streams.find(({ name }) => name === 'made');
    assert.deepEqual([listed?.partitions, listed?.records, listed?.subjects], [2, 1, ['made.>']]);
    const details = await get<StreamDetails>('/streams/made');
    assert.equal(details.id, made.id);
    const { startOffset, endOffset, stableOffset, latestMs } = details.partitions[1]!;
    assert.deepEqual([startOffset, endOffset, stableOffset], [0, 1, 1]);
    assert.ok(latestMs! >= 1_700_000_000_000);
    assert.equal(details.partitions[0]!.latestMs, undefined);
    const removed = await fetch(`${hub.url}/streams/made`, { method: 'DELETE' });
    assert.equal(removed.status, 204);
    await get('/streams/made', 404);
  });

  it('tell what is wrong with one that cannot be made', async () => {
    const wrong = await make({ name: 'wrong', partitions: 0, reten: {} }, 400);
    assert.match(JSON.stringify(wrong), /\/partitions.*whole number from 1/);
    assert.match(JSON.stringify(wrong), /\/reten/);
    assert.match((await make({ subjects: ['x'] }, 400)).detail ?? '', /\/name/);
    assert.match((await make([], 400)).detail ?? '', /an object/);
    await make({ name: 'twice' });
    await make({ name: 'twice' }, 409);
    assert.match((await make({ name: 'other', subjects: ['twice'] }, 400)).detail ?? '', /twice/);
    const response = await fetch(`${hub.url}/streams`, { method: 'POST', body: '{"name":' });
    assert.equal(response.status, 400);
  });

  it('show records as JSON, text or bytes, whatever is in them', async () => {
    await make({ name: 'shown' });
    const bytes = Buffer.from([0xff, 0x00]);
    await write('shown', 0, '{"big":12345678901234567890}', 'plain {', bytes, null, '');
    await partitionOf('shown').write([
      {
        key: bytes,
        value: Buffer.from('[1]'),
        headers: [
          ['content-type', Buffer.from('text/plain')],
          ['none', null],
          ['raw', bytes],
        ],
        timeMs: -1,
      },
    ]);
    const text = await (await fetch(`${hub.url}/streams/shown/records`)).text();
    assert.match(text, /"payload":\{"big":12345678901234567890\}/);
    const { records } = JSON.parse(text) as PageJson;
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [0, 1, 2, 3, 4, 5],
    );
    assert.equal(records[1]!.text, 'plain {');
    assert.equal(records[2]!.base64, '/wA=');
    assert.equal(records[3]!.tombstone, true);
    assert.equal(records[4]!.text, '');
    assert.deepEqual(records[5], {
      partition: 0,
      offset: 5,
      timeMs: -1,
      key: { base64: '/wA=' },
      headers: [
        ['content-type', 'text/plain'],
        ['none', null],
        ['raw', { base64: '/wA=' }],
      ],
      text: '[1]',
    });
  });

  it('are read page by page over several partitions, nothing twice and nothing left out', async () => {
    await make({ name: 'paged', partitions: 3 });
    const wanted: string[] = [];
    for (let number = 0; number < 60; number++) {
      wanted.push(`n${number}`);
      await write('paged', (number * 7) % 3, `n${number}`);
    }
    const seen: string[] = [];
    let from = 'start';
    for (;;) {
      const page = await get<PageJson>(`/streams/paged/records?from=${from}&count=7`);
      seen.push(...page.records.map(({ text }) => text!));
      from = page.next;
      if (page.records.length === 0) break;
    }
    assert.deepEqual(seen, wanted);
    const latest = await get<PageJson>('/streams/paged/records?count=4');
    assert.deepEqual(
      latest.records.map(({ text }) => text),
      ['n56', 'n57', 'n58', 'n59'],
    );
    const one = await get<PageJson>('/streams/paged/records?partition=1&from=18&count=9');
    assert.deepEqual(
      one.records.map(({ partition, offset }) => [partition, offset]),
      [
        [1, 18],
        [1, 19],
      ],
    );
    const timed = await get<PageJson>(`/streams/paged/records?from=${latest.records[2]!.timeMs}`);
    assert.deepEqual(
      timed.records.map(({ text }) => text),
      ['n58', 'n59'],
    );
  });

  it('keep within the limits of a page', async () => {
    await make({ name: 'large' });
    for (let count = 0; count < 7; count++) await write('large', 0, 'x'.repeat(1_000_000));
    const first = await get<PageJson>('/streams/large/records?from=start&count=100');
    assert.equal(first.records.length, 5);
    const second = await get<PageJson>(`/streams/large/records?from=${first.next}&count=100`);
    assert.deepEqual(
      second.records.map(({ offset }) => offset),
      [5, 6],
    );
  });

  it('show nothing of transactions that are open or aborted, and no markers', async () => {
    await make({ name: 'transactions' });
    const partition = partitionOf('transactions');
    const append = async (value: string, transaction: bigint | undefined, sequence: number) => {
      const builder = new BatchBuilder();
      builder.start(
        transaction === undefined
          ? {}
          : {
              producerId: transaction,
              producerEpoch: 0,
              baseSequence: sequence,
              transactional: true,
            },
      );
      builder.add(1, null, Buffer.from(value));
      const batch = Buffer.from(builder.finish());
      assert.equal(
        (batch.readInt16BE(BATCH.attributes) & ATTRIBUTE.transactional) !== 0,
        transaction !== undefined,
      );
      await partition.append(batch);
    };
    const end = (producerId: bigint, commit: boolean) =>
      partition.writeMarker({ producerId, producerEpoch: 0, commit, coordinatorEpoch: 0 });
    await append('aborted', 1n, 0);
    await append('committed', 2n, 0);
    await append('plain', undefined, 0);
    await end(1n, false);
    await end(2n, true);
    await append('open', 3n, 0);
    const { records } = await get<PageJson>('/streams/transactions/records?from=start');
    assert.deepEqual(
      records.map(({ text }) => text),
      ['committed', 'plain'],
    );
    const details = await get<StreamDetails>('/streams/transactions');
    assert.equal(details.partitions[0]!.stableOffset, 5);
    assert.equal(details.partitions[0]!.endOffset, 6);
  });

  it('show damage under a good checksum, and what follows it', async () => {
    await make({ name: 'damaged' });
    const builder = new BatchBuilder();
    builder.start();
    builder.add(1, null, Buffer.alloc(50));
    const batch = Buffer.from(builder.finish());
    batch.fill(0xff, BATCH.records);
    seal(batch);
    await write('damaged', 0, 'before');
    await partitionOf('damaged').append(batch);
    await write('damaged', 0, 'after');
    const { records, next } = await get<PageJson>('/streams/damaged/records?from=start');
    assert.deepEqual(
      records.map(({ offset, text }) => [offset, text]),
      [
        [0, 'before'],
        [1, undefined],
        [2, 'after'],
      ],
    );
    assert.match(records[1]!.damage!, /more than 32 bits/);
    assert.equal(next, '0:3');
  });

  it('wait for records where there are none yet', async () => {
    await make({ name: 'waited', partitions: 2 });
    const { next } = await get<PageJson>('/streams/waited/records?from=now');
    assert.equal(next, '0:0,1:0');
    const waiting = get<PageJson>(`/streams/waited/records?from=${next}&waitMs=30000`);
    await write('waited', 1, 'came');
    assert.deepEqual(
      (await waiting).records.map(({ text }) => text),
      ['came'],
    );
    const none = await get<PageJson>('/streams/waited/records?from=0:0,1:1&waitMs=1');
    assert.deepEqual(none, { next: '0:0,1:1', records: [] });
    const leaving = new AbortController();
    const left = fetch(`${hub.url}/streams/waited/records?from=0:0&waitMs=30000`, {
      signal: leaving.signal,
    });
    leaving.abort();
    await assert.rejects(left);
    const ended = get<PageJson>('/streams/waited/records?from=0:0&waitMs=30000');
    await fetch(`${hub.url}/streams/waited`, { method: 'DELETE' });
    assert.deepEqual((await ended).records, []);
  });

  it('refuse what is not understood', async () => {
    await make({ name: 'asked' });
    for (const [query, status] of [
      ['count=0', 400],
      ['count=1001', 400],
      ['count=x', 400],
      ['waitMs=30001', 400],
      ['partition=1', 400],
      ['from=yesterday', 400],
      ['from=0:1', 400],
      ['from=1:0', 400],
      ['from=0:0,', 400],
      ['partition=0&from=5', 400],
    ] as const) {
      await get(`/streams/asked/records?${query}`, status);
    }
    await get('/streams/nowhere/records', 404);
  });
});

it('streams are for callers with the rights to them', async () => {
  const tokens = [
    { id: 'full', token: 'token-that-may-do-everything', scopes: ['*'] },
    { id: 'little', token: 'token-that-may-do-little', scopes: [] },
  ];
  await using secured = await startHub([], { config: { auth: { tokens } } });
  const ask = (method: string, path: string, token?: string, body?: string) =>
    fetch(secured.url + path, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
  const body = JSON.stringify({ name: 'secret' });
  assert.equal((await ask('GET', '/streams')).status, 401);
  assert.equal((await ask('POST', '/streams', tokens[1]!.token, body)).status, 403);
  assert.equal((await ask('POST', '/streams', tokens[0]!.token, body)).status, 201);
  assert.equal((await ask('DELETE', '/streams/secret')).status, 401);
  assert.equal((await ask('DELETE', '/streams/secret', tokens[1]!.token)).status, 403);
  assert.equal((await ask('GET', '/streams/secret/records')).status, 401);
  assert.equal((await ask('GET', '/streams', tokens[1]!.token)).status, 200);
  assert.equal((await ask('DELETE', '/streams/secret', tokens[0]!.token)).status, 204);
});

it('a hub without storage says so', async () => {
  await using plain = await startHub([], { config: { storage: { enabled: false } } });
  const response = await fetch(`${plain.url}/streams`);
  assert.equal(response.status, 501);
  assert.match(await response.text(), /storage\.enabled/);
});
