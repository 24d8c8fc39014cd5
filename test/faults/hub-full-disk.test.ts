import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { startHub } from '../../src/testing/index.ts';
import { smallDisk } from './small-disk.ts';

const CONFIG = {
  streams: {
    full: { subjects: ['full.>'], partitions: 1 },
    records: { subjects: ['records'], partitions: 1 },
  },
};
const BODY = 'x'.repeat(50_000);

it('a hub whose disk is full says so to publishers and producers, goes on reading, and recovers', async (test) => {
  const { path, skip, remove } = smallDisk();
  if (skip !== undefined) return test.skip(skip);
  try {
    await using hub = await startHub([], { dataDirectory: join(path, 'data'), config: CONFIG });
    const filler = join(path, 'filler');
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    const publish = (text: string): Promise<Response> =>
      fetch(`${hub.url}/publish/full/a`, { method: 'POST', body: text });
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${hub.port}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const producer = kafka.producer({ retry: { retries: 0 } });
    test.after(() => producer.disconnect());
    await producer.connect();
    const send = async (value: string): Promise<unknown> => {
      try {
        await producer.send({ topic: 'records', messages: [{ value }], acks: -1 });
        return undefined;
      } catch (error) {
        return error;
      }
    };

    const published: string[] = [];
    const produced: string[] = [];
    let refused: Response | undefined;
    let failed: unknown;
    while (refused === undefined || failed === undefined) {
      const text = `${published.length} ${BODY}`;
      const answer = await publish(text);
      if (answer.status === 202) published.push(text);
      else refused = answer;
      const value = `${produced.length} ${BODY}`;
      const error = await send(value);
      if (error === undefined) produced.push(value);
      else failed = error;
    }
    assert.equal(refused.status, 503);
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    assert.equal(code, 'UNAVAILABLE');
    assert.match(detail, /the disk is full; make room/);
    const { cause } = failed as { cause?: { type?: string } };
    assert.equal(cause?.type, 'KAFKA_STORAGE_ERROR');

    const [first, last] = await Promise.all([stored(hub.url, 'full'), stored(hub.url, 'records')]);
    assert.deepEqual([first, last], [published.length, produced.length]);
    assert.equal((await fetch(`${hub.url}/readyz`)).status, 200);

    rmSync(filler);
    for (let tries = 0; (await publish('again')).status !== 202; tries++) {
      assert.ok(tries < 5000, 'publishing works again');
    }
    assert.equal(await send('again'), undefined);
  } finally {
    remove();
  }
});

/** How many records a stream gives to a reader from its start on. */
async function stored(url: string, stream: string): Promise<number> {
  let count = 0;
  for (let from = 'start'; ; ) {
    const page = await fetch(`${url}/streams/${stream}/records?count=1000&from=${from}`);
    const { records, next } = (await page.json()) as { records: unknown[]; next: string };
    if (records.length === 0) return count;
    count += records.length;
    from = encodeURIComponent(next);
  }
}
