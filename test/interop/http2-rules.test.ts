import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFields } from '../../src/net/http2/hpack/encoder.ts';
import { block, frame, number, PREFACE, RawPeer, request, settings } from './http2-raw.ts';

const [PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, COMPRESSION, CALM] = [1, 3, 5, 6, 7, 9, 11];

/** What a client sends, and the error that RFC 9113 names for it. */
type Rule = readonly [what: string, code: number, bytes: readonly Buffer[]];

const head = (id: number, fields: Uint8Array, flags = 0x5) => frame('HEADERS', flags, id, fields);

const CONNECTION_ERRORS: readonly Rule[] = [
  ['4.2 a frame past 16,384 bytes', SIZE, [frame('DATA', 0, 1, Buffer.alloc(16_385))]],
  ['4.3 a block that cannot be decoded', COMPRESSION, [head(1, Buffer.of(0x80))]],
  ['5.1 DATA on an idle stream', PROTOCOL, [frame('DATA', 1, 1, '00')]],
  ['5.1 RST_STREAM on an idle stream', PROTOCOL, [number('RST_STREAM', 1, 8)]],
  ['5.1 WINDOW_UPDATE on an idle stream', PROTOCOL, [number('WINDOW_UPDATE', 1, 8)]],
  ['5.1.1 an even stream number', PROTOCOL, [request(2)]],
  ['5.1.1 a number below the last', PROTOCOL, [request(5), request(3)]],
  ['6.1 DATA on stream 0', PROTOCOL, [frame('DATA', 1, 0, '00')]],
  ['6.1 padding as long as the payload', PROTOCOL, [request(1, 4), frame('DATA', 9, 1, '0261')]],
  ['6.2 HEADERS on stream 0', PROTOCOL, [head(0, block())]],
  ['6.2 another frame within a block', PROTOCOL, [head(1, block(), 1), frame('PING', 0, 0)]],
  ['6.2 a block of another stream within', PROTOCOL, [head(1, block(), 1), request(3)]],
  ['6.2 padding past the block', PROTOCOL, [frame('HEADERS', 0xd, 1, 'ff82')]],
  ['6.3 PRIORITY on stream 0', PROTOCOL, [frame('PRIORITY', 0, 0, '0000000010')]],
  ['6.4 RST_STREAM on stream 0', PROTOCOL, [number('RST_STREAM', 0, 8)]],
  ['6.4 RST_STREAM of 3 bytes', SIZE, [request(1, 4), frame('RST_STREAM', 0, 1, '000000')]],
  ['6.5 SETTINGS on a stream', PROTOCOL, [frame('SETTINGS', 0, 1)]],
  ['6.5 SETTINGS of 5 bytes', SIZE, [frame('SETTINGS', 0, 0, '0000000000')]],
  ['6.5 an acknowledgement with payload', SIZE, [frame('SETTINGS', 1, 0, '000100000000')]],
  ['6.5.2 ENABLE_PUSH of 2', PROTOCOL, [settings(2, 2)]],
  ['6.5.2 an initial window past 2^31-1', FLOW, [settings(4, 2 ** 31)]],
  ['6.5.2 a frame size below 16,384', PROTOCOL, [settings(5, 16_383)]],
  ['6.5.2 a frame size past 2^24-1', PROTOCOL, [settings(5, 2 ** 24)]],
  ['6.6 PUSH_PROMISE from a client', PROTOCOL, [frame('PUSH_PROMISE', 4, 1, '00000002')]],
  ['6.7 PING on a stream', PROTOCOL, [frame('PING', 0, 1, '0000000000000000')]],
  ['6.7 PING of 7 bytes', SIZE, [frame('PING', 0, 0, '00000000000000')]],
  ['6.8 GOAWAY on a stream', PROTOCOL, [frame('GOAWAY', 0, 1, '0000000000000000')]],
  ['6.9 WINDOW_UPDATE by 0', PROTOCOL, [number('WINDOW_UPDATE', 0, 0)]],
  ['6.9 WINDOW_UPDATE of 3 bytes', SIZE, [frame('WINDOW_UPDATE', 0, 0, '000001')]],
  ['6.9.1 a window past 2^31-1', FLOW, [number('WINDOW_UPDATE', 0, 2 ** 31 - 1)]],
  ['6.10 CONTINUATION without HEADERS', PROTOCOL, [request(1), frame('CONTINUATION', 4, 1)]],
  [
    '6.10 CONTINUATION of another stream',
    PROTOCOL,
    [head(1, block(), 1), frame('CONTINUATION', 4, 3)],
  ],
];

for (const [what, code, bytes] of CONNECTION_ERRORS) {
  test(`${what} ends the connection`, () => {
    const peer = new RawPeer();
    peer.handle = () => undefined;
    peer.send(...bytes);
    assert.equal(peer.summary().at(-1), `GOAWAY ${code}`);
    assert.equal(peer.endedByServer, true);
    peer.send(frame('PING', 0, 0, '0000000000000000'));
    assert.deepEqual(peer.summary(), []);
  });
}

const malformed = (changes: Record<string, string | undefined>, ...more: string[]) => [
  head(1, block(changes, ...more)),
];

const STREAM_ERRORS: readonly Rule[] = [
  ['5.1 DATA behind END_STREAM', CLOSED, [request(1), frame('DATA', 1, 1, '00')]],
  ['5.1 HEADERS behind END_STREAM', CLOSED, [request(1), request(1)]],
  [
    '5.3.1 a stream that depends on itself',
    PROTOCOL,
    [frame('HEADERS', 0x25, 1, Buffer.concat([Buffer.from('0000000110', 'hex'), block()]))],
  ],
  ['6.9 WINDOW_UPDATE of a stream by 0', PROTOCOL, [request(1), number('WINDOW_UPDATE', 1, 0)]],
  [
    '6.9.1 a stream window past 2^31-1',
    FLOW,
    [request(1), number('WINDOW_UPDATE', 1, 2 ** 31 - 1)],
  ],
  [
    '8.1 trailers without END_STREAM',
    PROTOCOL,
    [request(1, 4), head(1, encodeFields(['x-a', 'b']), 4)],
  ],
  [
    '8.1 pseudo-headers in trailers',
    PROTOCOL,
    [request(1, 4), head(1, encodeFields([':path', '/']))],
  ],
  [
    '8.1.1 less DATA than content-length',
    PROTOCOL,
    [request(1, 4, 'content-length', '3'), frame('DATA', 1, 1, '0000')],
  ],
  [
    '8.1.1 more DATA than content-length',
    PROTOCOL,
    [request(1, 4, 'content-length', '1'), frame('DATA', 0, 1, '0000')],
  ],
  ['8.1.1 content-length without DATA', PROTOCOL, malformed({}, 'content-length', '1')],
  ['8.1.1 content-length that is no number', PROTOCOL, malformed({}, 'content-length', '+1')],
  [
    '8.1.1 two content-lengths',
    PROTOCOL,
    malformed({}, 'content-length', '0', 'content-length', '1'),
  ],
  ['8.2.1 an upper-case name', PROTOCOL, malformed({}, 'X-A', 'b')],
  ['8.2.1 an empty name', PROTOCOL, malformed({}, '', 'b')],
  ['8.2.1 a name with a space', PROTOCOL, malformed({}, 'a b', 'c')],
  ['8.2.1 a value with LF', PROTOCOL, malformed({}, 'a', 'b\nc')],
  ['8.2.1 a value with NUL', PROTOCOL, malformed({}, 'a', 'b\0c')],
  ['8.2.1 a value that begins with a space', PROTOCOL, malformed({}, 'a', ' b')],
  ['8.2.1 a value that ends with a tab', PROTOCOL, malformed({}, 'a', 'b\t')],
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(
    (name): Rule => [`8.2.2 ${name}`, PROTOCOL, malformed({}, name, 'a')],
  ),
  ['8.2.2 te that is not trailers', PROTOCOL, malformed({}, 'te', 'gzip')],
  ['8.3 an unknown pseudo-header', PROTOCOL, malformed({}, ':test', 'a')],
  ['8.3 a response pseudo-header', PROTOCOL, malformed({}, ':status', '200')],
  [
    '8.3 a pseudo-header behind a field',
    PROTOCOL,
    [head(1, encodeFields(['a', 'b', ':method', 'GET', ':scheme', 'http', ':path', '/']))],
  ],
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Rule => [`8.3.1 no ${name}`, PROTOCOL, malformed({ [name]: undefined })],
  ),
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Rule => [
      `8.3.1 ${name} twice`,
      PROTOCOL,
      [
        head(
          1,
          Buffer.concat([encodeFields([name, '/a'.slice(name === ':path' ? 0 : 1)]), block()]),
        ),
      ],
    ],
  ),
  ['8.3.1 an empty :path', PROTOCOL, malformed({ ':path': '' })],
  ['8.3.1 a :path that is no path', PROTOCOL, malformed({ ':path': 'a' })],
  ['8.3.1 a :path with a space', PROTOCOL, malformed({ ':path': '/a b' })],
  ['8.3.1 a :path with a fragment', PROTOCOL, malformed({ ':path': '/a#b' })],
  ['8.3.1 user information in :authority', PROTOCOL, malformed({ ':authority': 'a@b' })],
  ['8.3.1 a host that differs', PROTOCOL, malformed({}, 'host', 'other')],
  ['8.5 CONNECT with a path', PROTOCOL, malformed({ ':method': 'CONNECT' })],
];

for (const [what, code, bytes] of STREAM_ERRORS) {
  test(`${what} ends the stream, and no handler runs twice`, () => {
    const peer = new RawPeer();
    peer.handle = () => undefined;
    peer.send(...bytes);
    const summary = peer.summary();
    const expected = [`RST_STREAM 1 ${code}`, `GOAWAY ${code}`];
    assert.ok(expected.includes(summary.at(-1)!), summary.join());
    assert.ok(peer.exchanges.length <= 1);
    if (summary.at(-1) !== expected[0] || what.startsWith('5.1')) return;
    // Other streams, and the table of header fields, are as before.
    peer.handle = (exchange) => exchange.respond(204, { flat: [] } as never);
    peer.send(request(3));
    assert.deepEqual(peer.summary(), ['HEADERS 3 end']);
  });
}

test('a malformed request never reaches a handler', () => {
  for (const [what, , bytes] of STREAM_ERRORS) {
    if (!what.startsWith('8.') || what.includes('DATA') || what.includes('trailers')) continue;
    const peer = new RawPeer();
    peer.send(...bytes);
    assert.equal(peer.exchanges.length, 0, what);
    assert.ok(peer.meter.refused > 0, what);
  }
});

test('HEADERS on a stream that both sides have ended end the connection', () => {
  const peer = new RawPeer();
  peer.send(request(1));
  peer.send(request(1));
  assert.deepEqual(peer.summary(), ['HEADERS 1', 'DATA 1 2 end', `GOAWAY ${CLOSED}`]);
});

test('the connection begins with the preface and SETTINGS', () => {
  const wrong = new RawPeer({}, false);
  wrong.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  assert.equal(wrong.endedByServer, true);
  const early = new RawPeer({}, false);
  early.send(PREFACE, request(1));
  assert.equal(early.summary().at(-1), `GOAWAY ${PROTOCOL}`);
  const slowly = new RawPeer({}, false);
  for (const byte of Buffer.concat([PREFACE, settings(), request(1)])) slowly.send(Buffer.of(byte));
  assert.equal(slowly.exchanges.length, 1);
});

test('too many streams are refused in a way that lets the client try again', () => {
  const peer = new RawPeer({ limits: { inFlight: 2 } });
  peer.handle = () => undefined;
  peer.send(request(1), request(3), request(5));
  assert.deepEqual(peer.summary(), [`RST_STREAM 5 ${REFUSED}`]);
  assert.equal(peer.exchanges.length, 2);
});

const PING = frame('PING', 0, 0, '0000000000000000');

/** Frames that cost work and carry nothing, more of them in a moment than any client needs. */
const FLOODS: Readonly<Record<string, () => readonly Buffer[]>> = {
  'rapid resets': () =>
    Array.from({ length: 1_500 }, (_, index) => [
      request(index * 2 + 1),
      number('RST_STREAM', index * 2 + 1, 8),
    ]).flat(),
  'malformed requests': () =>
    Array.from({ length: 1_500 }, (_, index) => head(index * 2 + 1, block({ ':path': '' }))),
  'empty CONTINUATION frames': () => [
    head(1, block(), 1),
    ...Array<Buffer>(100).fill(frame('CONTINUATION', 0, 1)),
  ],
  'a header block without end': () => [
    head(1, block(), 1),
    ...Array<Buffer>(5).fill(frame('CONTINUATION', 0, 1, Buffer.alloc(16_000))),
  ],
  PINGs: () => Array<Buffer>(3_000).fill(PING),
  SETTINGS: () => Array<Buffer>(3_000).fill(settings(3, 100)),
  'long SETTINGS': () =>
    Array<Buffer>(50).fill(settings(...Array.from({ length: 5_000 }, (_, n) => n % 2))),
  acknowledgements: () => Array<Buffer>(3_000).fill(frame('SETTINGS', 1, 0)),
  priorities: () => Array<Buffer>(3_000).fill(frame('PRIORITY', 0, 1, '0000000010')),
  'window updates': () => Array<Buffer>(3_000).fill(number('WINDOW_UPDATE', 0, 1)),
  'unknown frames': () => Array<Buffer>(3_000).fill(frame('200', 0, 0)),
  'empty DATA': () => [request(1, 4), ...Array<Buffer>(3_000).fill(frame('DATA', 0, 1))],
  'DATA of nothing but padding': () => [
    request(1, 4),
    ...Array<Buffer>(3_000).fill(frame('DATA', 8, 1, '0100')),
  ],
};

for (const [what, bytes] of Object.entries(FLOODS)) {
  test(`a flood of ${what} ends the connection with ENHANCE_YOUR_CALM`, () => {
    const peer = new RawPeer();
    peer.handle = () => undefined;
    for (const part of bytes()) peer.send(part);
    assert.equal(peer.summary().at(-1), `GOAWAY ${CALM}`);
    assert.equal(peer.endedByServer, true);
  });
}

test('what is a flood in a moment is none over time, or between requests', () => {
  const slow = new RawPeer();
  for (let second = 0; second < 60; second++) {
    slow.tick(1_000);
    for (let count = 0; count < 100; count++) slow.send(PING, settings(3, 100));
    slow.send(request(second * 4 + 1), request(second * 4 + 3, 4));
    slow.send(number('RST_STREAM', second * 4 + 3, 8));
  }
  assert.equal(slow.endedByServer, false);
  const busy = new RawPeer();
  for (let id = 1; id < 10_000; id += 2)
    busy.send(request(id), PING, number('WINDOW_UPDATE', 0, 9));
  assert.equal(busy.endedByServer, false);
  assert.equal(busy.exchanges.length, 5_000);
});

test('a small block that unfolds into a large list is cut off where the limit is', () => {
  const peer = new RawPeer();
  const large = encodeFields(['x-large', 'v'.repeat(3_900)]);
  // Literal with incremental indexing: the table holds it, and one byte repeats it (RFC 7541, 6.1).
  const indexed = Buffer.concat([Buffer.of(0x40), large.subarray(1)]);
  const bomb = Buffer.concat([block(), indexed, Buffer.alloc(10_000, 0xbe)]);
  const before = process.memoryUsage().heapUsed;
  for (let id = 1; id < 41; id += 2) peer.send(head(id, bomb));
  assert.equal(peer.exchanges.length, 0);
  assert.ok(process.memoryUsage().heapUsed - before < 50_000_000);
  const [answer] = peer.frames();
  assert.match(answer!.payload.toString('latin1'), /431/);
  peer.handle = (exchange) => exchange.respond(204, { flat: [] } as never);
  peer.send(request(101));
  assert.deepEqual(peer.summary(), ['HEADERS 101 end']);
});

test('a request that is cancelled in the read it came with costs no handler', () => {
  const peer = new RawPeer();
  peer.send(request(1), number('RST_STREAM', 1, 8), request(3));
  assert.deepEqual(
    peer.exchanges.map((exchange) => exchange.finished),
    [true],
  );
  assert.deepEqual(peer.summary(), ['HEADERS 3', 'DATA 3 2 end']);
});

test('unknown frames, priorities and reserved bits are ignored', () => {
  const peer = new RawPeer();
  const priority = Buffer.concat([Buffer.from('8000000310', 'hex'), block()]);
  peer.send(
    frame('200', 0xff, 77, '0102'),
    frame('PRIORITY', 0, 9, '0000000b10'),
    frame('HEADERS', 0x25, 1, priority),
    settings(0xf0f0, 5),
  );
  assert.deepEqual(peer.summary(), ['SETTINGS ack', 'HEADERS 1', 'DATA 1 2 end']);
});
