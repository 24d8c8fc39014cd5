import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { REQUEST_CASES } from '../../../test/fixtures/http1/requests.ts';
import { RequestError } from './errors.ts';
import type { TextFields } from './fields.ts';
import type { Head } from './head.ts';
import { RequestParser, type RequestSink } from './parser.ts';

const LIMITS = { headerBytes: 2_048, targetBytes: 256, headers: 20 };

/** Writes down what the parser says, in a form that does not depend on how the bytes were split. */
class Recorder implements RequestSink {
  readonly events: unknown[] = [];
  #body = '';
  mayBegin(): boolean {
    return true;
  }
  request(head: Head, body: Buffer | undefined): 'continue' {
    const { method, path, query, authority, minor, keepAlive, expectContinue, upgrade } = head;
    this.events.push({ method, path, query, authority, minor, keepAlive, expectContinue, upgrade });
    this.events.push([...head.fields.entries()]);
    this.#body = '';
    if (body !== undefined) this.events.push({ body: body.toString('latin1'), trailers: [] });
    return 'continue';
  }
  bodyPiece(bytes: Buffer, start: number, end: number): void {
    this.#body += bytes.toString('latin1', start, end);
  }
  bodyEnd(trailers: TextFields | undefined): void {
    this.events.push({ body: this.#body, trailers: [...(trailers?.entries() ?? [])] });
  }
}

function parse(parts: readonly Buffer[]): { events: unknown[]; status: number | undefined } {
  const recorder = new Recorder();
  const parser = new RequestParser(recorder, LIMITS);
  try {
    for (const part of parts) parser.feed(part);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { events: recorder.events, status: error.status };
  }
  return { events: recorder.events, status: undefined };
}

function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.from([byte]));
}

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const sorted = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const parts: Buffer[] = [];
  let from = 0;
  for (const cut of [...sorted, bytes.length]) {
    parts.push(Buffer.from(bytes.subarray(from, cut)));
    from = cut;
  }
  return parts;
}

function complete(events: readonly unknown[]): number {
  return events.filter((event) => typeof event === 'object' && 'body' in (event as object)).length;
}

suite('HTTP/1.1 requests, as the RFCs and llhttp publish them', () => {
  for (const { name, source, bytes, expect } of REQUEST_CASES) {
    test(`${expect === 'accept' ? 'accepts' : `refuses with ${expect}`} ${name} (${source})`, () => {
      const buffer = Buffer.from(bytes, 'latin1');
      const whole = parse([buffer]);
      assert.equal(whole.status, expect === 'accept' ? undefined : expect);
      if (expect === 'accept') assert.equal(complete(whole.events), 1);
      // An early refusal may come before later pieces are looked at, so only the status counts.
      const single = parse(bytewise(buffer));
      assert.equal(single.status, whole.status);
      if (expect === 'accept') assert.deepEqual(single.events, whole.events);
    });
  }
});

const PIPELINE = Buffer.from(
  'GET /a?x=1 HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n' +
    'POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nxy' +
    '\r\nPUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-End: yes\r\n\r\n' +
    'HEAD /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
);

test('gives the same requests for every split of the bytes', () => {
  const whole = parse([PIPELINE]);
  assert.equal(whole.status, undefined);
  assert.equal(complete(whole.events), 4);
  for (let cut = 0; cut <= PIPELINE.length; cut++) {
    assert.deepEqual(parse(splitAt(PIPELINE, [cut])), whole);
  }
  fc.assert(
    fc.property(fc.array(fc.nat(PIPELINE.length), { maxLength: 12 }), (cuts) => {
      assert.deepEqual(parse(splitAt(PIPELINE, cuts)), whole);
    }),
  );
});

test('joins repeated fields with commas, and cookies with semicolons', () => {
  const [, fields] = parse([PIPELINE]).events as [unknown, [string, string][]];
  assert.equal(new Map(fields).get('x-one'), '1, 2');
  assert.equal(new Map(fields).get('cookie'), 'a=1; b=2');
});

test('reads fields of a head after another head was parsed', () => {
  const heads: Head[] = [];
  const recorder = new Recorder();
  recorder.request = (head) => {
    heads.push(head);
    return 'continue';
  };
  new RequestParser(recorder, LIMITS).feed(PIPELINE);
  assert.equal(heads[0]!.fields.get('x-one'), '1, 2');
  assert.equal(heads[0]!.fields.get('x-two'), undefined);
  assert.deepEqual([...heads[3]!.fields.entries()], [['connection', 'keep-alive']]);
});

test('refuses what is past the limits', () => {
  const head = (line: string) => Buffer.from(`${line}\r\nHost: a\r\n\r\n`);
  assert.equal(parse([head(`GET /${'x'.repeat(256)} HTTP/1.1`)]).status, 414);
  assert.equal(parse([head(`GET / HTTP/1.1\r\nX: ${'x'.repeat(2_048)}`)]).status, 431);
  assert.equal(parse([head(`GET / HTTP/1.1${'\r\nX: y'.repeat(20)}`)]).status, 431);
  assert.equal(parse([Buffer.from('x'.repeat(33))]).status, 400);
  assert.equal(parse([Buffer.from('\r\n'.repeat(10))]).status, 400);
  const endless = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(4_096)}`;
  assert.equal(parse([Buffer.from(endless)]).status, 431);
  assert.equal(parse(bytewise(Buffer.from(endless))).status, 431);
  const target = `GET /${'x'.repeat(4_096)}`;
  assert.equal(parse(bytewise(Buffer.from(target))).status, 414);
  const body = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.equal(parse([Buffer.from(`${body}1;${'x'.repeat(5_000)}`)]).status, 400);
  assert.equal(parse([Buffer.from(`${body}0\r\nX: ${'x'.repeat(3_000)}`)]).status, 431);
});

test('holds the next request until it is released', () => {
  const recorder = new Recorder();
  recorder.mayBegin = () => recorder.events.length === 0;
  const parser = new RequestParser(recorder, LIMITS);
  parser.feed(PIPELINE.subarray(0, 150));
  parser.feed(PIPELINE.subarray(150));
  assert.equal(complete(recorder.events), 1);
  assert.equal(parser.held, true);
  recorder.mayBegin = () => true;
  parser.release();
  assert.equal(complete(recorder.events), 4);
});

test('keeps nothing of what comes behind a mistake', () => {
  const parser = new RequestParser(new Recorder(), LIMITS);
  assert.throws(() => parser.feed(Buffer.from('GET / HTTP/9.9\r\n\r\n')), RequestError);
  parser.feed(PIPELINE);
  assert.equal(parser.takeRest(), undefined);
  assert.equal(parser.midRequest, false);
});

test('never throws anything but a RequestError, whatever the bytes', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(PIPELINE, ...REQUEST_CASES.map(({ bytes }) => Buffer.from(bytes, 'latin1'))),
      fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'delete')), {
        minLength: 1,
        maxLength: 6,
      }),
    )
    .map(([bytes, changes]) => {
      const list = [...bytes];
      for (const [place, byte, kind] of changes) {
        const at = place % (list.length + 1);
        if (kind === 'set') list[at] = byte;
        else if (kind === 'insert') list.splice(at, 0, byte);
        else list.splice(at, 1);
      }
      return Buffer.from(list);
    });
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(
      fc.oneof(mutated, random),
      fc.array(fc.nat(400), { maxLength: 4 }),
      (bytes, cuts) => {
        const whole = parse([bytes]);
        const split = parse(splitAt(bytes, cuts));
        // The same bytes never mean different requests: that is what smuggling needs.
        if (whole.status === undefined) assert.deepEqual(split, whole);
        else assert.equal(split.status, whole.status);
      },
    ),
    { numRuns: 2_000 },
  );
});
