import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerList, NO_HEADERS } from '../../src/hub/header-list.ts';
import type { BodyWriter } from '../../src/hub/transport.ts';
import { encodeFields } from '../../src/net/http2/hpack/encoder.ts';
import { frame, number, RawPeer, request, settings } from './http2-raw.ts';

const later = () => new Promise((resolve) => setImmediate(resolve));

test('a small request with its body in the same read is answered at once, in one write', () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => {
    const body = exchange.bytes(100);
    assert.ok(Buffer.isBuffer(body));
    exchange.respond(200, NO_HEADERS, body.toString());
  };
  peer.send(
    request(1, 4),
    frame('DATA', 1, 1, Buffer.from('one')),
    request(3, 4),
    frame('DATA', 0, 3, Buffer.from('tw')),
    frame('DATA', 1, 3, Buffer.from('o!')),
  );
  assert.equal(peer.writes, 1);
  assert.deepEqual(peer.summary(), ['HEADERS 1', 'DATA 1 3 end', 'HEADERS 3', 'DATA 3 4 end']);
});

test('a body that comes later is a promise, and does not change behind it', async () => {
  const peer = new RawPeer();
  let body: Promise<Buffer> | Buffer | undefined;
  peer.handle = (exchange) => {
    body = exchange.bytes(100);
  };
  peer.send(request(1, 4), frame('DATA', 0, 1, Buffer.from('one ')));
  assert.ok(body instanceof Promise);
  peer.send(frame('DATA', 1, 1, Buffer.from('two')));
  assert.equal((await body).toString(), 'one two');
});

test('a body past its limit is refused, before it comes where its length is declared', async () => {
  for (const declared of [true, false]) {
    const peer = new RawPeer();
    let body: unknown;
    peer.handle = (exchange) => {
      body = exchange.bytes(5);
    };
    peer.send(request(1, 4, ...(declared ? ['content-length', '6'] : [])));
    if (!declared) peer.send(frame('DATA', 0, 1, Buffer.alloc(6)));
    await assert.rejects(body as Promise<Buffer>, { code: 'RESOURCE_EXHAUSTED', status: 413 });
  }
});

test('a handler and the reader of a body learn that the client has left', async () => {
  const peer = new RawPeer();
  let aborted = 0;
  const bodies: unknown[] = [];
  peer.handle = (exchange) => {
    exchange.abortable = { abort: () => aborted++ };
    bodies.push(exchange.bytes(100));
  };
  peer.send(request(1, 4), request(3, 4));
  const first = peer.exchanges[0]!;
  peer.send(number('RST_STREAM', 1, 8));
  assert.equal(aborted, 1);
  assert.equal(first.finished, true);
  first.respond(200, NO_HEADERS, 'nobody hears this');
  assert.deepEqual(peer.summary(), []);
  peer.receiver.closed();
  assert.equal(aborted, 2);
  for (const body of bodies) await assert.rejects(body as Promise<Buffer>, { code: 'CANCELLED' });
  first.abortable = { abort: () => aborted++ };
  assert.equal(aborted, 3);
});

test('windows open again as the body is read, not before', async () => {
  const peer = new RawPeer({ http2: { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 } });
  peer.handle = () => undefined;
  peer.send(request(1, 4));
  for (let sent = 0; sent < 4; sent++) peer.send(frame('DATA', 0, 1, Buffer.alloc(16_000, sent)));
  assert.deepEqual(peer.summary(), []);
  const reader = peer.exchanges[0]!.body()[Symbol.asyncIterator]();
  for (let read = 0; read < 4; read++) {
    const piece = await reader.next();
    assert.deepEqual(piece.value, Buffer.alloc(16_000, read));
  }
  await later();
  assert.deepEqual(peer.summary(), ['WINDOW_UPDATE 0 48000', 'WINDOW_UPDATE 1 48000']);
  // 65,535 - 64,000 + 48,000 are open: more is an error.
  for (let sent = 0; sent < 3; sent++) peer.send(frame('DATA', 0, 1, Buffer.alloc(16_000)));
  assert.deepEqual(peer.summary(), []);
  peer.send(frame('DATA', 0, 1, Buffer.alloc(2_000)));
  assert.equal(peer.summary().at(-1), 'GOAWAY 3');
});

test('bodies that nobody reads give their room in the connection window back', () => {
  const peer = new RawPeer({ http2: { connectionWindowBytes: 65_535 } });
  for (let id = 1; id < 41; id += 2) {
    peer.send(request(id, 4), frame('DATA', 1, id, Buffer.alloc(10_000)));
  }
  const frames = peer.summary();
  assert.equal(peer.endedByServer, false);
  assert.equal(frames.filter((frame) => frame.startsWith('WINDOW_UPDATE 0')).length, 5);
});

test('a response stays within the windows and goes on as they open', () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => exchange.respond(200, NO_HEADERS, Buffer.alloc(40_000));
  peer.send(settings(4, 1_000), request(1));
  assert.deepEqual(peer.summary(), ['SETTINGS ack', 'HEADERS 1', 'DATA 1 1000']);
  peer.send(number('WINDOW_UPDATE', 1, 500));
  assert.deepEqual(peer.summary(), ['DATA 1 500']);
  // A smaller initial window may take a stream's below zero (section 6.9.2).
  peer.send(settings(4, 0));
  peer.send(number('WINDOW_UPDATE', 1, 1_000));
  assert.deepEqual(peer.summary(), ['SETTINGS ack']);
  peer.send(settings(4, 65_535));
  assert.deepEqual(peer.summary(), [
    'SETTINGS ack',
    'DATA 1 16384',
    'DATA 1 16384',
    'DATA 1 5732 end',
  ]);
});

test('streams take turns when the connection is the bottleneck', () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => exchange.respond(200, NO_HEADERS, Buffer.alloc(100_000));
  peer.send(number('WINDOW_UPDATE', 0, 1), request(1), request(3), request(5));
  peer.frames();
  peer.send(number('WINDOW_UPDATE', 0, 16_384 * 6));
  const turns = peer.summary().map((frame) => frame.split(' ')[1]);
  assert.deepEqual([...turns].sort(), ['3', '3', '3', '5', '5', '5']);
  assert.notDeepEqual(turns, [...turns].sort());
});

test('a handler that writes faster than the client reads has to wait', async () => {
  const peer = new RawPeer({ http2: { responseBytes: 10_000 } });
  let writer: BodyWriter | undefined;
  peer.handle = (exchange) => {
    writer = exchange.open(200, NO_HEADERS);
  };
  peer.send(settings(4, 100), request(1));
  assert.equal(writer!.write('x'.repeat(100)), true);
  assert.equal(writer!.write('x'.repeat(9_999)), true);
  assert.equal(writer!.write('x'), false);
  let ready = false;
  const waiting = writer!.drained().then(() => (ready = true));
  await later();
  assert.equal(ready, false);
  peer.frames();
  peer.send(number('WINDOW_UPDATE', 1, 5_000));
  await waiting;
  writer!.end(headerList('grpc-status', '0'));
  peer.send(number('WINDOW_UPDATE', 1, 50_000));
  await later();
  assert.deepEqual(peer.summary(), ['DATA 1 5000', 'DATA 1 5000', 'HEADERS 1 end']);
  assert.equal(writer!.closed, true);
});

test('a socket that is full stops DATA and reading until it drains', async () => {
  const peer = new RawPeer();
  const writers: BodyWriter[] = [];
  peer.handle = (exchange) => writers.push(exchange.open(200, NO_HEADERS));
  peer.writable = false;
  peer.send(request(1));
  assert.equal(peer.paused, true);
  assert.deepEqual(peer.summary(), ['HEADERS 1']);
  writers[0]!.write('waits');
  writers[0]!.end();
  await later();
  assert.deepEqual(peer.summary(), []);
  peer.writable = true;
  peer.receiver.drained();
  assert.equal(peer.paused, false);
  assert.deepEqual(peer.summary(), ['DATA 1 5 end']);
});

test('HEAD, 204 and 304 have no body; 1xx and a second answer are refused', () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => {
    assert.throws(() => exchange.respond(100, NO_HEADERS), TypeError);
    assert.throws(() => exchange.respond(204, NO_HEADERS, 'body'), TypeError);
    assert.throws(() => exchange.respond(304, NO_HEADERS, 'body'), TypeError);
    exchange.respond(204, NO_HEADERS);
    assert.throws(() => exchange.respond(200, NO_HEADERS), /answered already/);
  };
  peer.send(request(1));
  assert.deepEqual(peer.summary(), ['HEADERS 1 end']);
});

test('a response before the end of the body lets the client finish, or stops it', () => {
  const peer = new RawPeer();
  peer.send(request(1, 4), request(3, 4), request(5, 4));
  peer.frames();
  peer.send(frame('DATA', 1, 1, Buffer.alloc(100)));
  assert.deepEqual(peer.summary(), []);
  for (let sent = 0; sent < 17; sent++) peer.send(frame('DATA', 0, 3, Buffer.alloc(16_384)));
  assert.deepEqual(
    peer.summary().filter((frame) => !frame.startsWith('WINDOW')),
    ['RST_STREAM 3 0'],
  );
  peer.tick(1_000);
  assert.deepEqual(peer.summary(), ['RST_STREAM 5 0']);
  // What was on its way is ignored.
  peer.send(frame('DATA', 1, 5, Buffer.alloc(100)), number('RST_STREAM', 3, 8));
  peer.send(frame('HEADERS', 5, 3, encodeFields(['x-trailer', 'a'])));
  assert.deepEqual(peer.summary(), []);
});

test('a body that is broken off tells the client so', async () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => exchange.open(200, NO_HEADERS).abort();
  peer.send(request(1));
  assert.deepEqual(peer.summary(), ['HEADERS 1', 'RST_STREAM 1 2']);
});

test('100 Continue is sent when the handler asks for the body', () => {
  const peer = new RawPeer();
  peer.handle = (exchange) => void exchange.bytes(10);
  peer.send(request(1, 4, 'expect', '100-continue'));
  const [interim] = peer.frames();
  assert.equal(interim!.type, 'HEADERS');
  assert.equal(interim!.flags, 4);
  assert.equal(interim!.payload.toString('hex'), '08820801');
});

test('trailers reach the handler', async () => {
  const peer = new RawPeer();
  let body: unknown;
  peer.handle = (exchange) => {
    body = exchange.bytes(10);
  };
  peer.send(request(1, 4), frame('DATA', 0, 1, '00'));
  peer.send(frame('HEADERS', 5, 1, encodeFields(['x-sum', '7', 'x-sum', '8'])));
  await body;
  assert.equal(peer.exchanges[0]!.trailers!.get('x-sum'), '7, 8');
});

test('headers past the limit are answered with 431, and CONNECT with 501', () => {
  const peer = new RawPeer({ http: { headerBytes: 300 } });
  peer.send(request(1, 5, 'x-long', 'v'.repeat(300)));
  const [head] = peer.frames();
  assert.match(head!.payload.toString('latin1'), /431/);
  assert.equal(peer.exchanges.length, 0);
  peer.send(
    frame('HEADERS', 5, 3, encodeFields([':method', 'CONNECT', ':authority', 'localhost:1'])),
  );
  assert.match(peer.frames()[0]!.payload.toString('latin1'), /501/);
  peer.send(request(5));
  assert.deepEqual(peer.summary(), ['HEADERS 5', 'DATA 5 2 end']);
});

test('a graceful end serves what is on its way, then closes', () => {
  const peer = new RawPeer();
  peer.handle = () => undefined;
  peer.send(request(1));
  peer.receiver.drain();
  peer.send();
  const [goAway, ping] = peer.frames();
  assert.equal(goAway!.payload.readUInt32BE(0), 2 ** 31 - 1);
  // A request that crossed the GOAWAY, and the answer to the PING.
  peer.send(request(3), frame('PING', 1, 0, ping!.payload), request(5));
  const [second, refusal] = peer.frames();
  assert.equal(second!.payload.readUInt32BE(0), 3);
  assert.equal(refusal!.type, 'RST_STREAM');
  assert.equal(peer.exchanges.length, 2);
  peer.exchanges[0]!.respond(200, NO_HEADERS);
  assert.equal(peer.endedByServer, false);
  peer.exchanges[1]!.respond(200, NO_HEADERS);
  assert.equal(peer.endedByServer, true);
});

test('time limits: first frame, a frame that stops, a body that stops, silence', async () => {
  const first = new RawPeer({}, false);
  first.tick(16_000);
  assert.equal(first.endedByServer, true);
  const cut = new RawPeer();
  cut.send(frame('PING', 0, 0, '0000000000000000').subarray(0, 12));
  cut.tick(16_000);
  assert.equal(cut.endedByServer, true);
  const stopped = new RawPeer();
  let body: unknown;
  stopped.handle = (exchange) => {
    body = exchange.bytes(10);
  };
  stopped.send(request(1, 4));
  stopped.tick(121_000);
  await assert.rejects(body as Promise<Buffer>, { status: 408 });
  assert.equal(stopped.endedByServer, false);
  const untaken = new RawPeer();
  untaken.handle = (exchange) => exchange.respond(200, NO_HEADERS, 'x');
  untaken.send(settings(4, 0), request(1));
  untaken.frames();
  untaken.tick(121_000);
  assert.deepEqual(untaken.summary(), ['RST_STREAM 1 8']);
  const silent = new RawPeer();
  silent.tick(76_000);
  assert.deepEqual(silent.summary(), ['GOAWAY 0']);
  const dead = new RawPeer({ http2: { pingIntervalMs: 1_000 } });
  dead.handle = () => undefined;
  dead.send(request(1));
  for (let asked = 0; asked < 3; asked++) {
    dead.tick(asked === 1 ? 60_000 : 1_100);
    assert.deepEqual(dead.summary(), ['PING']);
    dead.tick(100);
    assert.deepEqual(dead.summary(), []);
  }
  dead.send(frame('PING', 1, 0, '0000000000000000'));
  for (let asked = 0; asked < 3; asked++) dead.tick(1_100);
  assert.equal(dead.destroyed, false);
  dead.tick(1_100);
  assert.equal(dead.destroyed, true);
});

test('a streamed response that the client never takes is given up, and counted', () => {
  const silent = { http2: { pingIntervalMs: 0 } };
  const peer = new RawPeer(silent);
  let writer: BodyWriter | undefined;
  let aborted = 0;
  peer.handle = (exchange) => {
    exchange.abortable = { abort: () => aborted++ };
    writer = exchange.open(200, NO_HEADERS);
    writer.write('x'.repeat(200));
  };
  peer.send(settings(4, 100), request(1));
  peer.tick(50_000);
  writer!.write('a heartbeat is no progress');
  // Nor is what the client sends meanwhile.
  peer.send(frame('PING', 0, 0, '0000000000000000'));
  peer.frames();
  peer.tick(11_000);
  assert.deepEqual(peer.summary(), ['RST_STREAM 1 8']);
  assert.deepEqual([aborted, peer.meter.refused, peer.destroyed], [1, 1, false]);

  const reading = new RawPeer(silent);
  reading.handle = peer.handle;
  reading.send(settings(4, 100), request(1));
  for (let count = 0; count < 4; count++) {
    reading.send(number('WINDOW_UPDATE', 1, 10));
    reading.frames();
    reading.tick(50_000);
    assert.deepEqual(reading.summary(), []);
  }
});

test('a client that never widens the window of its connection is cut, and counted', () => {
  const peer = new RawPeer({ http2: { pingIntervalMs: 0 } });
  peer.handle = (exchange) => exchange.respond(200, NO_HEADERS, Buffer.alloc(100_000));
  peer.send(number('WINDOW_UPDATE', 0, 1), settings(4, 1_000_000), request(1));
  peer.tick(50_000);
  peer.send(number('WINDOW_UPDATE', 0, 1));
  peer.tick(50_000);
  assert.equal(peer.destroyed, false);
  peer.tick(11_000);
  assert.deepEqual([peer.destroyed, peer.meter.refused], [true, 1]);
});

test('a client without a table is told that we use none', () => {
  const peer = new RawPeer();
  peer.send(settings(1, 0), request(1), request(3));
  const heads = peer.frames().filter((frame) => frame.type === 'HEADERS');
  assert.deepEqual(
    heads.map((frame) => frame.payload[0]),
    [0x20, 0x88],
  );
});
