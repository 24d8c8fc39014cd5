import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_HEADERS } from '../../src/hub/header-list.ts';
import { block, frame, number, PREFACE, RawPeer, request, settings } from './http2-raw.ts';

/** What node:http2 (nghttp2) sent for two GETs, a POST with a body and a GET. */
const CAPTURED = Buffer.from(
  '505249202a20485454502f322e300d0a0d0a534d0d0a0d0a000000040000000000000060010500000001048960f6485b' +
    '11fe1a480382418b089d5c0b8170dc65b79a77867a8820eb4db61580ae0f4085f2b507aa6fb4df3954ed6989d548ec3f' +
    '8a9494fe54e96d35a143f72d8a2672a940fdfa5243cdf6a002265a6dc75e7d4fffdffeffefff9ff3ffbf000010010500' +
    '000003048960f6485b11fe1a480382c086bfbe00002e010400000005048560f6485b1183c0865f8b1d75d0620d263d4c' +
    '7441ea1f11821c011f1103623d321f0889ba51d85b1441496153000015010500000007048462d4caf782c1864084f2b5' +
    '83f105636166c3a90000070001000000057b226e223a317d000000040100000000',
  'hex',
);

/** Every way of answering, by the stream's number. */
function answering(peer: RawPeer): void {
  peer.handle = (exchange) => {
    const { id } = exchange as unknown as { id: number };
    if (id % 8 === 1) exchange.respond(200, NO_HEADERS, 'x'.repeat(id * 1_000));
    else if (id % 8 === 3) {
      Promise.resolve(exchange.bytes(10_000)).then(
        (body) => exchange.respond(200, NO_HEADERS, Buffer.from(body)),
        () => undefined,
      );
    } else if (id % 8 === 5) {
      const writer = exchange.open(200, NO_HEADERS);
      writer.write('y'.repeat(100_000));
      if (id % 16 === 5) writer.end(NO_HEADERS.with('x-trailer', 'a'));
    } else exchange.abortable = { abort: () => undefined };
  };
}

/** What comes out must be frames, whatever went in. */
function check(peer: RawPeer): void {
  for (const { type, payload } of peer.frames()) {
    assert.notEqual(type, undefined);
    assert.ok(payload.length <= 16_384);
  }
}

function feed(bytes: Buffer, cuts: readonly number[]): void {
  const peer = new RawPeer({}, false);
  answering(peer);
  let from = 0;
  for (const cut of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    peer.send(bytes.subarray(from, cut));
    from = cut;
  }
  check(peer);
  peer.tick(200_000);
  peer.receiver.drain();
  peer.receiver.ended();
  peer.receiver.closed();
  assert.ok(peer.exchanges.every((exchange) => exchange.finished || exchange.method !== 'HEAD'));
}

test('a captured client is served the same however its bytes are split', () => {
  const run = (cuts: readonly number[]) => {
    const peer = new RawPeer({}, false);
    let from = 0;
    for (const cut of [...cuts, CAPTURED.length]) {
      peer.send(CAPTURED.subarray(from, cut));
      from = cut;
    }
    return peer.exchanges.map(({ method, path, query, headers }) => [
      method,
      path,
      query,
      ...headers.entries(),
    ]);
  };
  const whole = run([]);
  assert.deepEqual(
    whole.map((seen) => seen.slice(0, 3)),
    [
      ['GET', '/orders', 'id=1'],
      ['GET', '/orders', 'id=1'],
      ['POST', '/orders', ''],
      ['GET', '/utf8', ''],
    ],
  );
  assert.ok(whole[2]!.some((pair) => pair[0] === 'cookie' && pair[1] === 'a=1; b=2'));
  for (let cut = 1; cut < CAPTURED.length; cut++) {
    const split = run([cut]);
    assert.equal(split.length, 4);
    assert.deepEqual(split, whole);
  }
});

test('mutated captures neither throw nor hang', () => {
  const mutation = fc.tuple(fc.nat(CAPTURED.length - 1), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(CAPTURED.length), { maxLength: 4 }),
      (mutations, cuts) => {
        const bytes = Buffer.from(CAPTURED);
        for (const [at, byte] of mutations) bytes[at] = byte;
        feed(bytes, cuts);
      },
    ),
    { numRuns: 400 },
  );
});

test('random frames in random order neither throw nor hang', () => {
  const id = fc.nat(12);
  const payload = fc.uint8Array({ maxLength: 40 });
  const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 0xc, 0xd, 0x20, 0x25, 0xff);
  const anything = fc
    .tuple(fc.nat(11).map(String), flags, id, payload)
    .map(([type, flags, id, payload]) => {
      const bytes = frame(type, flags, id, payload);
      bytes[3] = Number(type);
      return bytes;
    });
  const sensible = fc.oneof(
    fc.tuple(id, fc.boolean()).map(([id, post]) => request(id * 2 + 1, post ? 4 : 5)),
    fc
      .tuple(id, fc.nat(70_000), fc.boolean())
      .map(([id, length, end]) =>
        frame('DATA', end ? 1 : 0, id * 2 + 1, Buffer.alloc(Math.min(length, 16_384))),
      ),
    fc.tuple(id, fc.nat(20_000)).map(([id, by]) => number('WINDOW_UPDATE', id && id * 2 + 1, by)),
    id.map((id) => number('RST_STREAM', id * 2 + 1, 8)),
    fc.nat(100_000).map((bytes) => settings(4, bytes)),
    id.map((id) => frame('HEADERS', 1, id * 2 + 1, block())),
    id.map((id) => frame('CONTINUATION', 4, id * 2 + 1)),
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 6, arbitrary: sensible }, { weight: 1, arbitrary: anything }), {
        maxLength: 40,
      }),
      fc.array(fc.nat(5_000), { maxLength: 4 }),
      (frames, cuts) => feed(Buffer.concat([PREFACE, settings(), ...frames]), cuts),
    ),
    { numRuns: 400 },
  );
});

test('memory for one connection stays bounded whatever a client holds back', () => {
  // Bodies that nobody reads, up to the windows; responses that the client does not take.
  const peer = new RawPeer();
  peer.handle = (exchange) => {
    const writer = exchange.open(200, NO_HEADERS);
    while (writer.write('z'.repeat(10_000)));
  };
  let held = 0;
  for (let id = 1; id < 200 && !peer.endedByServer; id += 2) {
    peer.send(request(id, 4));
    // As much as the window of a stream takes.
    for (let sent = 0; sent < 16 && !peer.endedByServer; sent++, held += 16_384) {
      peer.send(frame('DATA', 0, id, Buffer.alloc(16_384)));
    }
  }
  assert.equal(peer.summary().at(-1), 'GOAWAY 3');
  assert.ok(held <= 1_048_576 + 16_384);
});
