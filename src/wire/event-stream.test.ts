import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../model/fault.ts';
import { EventStreamParser, eventText, type ReceivedEvent, retryText } from './event-stream.ts';

function parse(text: string | Buffer): ReceivedEvent[] {
  return new EventStreamParser().push(Buffer.from(text as string));
}

function parseSplit(bytes: Buffer, sizes: readonly number[]): ReceivedEvent[] {
  const parser = new EventStreamParser();
  const events: ReceivedEvent[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    events.push(...parser.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return events;
}

const short = (events: ReceivedEvent[]) =>
  events.map((event) => [event.event, event.data, event.lastEventId]);

describe('event stream parser: examples of WHATWG HTML 9.2.6', () => {
  it('joins data lines', () => {
    assert.deepEqual(short(parse('data: YHOO\ndata: +2\ndata: 10\n\n')), [
      ['message', 'YHOO\n+2\n10', ''],
    ]);
  });

  it('skips comments, sets and resets the id, and keeps one leading space of two', () => {
    const text =
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n';
    assert.deepEqual(short(parse(text)), [
      ['message', 'first event', '1'],
      ['message', 'second event', ''],
      ['message', ' third event', ''],
    ]);
  });

  it('fires for empty data lines and drops an unfinished last block', () => {
    assert.deepEqual(short(parse('data\n\ndata\ndata\n\ndata:')), [
      ['message', '', ''],
      ['message', '\n', ''],
    ]);
  });

  it('treats a missing and a present space behind the colon alike', () => {
    assert.deepEqual(short(parse('data:test\n\ndata: test\n\n')), [
      ['message', 'test', ''],
      ['message', 'test', ''],
    ]);
  });

  it('names events', () => {
    assert.deepEqual(short(parse('event: add\ndata: 73857293\n\nevent: remove\ndata: 1\n\n')), [
      ['add', '73857293', ''],
      ['remove', '1', ''],
    ]);
  });
});

describe('event stream parser: rules', () => {
  it('strips one byte order mark', () => {
    assert.deepEqual(short(parse('\uFEFFdata: a\n\n')), [['message', 'a', '']]);
    assert.deepEqual(short(parse('\uFEFF\uFEFFdata: a\n\n')), []);
  });

  it('ends lines at CR, LF and CRLF, mixed', () => {
    assert.deepEqual(short(parse('data: a\rdata: b\r\ndata: c\n\r')), [['message', 'a\nb\nc', '']]);
  });

  it('ignores an id with NUL', () => {
    assert.deepEqual(short(parse('id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n')), [
      ['message', 'a', '1'],
      ['message', 'b', '1'],
    ]);
  });

  it('takes an id from a block without data, and fires nothing', () => {
    const parser = new EventStreamParser();
    assert.deepEqual(parser.push(Buffer.from('id: 7\n\n')), []);
    assert.equal(parser.lastEventId, '7');
  });

  it('does not report the id of a block that has not ended', () => {
    const parser = new EventStreamParser();
    parser.push(Buffer.from('id: 7\ndata: x\n'));
    assert.equal(parser.lastEventId, '');
  });

  it('takes retry only when it is digits', () => {
    const parser = new EventStreamParser();
    parser.push(Buffer.from('retry: 10s\n\n'));
    assert.equal(parser.retryMs, undefined);
    parser.push(Buffer.from('retry: 1500\n\n'));
    assert.equal(parser.retryMs, 1500);
  });

  it('keeps fields that the standard does not know', () => {
    const [event] = parse('encoding: base64\ndata: AA==\n\n');
    assert.equal(event?.fields?.get('encoding'), 'base64');
  });

  it('refuses an event that is too long, also without any line end', () => {
    const tooLong = (error: unknown) =>
      error instanceof Fault && error.code === 'RESOURCE_EXHAUSTED';
    const parser = new EventStreamParser(100);
    assert.throws(() => parser.push(Buffer.alloc(101, 'x')), tooLong);
    const lines = new EventStreamParser(100);
    assert.throws(() => {
      for (let turn = 0; turn < 50; turn++) lines.push(Buffer.from('data: 0123456789\n'));
    }, tooLong);
  });
});

describe('event stream, both ways', () => {
  const clean = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => {
    const wellFormed = text.toWellFormed().replace(/[\r\n\0]/g, '_');
    return wellFormed.startsWith(' ') ? `_${wellFormed}` : wellFormed;
  });
  const data = fc.string({ unit: 'binary', maxLength: 50 }).map((text) => text.toWellFormed());
  const event = fc.record({
    event: fc.option(clean.filter((text) => text !== '' && !text.includes('\uFEFF'))),
    id: clean,
    data,
  });

  it('what is written is read, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        (events, sizes) => {
          const text = events
            .map((one) => eventText({ ...one, event: one.event ?? undefined }))
            .join('');
          const expected = events.map((one) => [
            one.event ?? 'message',
            one.data.replace(/\r\n|\r/g, '\n'),
            one.id,
          ]);
          const bytes = Buffer.from(`${retryText(5)}${text}`);
          assert.deepEqual(short(parseSplit(bytes, [bytes.length])), expected);
          assert.deepEqual(short(parseSplit(bytes, [1])), expected);
          assert.deepEqual(short(parseSplit(bytes, sizes)), expected);
        },
      ),
    );
  });

  it('garbage is read the same, however it is cut', () => {
    const piece = fc.constantFrom(
      'data',
      ':',
      ' ',
      '\r',
      '\n',
      '\r\n',
      'id',
      'event',
      'é',
      '\0',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        (pieces, sizes) => {
          const bytes = Buffer.from(pieces.join(''));
          assert.deepEqual(
            parseSplit(bytes, sizes),
            parseSplit(bytes, [Math.max(1, bytes.length)]),
          );
        },
      ),
    );
  });

  it('refuses to write a field that would break the stream', () => {
    assert.throws(() => eventText({ event: 'a\nb', data: '' }), TypeError);
    assert.throws(() => eventText({ id: 'a\0', data: '' }), TypeError);
  });
});
