import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionError } from './errors.ts';
import { FrameParser, PREFACE } from './frames.ts';

/**
 * What node:http2 (nghttp2) sent for two GETs, a POST with a body and a GET, behind the preface:
 * SETTINGS, HEADERS, HEADERS, HEADERS, HEADERS, DATA, SETTINGS with ACK.
 */
const CAPTURED = Buffer.from(
  '505249202a20485454502f322e300d0a0d0a534d0d0a0d0a000000040000000000000060010500000001048960f6485b' +
    '11fe1a480382418b089d5c0b8170dc65b79a77867a8820eb4db61580ae0f4085f2b507aa6fb4df3954ed6989d548ec3f' +
    '8a9494fe54e96d35a143f72d8a2672a940fdfa5243cdf6a002265a6dc75e7d4fffdffeffefff9ff3ffbf000010010500' +
    '000003048960f6485b11fe1a480382c086bfbe00002e010400000005048560f6485b1183c0865f8b1d75d0620d263d4c' +
    '7441ea1f11821c011f1103623d321f0889ba51d85b1441496153000015010500000007048462d4caf782c1864084f2b5' +
    '83f105636166c3a90000070001000000057b226e223a317d000000040100000000',
  'hex',
);

/** type, flags, stream and payload of each frame, copied out. */
function parse(chunks: readonly Buffer[], maxFrameBytes = 16_384): string[] {
  const seen: string[] = [];
  const parser = new FrameParser(maxFrameBytes, {
    frame(type, flags, streamId, bytes, start, end) {
      seen.push(`${type} ${flags} ${streamId} ${bytes.toString('hex', start, end)}`);
    },
  });
  for (const chunk of chunks) {
    const shared = Buffer.from(chunk);
    parser.push(shared);
    // The reader's buffer is used again: nothing of it may be needed any more.
    shared.fill(0xee);
  }
  assert.equal(parser.partial, false);
  return seen;
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index]!, end));
}

const FRAMES = CAPTURED.subarray(PREFACE.length);

test('a captured client stream is cut into its frames', () => {
  assert.deepEqual(CAPTURED.subarray(0, PREFACE.length), PREFACE);
  const frames = parse([FRAMES]);
  assert.deepEqual(
    frames.map((frame) => frame.split(' ').slice(0, 3).join(' ')),
    ['4 0 0', '1 5 1', '1 5 3', '1 4 5', '1 5 7', '0 1 5', '4 1 0'],
  );
  assert.equal(frames[5], `0 1 5 ${Buffer.from('{"n":1}').toString('hex')}`);
});

test('frames are the same however the bytes are split', () => {
  const whole = parse([FRAMES]);
  assert.deepEqual(parse([...FRAMES].map((byte) => Buffer.of(byte))), whole);
  fc.assert(
    fc.property(fc.array(fc.nat(FRAMES.length), { maxLength: 30 }), (cuts) => {
      assert.deepEqual(parse(split(FRAMES, cuts)), whole);
    }),
  );
});

test('a whole frame is not copied, one that is cut may be kept', () => {
  const bytes = Buffer.from('000002000000000001abcd', 'hex');
  const seen: [Buffer, boolean][] = [];
  const parser = new FrameParser(16_384, {
    frame: (_type, _flags, _streamId, payload, _start, _end, owned) => seen.push([payload, owned]),
  });
  parser.push(bytes);
  assert.equal(seen[0]![0], bytes);
  assert.equal(seen[0]![1], false);
  parser.push(bytes.subarray(0, 10));
  parser.push(bytes.subarray(10));
  assert.notEqual(seen[1]![0], bytes);
  assert.equal(seen[1]![1], true);
});

test('a frame past the limit is refused from its head alone', () => {
  const head = Buffer.from('004001000000000001', 'hex');
  for (const chunks of [[head], [head.subarray(0, 4), head.subarray(4)]]) {
    assert.throws(
      () => parse(chunks),
      (error: unknown) => error instanceof ConnectionError && error.code === 0x6,
    );
  }
});

test('the reserved bit of a stream number is ignored', () => {
  assert.deepEqual(parse([Buffer.from('000000000080000001', 'hex')]), ['0 0 1 ']);
});
