import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BodyWriter } from '../../hub/transport.ts';
import type { Delivery } from '../../model/message.ts';
import { EventStreamParser } from '../../wire/event-stream.ts';
import { Heartbeats } from '../../wire/stream-response.ts';
import { EventStreamSubscriber } from './subscriber.ts';

/** A body whose client reads when it is told to. */
class SlowWriter implements BodyWriter {
  text = '';
  closed = false;
  #full = false;
  #wake: (() => void) | undefined;

  write(chunk: string | Uint8Array): boolean {
    this.text += chunk;
    return !this.#full;
  }

  fill(): void {
    this.#full = true;
  }

  async read(): Promise<void> {
    this.#full = false;
    this.#wake?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  end(): void {
    this.closed = true;
  }

  abort(): void {
    this.closed = true;
  }
}

function delivery(position: string): Delivery {
  return {
    position,
    message: {
      subject: 'a',
      key: undefined,
      headers: [],
      payload: Buffer.from(position),
      contentType: 'text/plain',
      timeMs: 0,
      id: position,
      source: 'test',
      trace: undefined,
    },
  };
}

function subscribe() {
  const writer = new SlowWriter();
  const given: number[] = [];
  let closed = 0;
  const subscriber = new EventStreamSubscriber('none', new Heartbeats(60_000));
  const subscription = {
    gap: false,
    position: undefined,
    credit: (count: number) => {
      given.push(count);
    },
    close: () => {
      closed++;
    },
  };
  subscriber.attach(subscription, writer);
  return { writer, subscriber, given, closed: () => closed };
}

describe('a subscription of a slow client', () => {
  it('gives credit at once while the client reads', () => {
    const { subscriber, given } = subscribe();
    subscriber.deliver([delivery('1'), delivery('2')]);
    assert.deepEqual(given, [2]);
    subscriber.abort();
  });

  it('gives no credit until the client has read, then for all that it got', async () => {
    const { writer, subscriber, given } = subscribe();
    writer.fill();
    subscriber.deliver([delivery('1')]);
    subscriber.deliver([delivery('2'), delivery('3')]);
    assert.deepEqual(given, []);
    await writer.read();
    assert.deepEqual(given, [3]);
    subscriber.abort();
  });

  it('tells what was dropped once it reads again, as one event, before what follows', async () => {
    const { writer, subscriber } = subscribe();
    writer.fill();
    subscriber.deliver([delivery('1')]);
    const written = writer.text.length;
    for (let turn = 0; turn < 1000; turn++) subscriber.dropped(2);
    assert.equal(writer.text.length, written, 'nothing piles up');
    await writer.read();
    subscriber.deliver([delivery('9')]);
    const events = new EventStreamParser().push(Buffer.from(writer.text));
    assert.deepEqual(
      events.map((event) => [event.event, event.data]),
      [
        ['a', '1'],
        ['*dropped', '{"count":2000}'],
        ['a', '9'],
      ],
    );
    subscriber.abort();
  });

  it('leaves the hub when the client is gone, and ends the body when the hub does', async () => {
    const gone = subscribe();
    gone.writer.fill();
    gone.subscriber.deliver([delivery('1')]);
    gone.writer.closed = true;
    await gone.writer.read();
    assert.equal(gone.closed(), 1);
    const ended = subscribe();
    ended.subscriber.closed();
    assert.equal(ended.writer.closed, true);
  });
});
