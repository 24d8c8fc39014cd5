import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { deflateMessage, inflateMessage, negotiateDeflate } from './websocket-deflate.ts';
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  encodeClose,
  encodeFrame,
  FrameDecoder,
  FrameError,
  type FrameSink,
  PING,
  PONG,
  TEXT,
} from './websocket-frames.ts';

/** A frame as a client sends it, written from the figure of RFC 6455 section 5.2. */
function clientFrame(
  opcode: number,
  payload: Buffer,
  options: { final?: boolean; mask?: Buffer } = {},
) {
  const { final = true, mask = Buffer.from([1, 2, 3, 4]) } = options;
  const length = payload.length;
  const extended = Buffer.alloc(length > 65_535 ? 8 : length > 125 ? 2 : 0);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = extended.length === 8 ? 127 : extended.length === 2 ? 126 : length;
  return Buffer.concat([
    Buffer.from([(final ? 0x80 : 0) | opcode, 0x80 | short]),
    extended,
    mask,
    payload.map((byte, index) => byte ^ mask[index % 4]!),
  ]);
}

class Recorder implements FrameSink {
  readonly got: unknown[] = [];
  text(text: string): void {
    this.got.push(text);
  }
  binary(bytes: Buffer): void {
    this.got.push([...bytes]);
  }
  ping(payload: Buffer): void {
    this.got.push(`ping ${payload}`);
  }
  pong(): void {
    this.got.push('pong');
  }
  closeFrame(code: number, reason: string): void {
    this.got.push(`close ${code} ${reason}`);
  }
}

function decode(parts: readonly Buffer[], maxMessageBytes = 100_000): unknown[] {
  const recorder = new Recorder();
  const decoder = new FrameDecoder(recorder, { maxMessageBytes });
  for (const part of parts) {
    const shared = Buffer.from(part);
    decoder.push(shared);
    shared.fill(0xee);
  }
  assert.equal(decoder.heldBytes, 0);
  return recorder.got;
}

test('the examples of RFC 6455 section 5.7 that a client may send are read', () => {
  const hello = Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  assert.deepEqual(decode([hello]), ['Hello']);
  const pong = Buffer.from([0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  assert.deepEqual(decode([pong]), ['pong']);
});

test('the examples of RFC 6455 section 5.7 that a server sends are written', () => {
  assert.deepEqual([...encodeFrame(TEXT, 'Hello')], [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
  assert.deepEqual([...encodeFrame(PING, 'Hello')], [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
  const medium = encodeFrame(BINARY, Buffer.alloc(256, 7));
  assert.deepEqual([...medium.subarray(0, 5)], [0x82, 0x7e, 0x01, 0x00, 7]);
  const large = encodeFrame(BINARY, Buffer.alloc(65_536, 7));
  assert.deepEqual([...large.subarray(0, 11)], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]);
});

const message = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 300 })
    .filter((text) => Buffer.from(text).toString() === text),
  fc.uint8Array({ maxLength: 300 }),
);

test('messages come out whole, however they are fragmented and the bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(message, fc.array(fc.nat({ max: 100 }), { maxLength: 4 })), {
        maxLength: 5,
      }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (messages, maskBytes, sizes) => {
        const mask = Buffer.from(maskBytes);
        const frames: Buffer[] = [];
        const expected: unknown[] = [];
        for (const [value, cuts] of messages) {
          const bytes = Buffer.from(value as string);
          expected.push(typeof value === 'string' ? value : [...value]);
          let at = 0;
          let opcode = typeof value === 'string' ? TEXT : BINARY;
          for (const cut of cuts) {
            const next = Math.min(bytes.length, at + cut);
            frames.push(clientFrame(opcode, bytes.subarray(at, next), { final: false, mask }));
            frames.push(clientFrame(PING, Buffer.from('p'), { mask }));
            expected.splice(expected.length - 1, 0, 'ping p');
            opcode = CONTINUATION;
            at = next;
          }
          frames.push(clientFrame(opcode, bytes.subarray(at), { mask }));
        }
        const bytes = Buffer.concat(frames);
        assert.deepEqual(decode([bytes]), expected);
        assert.deepEqual(decode([...bytes].map((byte) => Buffer.from([byte]))), expected);
        const parts: Buffer[] = [];
        for (let at = 0, index = 0; at < bytes.length; index++) {
          const size = sizes[index % sizes.length]!;
          parts.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(decode(parts), expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('lengths around the borders of the header forms are read and written', () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    const payload = Buffer.alloc(length, 'x');
    assert.deepEqual(decode([clientFrame(TEXT, payload)]), [payload.toString()]);
    // A server's frame is a client's frame without the mask.
    const written = encodeFrame(TEXT, payload.toString());
    const read = clientFrame(TEXT, payload, { mask: Buffer.alloc(4) });
    const header = written.length - length;
    assert.deepEqual(written.subarray(header), payload);
    assert.equal(written[1], read[1]! & 0x7f);
    assert.deepEqual(written.subarray(2, header), read.subarray(2, header));
  }
});

test('the mask fits wherever a frame lies in memory', () => {
  for (let offset = 0; offset < 8; offset++) {
    for (const text of [
      'x'.repeat(200),
      `${'x'.repeat(200)}é`,
      `é${'x'.repeat(199)}`,
      'ü'.repeat(90),
    ]) {
      const frame = clientFrame(TEXT, Buffer.from(text), { mask: Buffer.from([9, 200, 33, 255]) });
      const bytes = Buffer.concat([Buffer.alloc(offset), frame]).subarray(offset);
      const recorder = new Recorder();
      new FrameDecoder(recorder, { maxMessageBytes: 1000 }).push(bytes);
      assert.deepEqual(recorder.got, [text]);
    }
  }
});

test('what is longer than the limit is refused from its header, in fragments too', () => {
  const start = clientFrame(TEXT, Buffer.alloc(101)).subarray(0, 8);
  assert.throws(() => decode([start], 100), { code: 1009 });
  const half = clientFrame(TEXT, Buffer.alloc(60), { final: false });
  const rest = clientFrame(CONTINUATION, Buffer.alloc(41)).subarray(0, 6);
  assert.throws(() => decode([half, rest], 100), { code: 1009 });
});

test('any bytes give messages or a FrameError, and hold no more than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (parts) => {
      const decoder = new FrameDecoder(new Recorder(), { maxMessageBytes: 500 });
      try {
        for (const part of parts) {
          decoder.push(Buffer.from(part));
          assert.ok(decoder.heldBytes <= 1020);
        }
      } catch (error) {
        assert.ok(error instanceof FrameError, String(error));
      }
    }),
  );
});

test('nothing behind a close frame is read', () => {
  const close = clientFrame(CLOSE, Buffer.from([0x03, 0xe8, 0x68, 0x69]));
  const got = new Recorder();
  const decoder = new FrameDecoder(got, { maxMessageBytes: 100 });
  decoder.push(Buffer.concat([close, clientFrame(TEXT, Buffer.from('late'))]));
  assert.deepEqual(got.got, ['close 1000 hi']);
});

test('a close reason is cut between characters', () => {
  const frame = encodeClose(1000, 'ü'.repeat(100));
  assert.ok(frame.length <= 127);
  assert.match(frame.subarray(4).toString('utf8'), /^ü+$/);
});

test('offers of compression are met or left', () => {
  const base = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
  for (const [offer, answer] of [
    [undefined, undefined],
    ['permessage-deflate', base],
    ['permessage-deflate; client_max_window_bits', base],
    ['x-webkit-deflate-frame, permessage-deflate; client_max_window_bits=10', base],
    ['permessage-deflate; server_max_window_bits=10', `${base}; server_max_window_bits=10`],
    ['permessage-deflate; server_max_window_bits=8, permessage-deflate', base],
    ['permessage-deflate; server_max_window_bits', undefined],
    ['permessage-deflate; unknown', undefined],
    ['permessage-deflate; client_max_window_bits=99', undefined],
  ] as const) {
    assert.equal(negotiateDeflate(offer)?.response, answer, offer);
  }
});

test('compressed messages round-trip, and bombs are refused', () => {
  const text = 'parcel '.repeat(1000);
  for (const windowBits of [9, 15]) {
    assert.equal(inflateMessage(deflateMessage(text, windowBits), 10_000).toString(), text);
  }
  const bomb = deflateRawSync(Buffer.alloc(10_000_000));
  assert.throws(() => inflateMessage(bomb, 1000), { code: 1009 });
  assert.throws(() => inflateMessage(Buffer.from([0xff, 0xff, 0x12]), 1000), { code: 1007 });
  assert.equal(PONG, 10);
});
