import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeaderList } from '../hub/header-list.ts';
import { headerList } from '../hub/header-list.ts';
import type { BodyWriter } from '../hub/transport.ts';
import { Fault } from '../model/fault.ts';
import { EVENT_STREAM, firstItem, Heartbeats, NDJSON, writeStream } from './stream-response.ts';

class Writer implements BodyWriter {
  text = '';
  closed = false;
  trailers: HeaderList | undefined;
  full = false;
  waits = 0;

  write(chunk: string | Uint8Array): boolean {
    this.text += chunk;
    return !this.full;
  }

  drained(): Promise<void> {
    this.waits++;
    return Promise.resolve();
  }

  end(trailers?: HeaderList): void {
    this.trailers = trailers;
    this.closed = true;
  }

  abort(): void {
    this.closed = true;
  }
}

const heartbeats = new Heartbeats(60_000);

describe('a stream in a response body', () => {
  it('never has an item that reads like its fault', async () => {
    const fault = new Fault('NOT_FOUND', 'Gone.');
    const twin = { error: fault.toJSON() };
    async function* items() {
      yield twin;
      yield ' {"error":{}}';
      throw fault;
    }
    for (const format of [NDJSON, EVENT_STREAM]) {
      const writer = new Writer();
      const iterator = items();
      await writeStream(iterator, iterator.next(), { writer, format, heartbeats });
      const parts = writer.text.split(format === NDJSON ? '\n' : '\n\n').slice(0, -1);
      assert.equal(parts.length, 3);
      assert.equal(parts[2], format.fault(fault).trimEnd());
      const marks = parts.map((part) => /^( |event: error\n)/.test(part));
      assert.deepEqual(marks, [false, false, true]);
    }
    assert.deepEqual(JSON.parse(NDJSON.fault(fault)), twin, 'a line of JSON all the same');
  });

  it('waits for a slow client after each item', async () => {
    const writer = new Writer();
    writer.full = true;
    async function* items() {
      yield 1;
      yield undefined;
    }
    const iterator = items();
    await writeStream(iterator, iterator.next(), { writer, format: NDJSON, heartbeats });
    assert.equal(writer.text, '1\nnull\n');
    assert.equal(writer.waits, 2);
    assert.equal(writer.closed, true);
  });

  it('ends the handler when the client leaves', async () => {
    const writer = new Writer();
    let left = false;
    async function* items() {
      try {
        yield 1;
        writer.closed = true;
        yield 2;
        yield 3;
      } finally {
        left = true;
      }
    }
    const iterator = items();
    await writeStream(iterator, iterator.next(), { writer, format: EVENT_STREAM, heartbeats });
    assert.equal(writer.text, 'data: 1\n\n');
    assert.equal(left, true);
  });

  it('ends with a fault as its last item and in the trailers; other errors stay inside', async () => {
    const fail = async (error: Error) => {
      const writer = new Writer();
      async function* items() {
        yield 1;
        throw error;
      }
      const iterator = items();
      await writeStream(iterator, iterator.next(), {
        writer,
        format: NDJSON,
        heartbeats,
        faultTrailers: (fault) => headerList('x-fault', fault.code),
      });
      return writer;
    };
    const declared = await fail(new Fault('NOT_FOUND', 'None.', { error: 'Gone', data: 1 }));
    assert.deepEqual(JSON.parse(declared.text.split('\n')[1]!), {
      error: { code: 'NOT_FOUND', message: 'None.', error: 'Gone', data: 1 },
    });
    assert.deepEqual(declared.trailers?.flat, ['x-fault', 'NOT_FOUND']);
    const secret = await fail(new Error('password=1'));
    assert.doesNotMatch(secret.text, /password/);
    assert.deepEqual(secret.trailers?.flat, ['x-fault', 'INTERNAL']);
  });

  it('a first item that is slow does not hold the response; its fault harms nobody', async () => {
    const quick = (async function* () {
      yield 1;
    })();
    assert.deepEqual((await firstItem(quick)).first, { value: 1, done: false });
    let reject: (error: Error) => void = () => undefined;
    const slow: AsyncIterator<unknown> = {
      next: () =>
        new Promise((_resolve, refuse) => {
          reject = refuse;
        }),
    };
    const { first } = await firstItem(slow);
    assert.equal(first, undefined);
    // An unhandled rejection would fail this test's process.
    reject(new Error('later'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
