import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { BodyWriter } from '../../hub/transport.ts';
import { EventStreamParser } from '../../wire/event-stream.ts';
import { EventLog, parseEventId } from './event-log.ts';

class Writer implements BodyWriter {
  text = '';
  closed = false;
  write(chunk: string | Uint8Array): boolean {
    this.text += chunk;
    return true;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  end(): void {
    this.closed = true;
  }
  abort(): void {
    this.closed = true;
  }
  get data(): string[] {
    return new EventStreamParser()
      .push(Buffer.from(this.text))
      .map(({ data }) => data)
      .filter((data) => data !== '');
  }
  get lastId(): string {
    const parser = new EventStreamParser();
    parser.push(Buffer.from(this.text));
    return parser.lastEventId;
  }
}

describe('a stream of a session', () => {
  it('gives each event once, in order, however often the connection breaks', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (breaks) => {
        const log = new EventLog(3);
        let writer = new Writer();
        log.attach(writer);
        const received: string[] = [];
        breaks.forEach((isBreak, index) => {
          if (isBreak) {
            received.push(...writer.data);
            log.detach(writer);
          }
          log.send(String(index));
          if (!isBreak) return;
          const after = parseEventId(writer.lastId)!.after;
          writer = new Writer();
          log.attach(writer, after);
        });
        received.push(...writer.data);
        assert.deepEqual(
          received,
          breaks.map((_, index) => String(index)),
        );
      }),
    );
  });

  it('keeps no more than it is told, and knows what it has not', () => {
    const log = new EventLog(1);
    for (let index = 0; index < 100; index++) log.send('x'.repeat(100));
    log.trim(1000);
    assert.ok(log.keptLength <= 1000);
    assert.ok(!log.reaches(1));
    assert.ok(log.reaches(99));
    assert.ok(log.reaches(100));
    assert.ok(!log.reaches(101));
    log.trim(0);
    assert.equal(log.keptLength, 0);
    assert.ok(log.reaches(100));
  });

  it('hands over to who comes later, and ends who comes after its end', () => {
    const log = new EventLog(1);
    const first = new Writer();
    const second = new Writer();
    log.attach(first);
    assert.equal(log.attach(second), first);
    log.detach(first);
    assert.ok(log.attached, 'the first is gone, not the second');
    log.end();
    assert.ok(second.closed);
    const late = new Writer();
    log.attach(late, 0);
    assert.ok(late.closed);
  });

  it('reads ids of its own and no others', () => {
    assert.deepEqual(parseEventId('3-14'), { log: 3, after: 14 });
    for (const bad of ['', '3', '3-', '-3-1', '3-1-1', '9'.repeat(20), 'a-b']) {
      assert.equal(parseEventId(bad), undefined, bad);
    }
  });
});
