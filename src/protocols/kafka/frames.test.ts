import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detectKafka } from './detect.ts';
import { FrameReader } from './frames.ts';
import { WireError } from './wire/wire-error.ts';

function framed(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** ApiVersions version 3 of client `rdkafka`, as librdkafka 2 sends it first. */
const API_VERSIONS = Buffer.from(
  '00000024001200030000000100077264 6b61666b61000b6c696272646b61666b6106322e302e3200'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);

describe('frames of Kafka', () => {
  it('are cut wherever reads split them, in order, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 20 }),
        (bodies, steps) => {
          const stream = Buffer.concat(bodies.map((body) => framed(Buffer.from(body))));
          const reader = new FrameReader(1_000);
          const cut: Buffer[] = [];
          for (let at = 0, step = 0; at < stream.length; step++) {
            const end = Math.min(stream.length, at + steps[step % steps.length]!);
            // What was read is overwritten afterwards, as the socket's buffer is.
            const shared = Buffer.from(stream.subarray(at, end));
            reader.push(shared, (body) => cut.push(body));
            shared.fill(0xee);
            at = end;
          }
          assert.deepEqual(
            cut.map((body) => [...body]),
            bodies.map((body) => [...body]),
          );
          assert.equal(reader.midFrame, false);
        },
      ),
    );
  });

  it('larger than memory is given at once for grow as they arrive', () => {
    const body = Buffer.alloc(9_000_001, 7);
    body[9_000_000] = 9;
    const cut: Buffer[] = [];
    const reader = new FrameReader(10_000_000);
    const stream = framed(body);
    for (let at = 0; at < stream.length; at += 65_536) {
      reader.push(stream.subarray(at, at + 65_536), (one) => cut.push(one));
    }
    assert.equal(cut.length, 1);
    assert.ok(cut[0]!.equals(body));
  });

  it('are refused when their size is negative or too large', () => {
    const take = (): void => assert.fail('nothing is whole');
    for (const size of [-1, 1_001, 0x7f_ff_ff_ff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(size);
      assert.throws(() => new FrameReader(1_000).push(bytes, take), WireError);
    }
  });
});

describe('the first bytes of a connection', () => {
  it('show Kafka from the head of any first request, and may be so before', () => {
    for (let length = 1; length < 14; length++) {
      assert.equal(detectKafka(API_VERSIONS.subarray(0, length)), 'more', `${length} bytes`);
    }
    assert.equal(detectKafka(API_VERSIONS.subarray(0, 14)), 'match');
    assert.equal(detectKafka(API_VERSIONS), 'match');
  });

  it('of other protocols are never taken for Kafka, and that is clear at once', () => {
    const others = {
      'MQTT CONNECT': Buffer.from([0x10, 0x0c, 0x00, 0x04, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60]),
      'TLS handshake': Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 3, 3]),
      'HTTP/1.1': Buffer.from('GET / HTTP/1.1\r\n'),
      'HTTP/2': Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      AMQP: Buffer.from('AMQP\x00\x00\x09\x01'),
      'JSON-RPC': Buffer.from('{"jsonrpc":"2.0"}'),
      'JSON-RPC headers': Buffer.from('Content-Length: 20\r\n'),
      'empty lines': Buffer.from('\r\n\r\nGET / HTTP/1.1'),
    };
    for (const [name, bytes] of Object.entries(others)) {
      assert.equal(detectKafka(bytes.subarray(0, 1)), 'no', name);
      assert.equal(detectKafka(bytes), 'no', name);
    }
  });

  it('are refused where a length does not fit', () => {
    const withClientId = Buffer.from(API_VERSIONS);
    withClientId.writeInt16BE(2_000, 12);
    assert.equal(detectKafka(withClientId), 'no');
    const tooShort = Buffer.from(API_VERSIONS);
    tooShort.writeInt32BE(5, 0);
    assert.equal(detectKafka(tooShort), 'no');
  });
});
